"""`relay fit`: links first, because how likely a message is linked says much of its kind; then kinds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from services.router.decide.kinds import NOISE, kind_weights
from services.router.decide.sounds import Sounds, table
from services.router.decide.understand import understand
from services.router.decide.weights import weights
from services.router.evaluate import Progress
from services.router.fitting.kinds import fit_kinds
from services.router.fitting.links import fit_links
from services.router.fitting.overlap import overlapping
from services.router.fitting.play import Example, examples
from services.router.fitting.sentences import read_sentences
from services.router.fitting.sounds import fit_sounds, unseen_sounds
from services.router.fitting.weight_files import (
    DECIDE,
    read_kinds,
    read_links,
    write_kinds,
    write_links,
    write_sounds,
)
from services.router.report_lines import read_all
from services.router.scoring.truth import read_corpus
from shared.contracts.groups import GroupDefinition
from shared.errors import SettingsError
from shared.gazetteer.load import load_gazetteer

_LEAST_TO_WRITE: Final = 50


def fit_files(  # noqa: PLR0913 - the command's options
    definitions: Sequence[GroupDefinition],
    *,
    corpus: Sequence[Path],
    places: Sequence[Path] = (),
    boundaries: Sequence[Path] = (),
    postcodes: Sequence[Path] = (),
    sentences: Path | None = None,
    write: bool = False,
    folder: Path = DECIDE,
    progress: Progress = lambda _done, _all: None,
) -> dict[str, Any]:
    """Fit both files of weights in `folder`; says what changes, and writes them if wanted.

    Raises `SettingsError` naming file and line for what cannot be read or has no truth.
    """
    lines = {line.id: line for line in read_corpus(corpus)}
    if write and len(lines) < _LEAST_TO_WRITE:
        raise SettingsError(
            f"The corpus has {len(lines)} messages: weights fitted on fewer than {_LEAST_TO_WRITE} would be "
            "worse than those in use. Name more files, or leave out --write."
        )
    told = read_sentences(sentences) if sentences is not None else []
    prior, old = read_links(folder)
    old_kinds = read_kinds(folder)
    gazetteer = load_gazetteer([*places, *boundaries, *postcodes])
    reports = read_all(corpus)
    found = [
        *examples(definitions, lines, reports, gazetteer, progress),
        *examples(definitions, *overlapping(lines, reports), gazetteer, progress),
    ]
    links = fit_links(found, prior, old)
    words, unseen = _sounds(found)
    kinds = fit_kinds(found, links.weights, unseen, told, old_kinds)
    if write:
        write_links(folder, prior, links.weights)
        write_sounds(folder, words)
        write_kinds(folder, kinds.weights)
        weights.cache_clear()
        kind_weights.cache_clear()
        table.cache_clear()
        understand.cache_clear()
    return {"links": links.as_data(prior, old), "kinds": kinds.as_data(old_kinds), "written": write}


def _sounds(found: Sequence[Example]) -> tuple[Sounds, list[float]]:
    """The table of words, each text counted once; and what each example sounds like to a table without it."""
    texts = {e.line.text or "": e for e in found}
    once = list(texts.values())
    listed, news = list(texts), [e.kind not in NOISE for e in once]
    unseen = dict(zip(listed, unseen_sounds(listed, news, [e.line.scenario for e in once]), strict=True))
    return fit_sounds(listed, news), [unseen[e.line.text or ""] for e in found]
