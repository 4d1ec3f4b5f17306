"""The JSON of the ledger's API: figures, reasons, recipients. OpenAPI is made from these."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.console.models import SendingStopped


class LedgerFigures(BaseModel):
    """How many messages: each is in exactly one of `accepted`, `refused`, `perhaps`, `under_way`."""

    to: int = Field(description="To be told.")
    accepted: int = Field(description="The provider took it; whether it arrived is another question.")
    arrived: int = Field(description="Of these: the provider said later that it arrived.")
    failed: int = Field(description="Of these: the provider said later that it never will.")
    unheard: int = Field(description="Of these: nothing was said since.")
    refused: int = Field(description="Surely not told.")
    perhaps: int = Field(description="Told, perhaps twice, or not at all: nobody can say, and it ended so.")
    under_way: int = Field(description="Still being tried.")


class LedgerWhy(BaseModel):
    """Why so many were not told."""

    why: str = Field(description="What is to be done about it: gone, left, settings, late …")
    reason: str = Field(description="The ledger's own name of it.")
    people: int
    words: str = Field(description="The same in English, with what to do.")


class LedgerAlert(BaseModel):
    """What became of one message to one audience of a group; of those who joined later, of all together."""

    alert_id: str | None = None
    at: datetime | None = None
    kind: str | None = None
    group: str
    audience: str
    state: str = Field(description="`under_way`, `held` by a kill switch, or how it ended: done, expired …")
    all: LedgerFigures
    channels: dict[str, LedgerFigures] = Field(description="By kind of channel.")
    why_not: list[LedgerWhy]


class Ledger(BaseModel):
    """Who was told of an incident, how many and how; and who was not, and why."""

    code: str
    incident: str
    all: LedgerFigures
    why_not: list[LedgerWhy]
    messages: list[LedgerAlert] = Field(description="The oldest first.")
    joined_later: list[LedgerAlert] = Field(description="By group: people told when they signed up.")
    stopped: list[SendingStopped] = Field(description="The kill switches that hold the rest of it back.")


class LedgerStep(BaseModel):
    """One thing that happened to a message to one recipient."""

    at: datetime
    what: Literal["claimed", "accepted", "refused", "again", "perhaps", "arrived", "failed"]
    reason: str | None = None
    why: str | None = None


class LedgerRecipient(BaseModel):
    """One recipient: the n-th address of a channel, or a subscriber's pseudonym of that day."""

    recipient: str
    steps: list[LedgerStep]


class LedgerEach(BaseModel):
    """Everybody to whom one message was to go, some at a time."""

    alert_id: str
    recipients: list[LedgerRecipient]
    begins: int = Field(description="The number of the first of these, counted from 0.")
    total: int
    readable: bool = Field(description="False: its records are older than the log.")
