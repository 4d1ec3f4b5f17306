"""The lexicon's test sentences as further examples of kinds: languages of which a corpus has little."""

import tomllib
from pathlib import Path
from typing import Any, Final

from services.router.decide.kind_rules import Kind
from services.router.decide.kinds import KINDS
from shared.errors import SettingsError

_AS: Final[dict[str, Kind]] = {"drill": "chatter", "spam": "chatter", "unclear": "chatter"}
"""Kinds of sentences that the weights do not tell apart."""

_NOT_WEIGHED: Final = frozenset({"help", "empty"})
"""Kinds that the rules alone decide."""


def read_sentences(folder: Path) -> list[tuple[str, Kind]]:
    """(text, kind) of every `[[sentence]]` in the folder's files.

    Raises `SettingsError` naming file and sentence for what is broken.
    """
    return [found for path in sorted(folder.glob("*.toml")) for found in _read(path)]


def _read(path: Path) -> list[tuple[str, Kind]]:
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8")).get("sentence", [])
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from error
    found = [_sentence(entry, f"{path}: sentence {number}") for number, entry in enumerate(listed, 1)]
    return [sentence for sentence in found if sentence is not None]


def _sentence(entry: Any, where: str) -> tuple[str, Kind] | None:
    text, said = (entry.get("text"), entry.get("kind")) if isinstance(entry, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(said, str):
        raise SettingsError(f"{where}: needs a `text` and a `kind`.")
    if said in _NOT_WEIGHED:
        return None
    kind = _AS.get(said) or next((known for known in KINDS if known == said), None)
    if kind is None:
        raise SettingsError(f"{where}: kind: {said!r} is none of {', '.join([*KINDS, *_AS, *_NOT_WEIGHED])}.")
    return text, kind
