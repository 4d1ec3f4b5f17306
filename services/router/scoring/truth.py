"""What a corpus line says to be true, beside what was predicted for it. Pure, apart from reading the files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.contracts.base import Frozen, Moment
from shared.errors import SettingsError

NOISE: Final = frozenset({"old_news", "question", "chatter", "spam", "hoax", "other_police"})
"""Roles that must open nothing."""

ROLES: Final = frozenset({"report", "update", "all_clear", "retraction"}) | NOISE


class Truth(Frozen):
    """What a person says about one message: its event in the world, its role, and where the event was."""

    incident: str | None = None
    role: str = "report"
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None
    groups: tuple[str, ...] = ()


class CorpusLine(Frozen):
    """One line of a corpus: a report line with its truth; unknown keys are ignored."""

    id: str
    at: Moment
    text: str = ""
    sender: str | None = None
    source: str | None = None
    scenario: str = ""
    language: str = ""
    truth: Truth


@dataclass(frozen=True, slots=True)
class Judged:
    """One message with its truth and its prediction."""

    line: CorpusLine
    incident: str | None
    status: str
    lat: float | None
    lon: float | None
    radius_m: float | None
    groups: tuple[str, ...]
    reason: str

    @property
    def at(self) -> datetime:
        """When it was received."""
        return self.line.at

    @property
    def truth(self) -> Truth:
        """What is true of it."""
        return self.line.truth

    @property
    def opened(self) -> bool:
        """Whether on this message a first alert went out."""
        return self.status == "opened"

    @property
    def noise(self) -> bool:
        """Whether it should open nothing."""
        return self.truth.role in NOISE


def read_corpus(paths: Sequence[Path]) -> list[CorpusLine]:
    """The lines of these files that carry a truth, in time order. Raises `SettingsError` (file, line)."""
    found: list[CorpusLine] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                found.append(_line(line, f"{path}:{number}"))
    return sorted(found, key=lambda line: line.at)


def _line(text: str, where: str) -> CorpusLine:
    try:
        line = CorpusLine.model_validate_json(text)
    except ValidationError as error:
        wrong = ", ".join(".".join(str(part) for part in e["loc"]) or "line" for e in error.errors())
        raise SettingsError(f"{where}: {wrong}: not as a corpus line with `truth` should be.") from None
    if line.truth.role not in ROLES:
        raise SettingsError(
            f"{where}: truth.role: {line.truth.role!r} is none of {', '.join(sorted(ROLES))}."
        )
    return line


def beside(corpus: Sequence[CorpusLine], predictions: Sequence[dict[str, Any]]) -> list[Judged]:
    """Each corpus line with its prediction. Raises `SettingsError` naming a line without one."""
    by_id = {prediction["id"]: prediction for prediction in predictions}
    missing = [line.id for line in corpus if line.id not in by_id]
    if missing:
        raise SettingsError(f"There is no prediction for {missing[0]} ({len(missing)} are missing).")
    return [_judged(line, by_id[line.id]) for line in corpus]


def _judged(line: CorpusLine, prediction: dict[str, Any]) -> Judged:
    return Judged(
        line=line,
        incident=prediction["incident"],
        status=prediction["status"],
        lat=prediction["lat"],
        lon=prediction["lon"],
        radius_m=prediction["radius_m"],
        groups=tuple(prediction["groups"]),
        reason=prediction["reason"],
    )


def read_predictions(path: Path) -> list[dict[str, Any]]:
    """The prediction lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
