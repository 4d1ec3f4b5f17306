"""What a report that another hub passed on says of where it came from."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Frozen, Slug, Token

PeerSays = Literal["unconfirmed", "likely", "confirmed", "update", "over", "wrong", "not_confirmed"]
"""How an incident stands at the hub that says so: there a person may have decided it, here it is evidence."""


class PassedOn(Frozen):
    """Whose word it is, about what of theirs, and whether we told them of it first."""

    hub: Slug
    about: Token
    """That hub's own name of the incident."""
    via: Annotated[tuple[Slug, ...], Field(max_length=16)] = ()
    """The hubs by which it came, that one last."""
    answers: Token | None = None
    """Our own name of the incident, where they had it from us."""
    says: PeerSays = "unconfirmed"
