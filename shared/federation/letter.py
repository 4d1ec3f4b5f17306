"""What crosses between two hubs: one letter, its exact bytes signed by the sending hub's key for this peer.

Everything that is to be believed stands in the signed bytes: who says it, to whom, until when, which letter
it is, and by which hubs the news came. There is one algorithm and one way to write a letter, so nothing is
negotiated. What a letter never holds: who reported, by which account or number, and any member's name.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.base import Latitude, Longitude, Metres, Moment, Slug, Token

MOST_BYTES: Final = 16_384
LONGEST_LIFE: Final = timedelta(minutes=10)
"""How long a letter may be good for. A late one is signed anew, so this need not outlast a cut link."""
MOST_HOPS: Final = 3
"""By how many hubs news may come: its own, one between, and one more."""
MOST_TEXT: Final = 2_000

Says = Literal["unconfirmed", "likely", "confirmed", "update", "over", "wrong", "not_confirmed", "test"]
"""How it stands at the sending hub; `test` says nothing but that the link works."""
IN_THE_REPORTS_WORDS: Final = frozenset({"unconfirmed", "likely", "confirmed"})
"""Of what stands so a report's own words are told, where nobody is answered; of all else a statement."""


class Where(BaseModel):
    """A disc on the map."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lat: Latitude
    lon: Longitude
    radius_m: Metres


class Letter(BaseModel):
    """One letter. Fields that we don't know yet are ignored, since the signature covers them all the same."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    type: Literal["peer.letter.v1"] = "peer.letter.v1"
    sender: Slug
    """The hub that signs."""
    audience: Slug
    """The hub that it is for."""
    id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
    """What it tells: the same at every attempt, so that it is told once."""
    run: Token
    """Which process signed it."""
    sequence: Annotated[int, Field(ge=1)]
    """Of that process's letters: another at every attempt, so that none is good twice."""
    at: Moment
    until: Moment
    via: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=16)]
    """The hubs by which the news came, the first one first, the sender last."""
    about: Token
    """The sender's own name of the incident."""
    answers: Token | None = None
    """The recipient's own name of the incident, if the news came from there."""
    says: Says
    text: Annotated[str, StringConstraints(max_length=MOST_TEXT)] = ""
    where: Where | None = None
    reported_at: Moment | None = None
    """When the sender last heard of it: a letter may have waited for the link."""
