"""What a corpus line says to be true, beside what was predicted for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import StringConstraints, ValidationError

from shared.contracts.base import Frozen, Moment
from shared.errors import SettingsError

NOISE: Final = frozenset({"old_news", "question", "chatter", "spam", "hoax", "other_police"})
"""Roles that must open nothing."""

ROLES: Final = frozenset({"report", "update", "all_clear", "retraction"}) | NOISE


Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=200)]
"""What stands in tables: nothing that commands a terminal."""


class Truth(Frozen):
    """What a person says about one message: its event in the world, its role, and where the event was."""

    incident: Name | None = None
    role: Name
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None
    groups: tuple[Name, ...] = ()


class CorpusLine(Frozen):
    """One line of a corpus: a report line with its truth; unknown keys are ignored."""

    id: Name
    at: Moment
    text: str | None = ""
    sender: str | None = None
    source: str | None = None
    lat: float | None = None
    lon: float | None = None
    scenario: Name = ""
    language: Name = ""
    truth: Truth


@dataclass(frozen=True, slots=True)
class Judged:
    """One message with its truth and its prediction."""

    line: CorpusLine
    incident: str | None
    status: str
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None
    groups: tuple[str, ...] = ()
    reason: str = ""
    told_at: datetime | None = None
    """When somebody first heard of the predicted incident."""

    @property
    def id(self) -> str:
        """The message's id."""
        return self.line.id

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
        """Whether it opened an incident: a first alert went out, singly or in a digest."""
        return self.status == "opened"

    @property
    def noise(self) -> bool:
        """Whether it should open nothing."""
        return self.truth.role in NOISE


def read_corpus(paths: Sequence[Path]) -> list[CorpusLine]:
    """The lines of these files as one stream, in time order.

    Raises `SettingsError` naming file and line for what is broken, lacks its truth or has an id twice.
    """
    seen: dict[str, str] = {}
    found: list[CorpusLine] = []
    for path in paths:
        for where, text in _lines(path):
            line = _line(text, where)
            if line.id in seen:
                raise SettingsError(
                    f"{where}: id: {line.id!r} stands in {seen[line.id]} too; give each its own."
                )
            seen[line.id] = where
            found.append(line)
    return sorted(found, key=lambda line: line.at)


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        # Not `splitlines`: a text may hold characters that it takes for ends of lines.
        with path.open(encoding="utf-8") as stream:
            return [(f"{path}:{number}", line) for number, line in enumerate(stream, 1) if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from error


def _line(text: str, where: str) -> CorpusLine:
    line = _parsed(text, where)
    if line.truth.role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise SettingsError(f"{where}: truth.role: {line.truth.role!r} is none of {known}.")
    return line


def _parsed(text: str, where: str) -> CorpusLine:
    try:
        data = json.loads(text)
        if isinstance(data, dict) and not isinstance(data.get("truth"), dict):
            raise SettingsError(
                f"{where}: has no `truth`; a line that is scored says what is true of it: "
                '"truth": {"incident", "role", "lat", "lon", "radius_m", "groups"}.'
            )
        return CorpusLine.model_validate(data)
    except ValidationError as error:
        wrong = ", ".join(".".join(str(part) for part in e["loc"]) or "line" for e in error.errors())
        raise SettingsError(f"{where}: {wrong}: not as a corpus line should be; correct the line.") from None
    except ValueError as error:
        raise SettingsError(f"{where}: is no corpus line ({error}).") from None


def beside(
    corpus: Sequence[CorpusLine],
    predictions: Sequence[Mapping[str, Any]],
    told: Mapping[str, datetime] | None = None,
) -> list[Judged]:
    """Each corpus line with its prediction, and with the moment at which its incident was first told of.

    Raises `SettingsError` naming a line without one.
    """
    by_id = {prediction["id"]: prediction for prediction in predictions}
    missing = [line.id for line in corpus if line.id not in by_id]
    if missing:
        raise SettingsError(f"There is no prediction for {missing[0]} ({len(missing)} are missing).")
    return [_judged(line, by_id[line.id], told or {}) for line in corpus]


def _judged(line: CorpusLine, prediction: Mapping[str, Any], told: Mapping[str, datetime]) -> Judged:
    return Judged(
        line=line,
        incident=prediction["incident"],
        status=prediction["status"],
        lat=prediction["lat"],
        lon=prediction["lon"],
        radius_m=prediction["radius_m"],
        groups=tuple(prediction["groups"]),
        reason=prediction["reason"],
        told_at=told.get(prediction["incident"] or ""),
    )
