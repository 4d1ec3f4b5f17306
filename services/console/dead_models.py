"""The JSON of the dead letters' API. OpenAPI is made from these."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.base import Token

Reasoned = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class DeadClosing(BaseModel):
    """How a letter was closed, by whom, and why."""

    at: datetime
    how: Literal["retried", "discarded"]
    member: str
    why: str


class DeadLetter(BaseModel):
    """A message that a service could not handle: where it lies and why, never what it says."""

    letter: str = Field(description="Its name: service, stream and sequence.")
    service: str
    stream: str
    seq: int
    subject: str
    reasons: list[str]
    at: datetime = Field(description="When it was first buried.")
    detail: str = Field(description="What was wrong with its shape.")
    waits: bool = Field(description="Whether somebody still has to decide about it.")
    may_retry: bool
    advice: str = Field(description="What is to be done, by a fixed name.")
    words: str = Field(description="The same in English.")
    closed: DeadClosing | None = None
    kind: str | None = Field(default=None, description="Of one letter alone: the message's type.")
    there: bool | None = Field(default=None, description="Of one letter alone: whether it still lies there.")


class DeadList(BaseModel):
    """The letters that wait, the newest first."""

    letters: list[DeadLetter]
    total: int


class DeadRequest(BaseModel):
    """Why it is tried again, or let go; that is kept with who did it."""

    model_config = ConfigDict(extra="forbid")

    id: Token | None = Field(default=None, description="The same id again is the same command.")
    why: Reasoned = ""


class DeadRetryAll(BaseModel):
    """Try again whatever can be tried again."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None = Field(
        default=None, description="Only letters of this reason."
    )
    why: Reasoned = ""


class DeadRetried(BaseModel):
    """What came of trying all."""

    retried: int
    refused: dict[str, int] = Field(description="How many stay, by the reason's name.")
    left: int = Field(description="Not tried yet: there are many, or the router did not answer. Ask again.")
