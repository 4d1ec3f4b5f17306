"""The JSON of the public API: what a report may say, and what we answer. OpenAPI is made from these."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from shared.contracts.base import Latitude, Longitude, Metres, Moment
from shared.contracts.reports import MAX_TEXT

_POSTCODE: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?[\s-]{0,2}([O\d]([A-Z]{2})?)?", re.IGNORECASE)
"""A full postcode, a sector or a district; with the O for a 0 that phones write."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def british(postcode: str) -> str:
    """The postcode, if it can be one: the place of a report is nothing to guess about."""
    if postcode.strip() and not _POSTCODE.fullmatch(postcode.strip()):
        raise ValueError(
            "that is no British postcode; write one such as E8 3DL, only its district (E8), or none"
        )
    return postcode


class NewReport(BaseModel):
    """One report. Text or a place is needed; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: Annotated[
        str, Field(max_length=MAX_TEXT, description="What was seen, and where, in any words.")
    ] = ""
    lat: Annotated[Latitude, Strict()] | None = None
    lon: Annotated[Longitude, Strict()] | None = None
    accuracy_m: Annotated[Metres, Strict()] | None = None
    postcode: Annotated[str, Field(max_length=12), AfterValidator(british)] | None = Field(
        default=None, description="A British postcode, or only its district: E8 3DL, or E8."
    )
    observed_at: Moment | None = Field(default=None, description="When it was seen, with a time zone.")
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")] | None = None
    first_hand: Annotated[bool, Strict()] | None = Field(default=None, description="Seen with own eyes.")
    received_at: Moment | None = Field(
        default=None, description="Needs a key with set_received_at; from 14 days ago to 24 hours ahead."
    )
    sender: Label | None = Field(
        default=None, description="Who wrote it, as the source knows them. Needs a key with name_senders."
    )
    source: Label | None = Field(
        default=None, description="The chat within the source. Needs a key with name_senders."
    )
    drill: Annotated[bool, Strict()] | None = Field(
        default=None,
        description="An exercise, labelled in every word sent. Needs a key with the right drill.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> "NewReport":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together; send both or neither")
        if not self.text and self.lat is None and not self.postcode:
            raise ValueError("send a text, or lat and lon, or a postcode")
        return self


class ReportAccepted(BaseModel):
    """The report is stored for good."""

    report_id: str
    status_url: str = Field(description="Ask here what became of it, with the receipt's secret.")
    receipt_secret: str = Field(description="Send it as `Authorization: Bearer …` to the status_url.")
    receipt: str = Field(description="Words for the reporter, in the report's language where we have it.")
    duplicate: bool = Field(description="True when this very report had been accepted before.")


class ReportStatus(BaseModel):
    """What became of a report."""

    report_id: str
    state: Literal["accepted", "with_volunteers", "noted", "ended"]
    text: str = Field(description="The same in words.")


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457): what was wrong, and in `detail` what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
