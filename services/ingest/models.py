"""The JSON of the public API: what a report may say, and what we answer. OpenAPI is made from these."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from shared.contracts.base import Latitude, Longitude, Metres, Moment
from shared.contracts.reports import MAX_TEXT

Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class NewReport(BaseModel):
    """One report. Text or a place is needed; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: Annotated[
        str, Field(max_length=MAX_TEXT, description="What was seen, and where, in any words.")
    ] = ""
    lat: Annotated[Latitude, Strict()] | None = None
    lon: Annotated[Longitude, Strict()] | None = None
    accuracy_m: Annotated[Metres, Strict()] | None = None
    postcode: Annotated[str, Field(max_length=12)] | None = None
    observed_at: Moment | None = Field(default=None, description="When it was seen, with a time zone.")
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")] | None = None
    first_hand: Annotated[bool, Strict()] | None = Field(default=None, description="Seen with own eyes.")
    received_at: Moment | None = Field(
        default=None, description="Needs a key with set_received_at; from 14 days ago to 24 hours ahead."
    )
    sender: Label | None = Field(default=None, description="Needs a key with set_received_at.")
    source: Label | None = Field(default=None, description="Needs a key with set_received_at.")
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
