"""Scenario files: one JSON object a line, a message or a dispatcher's act (see examples/scenarios)."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.drills import MOST_CHARACTERS, MOST_MESSAGES, DrillMessage
from shared.errors import SettingsError
from shared.plain_errors import sentences

Via = Literal["api", "web", "sms", "android", "telegram"]
ActName = Literal[
    "claim", "confirm", "update", "end", "reject", "place", "merge", "split", "release", "account"
]  # fmt: skip
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Said(BaseModel):
    """A message that somebody sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    t: Seconds
    via: Via
    sender: str = Field(alias="from", min_length=1)
    text: str = Field(min_length=1)
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    postcode: str | None = None
    language: str | None = None
    first_hand: bool | None = None


class Near(BaseModel):
    """A place and how far an incident may be from it, in metres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lat: float
    lon: float
    m: float = 600


class Match(BaseModel):
    """Which incident is meant; all that is given must fit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: str | None = None
    code: str | None = None
    near: Near | None = None


class Done(BaseModel):
    """Something that a dispatcher does; the rest of the line is the desk command's own body."""

    model_config = ConfigDict(frozen=True, extra="allow")

    t: Seconds
    act: ActName
    by: str
    match: Match

    @property
    def body(self) -> dict[str, Any]:
        """The desk command's fields."""
        return dict(self.model_extra or {})


Step = Said | Done


def read_scenarios(files: Sequence[Path]) -> list[Step]:
    """The steps of all files in the order of their times; raises `SettingsError` naming file and line."""
    steps = [step for file in files for step in _read(file)]
    return sorted(steps, key=lambda step: step.t)


def _read(file: Path) -> list[Step]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error
    return [_step(line, f"{file}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _step(line: str, where: str) -> Step:
    try:
        told = json.loads(line)
        return Done.model_validate(told) if "act" in told else Said.model_validate(told)
    except ValidationError as error:
        raise SettingsError(f"{where}: {sentences(error)}.") from None
    except (ValueError, TypeError):
        raise SettingsError(f"{where}: is not a JSON object.") from None


SHIPPED: Final = Path(__file__).resolve().parents[1] / "examples" / "scenarios"
"""The scenarios that come with the relay."""


def said_in(steps: Iterable[Step]) -> tuple[DrillMessage, ...]:
    """What people send in them, as an exercise's messages; the acts are left to those who train.

    Raises `SettingsError` for a scenario that is too long to train with.
    """
    said = [s for s in steps if isinstance(s, Said)]
    try:
        messages = tuple(DrillMessage.model_validate(s.model_dump(exclude={"via"})) for s in said)
    except ValidationError as error:
        raise SettingsError(f"A message cannot be part of an exercise: {sentences(error)}.") from None
    if len(messages) > MOST_MESSAGES or sum(len(m.text) for m in messages) > MOST_CHARACTERS:
        raise SettingsError(
            f"An exercise has at most {MOST_MESSAGES} messages of {MOST_CHARACTERS} characters together; "
            "leave some out."
        )
    return messages


def shipped() -> dict[str, tuple[DrillMessage, ...]]:
    """What people send in each scenario that comes with the relay, by its name."""
    return {file.stem: said_in(read_scenarios([file])) for file in sorted(SHIPPED.glob("*.jsonl"))}
