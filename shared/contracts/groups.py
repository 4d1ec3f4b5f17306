"""Groups and members, as events in the log: every decision and alert names the version it used."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    Frozen,
    GroupId,
    KeyKind,
    MemberId,
    Message,
    Moment,
    Private,
    Sealed,
    Slug,
    Token,
)
from shared.contracts.own_words import GroupWords

Audience = Literal["verifiers", "community", "partners", "reporter"]
Role = Literal["verifier", "dispatcher", "admin", "operator"]


_QUIET: Final = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


class Area(Frozen):
    """The group's area: GeoJSON MultiPolygon coordinates (lon, lat) and postcode districts."""

    polygons: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = ()
    """MultiPolygon: polygons → rings (first outer, then holes) → (lon, lat) points."""
    outcodes: tuple[str, ...] = ()
    """Postcode districts the group names as its own ("E8"), for reports that give only that."""


class Policy(Frozen):
    """What the group decided about itself."""

    likely_after: Annotated[int, Field(ge=2, le=20)] = 3
    """Independent reports that raise an incident to likely (verifiers only; a person confirms)."""
    alert_life_min: Annotated[int, Field(ge=5, le=1440)] = 120
    """Minutes after which an unsent alert is recorded as expired instead of sent."""
    digest_every_min: Annotated[int, Field(ge=1, le=1440)] = 5
    """Minutes between digests of held reports to the verifiers."""
    quiet_after_min: Annotated[int, Field(ge=10, le=1440)] = 90
    """Minutes of silence after which an open incident ends as "no news since"."""
    second_person_above: Annotated[int, Field(ge=1)] = 500
    """A confirmation that would reach more recipients than this needs a second person."""
    ladder_after_min: Annotated[int, Field(ge=2, le=120)] = 5
    """Minutes that an incident waits for somebody to take it before others are asked."""
    neighbours: Annotated[tuple[Slug, ...], Field(max_length=10)] | None = None
    """Groups whose verifiers are asked when nobody here takes an incident: left out, the three nearest;
    an empty list, none."""
    helps_neighbours: bool = True
    """Whether this group's verifiers may be asked when nobody of another group takes an incident."""
    sms_pounds_a_month: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = None
    """Pounds a month for text messages, as far as channels say what they cost; left out, there is no cap."""
    messages_an_hour: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000
    """Messages that go out in an hour at most; what is beyond waits, or goes if a dispatcher says why."""
    quiet_hours: Annotated[str, StringConstraints(pattern=_QUIET)] | None = None
    """When reminders of shifts and of people taken rest, as "22:00-07:00"; alerts never do."""


class InsteadOf(Frozen):
    """That a channel stands in for another of the same audience, where that one doesn't reach people."""

    channel: Slug
    after_s: Annotated[int, Field(ge=30, le=3600)] = 120
    """Seconds after which whoever the other channel has not reached is told by this one."""
    most: Annotated[int, Field(ge=1, le=10_000)] = 100
    """To how many of its recipients one alert may go, from the top of its list."""


class ChannelDefinition(Frozen):
    """One configured output of a group: plug-in kind, for which audience, with which settings.

    Settings hold secrets only by reference (`env:NAME` or `file:/path`).
    """

    id: Slug
    kind: Slug
    audience: Audience
    language: str = "en"
    drills: bool = False
    """Whether exercises are sent over it too. Over others an exercise never goes, whatever it says."""
    instead_of: InsteadOf | None = None
    """Only what another channel doesn't deliver goes over it; by itself it carries nothing."""
    settings: dict[str, Any] = Field(default_factory=dict)

    def carries(self, audience: Audience, *, drill: bool) -> bool:
        """Whether alerts to this audience, of an exercise or in earnest, go over it."""
        return self.instead_of is None and self._is_for(audience, drill=drill)

    def stands_in(self, audience: Audience, *, drill: bool) -> bool:
        """Whether such alerts go over it where another channel doesn't deliver them."""
        return self.instead_of is not None and self._is_for(audience, drill=drill)

    def _is_for(self, audience: Audience, *, drill: bool) -> bool:
        return self.audience == audience and (self.drills or not drill)


class GroupChannels(Private):
    """The group's channels: addresses are nobody else's business."""

    sealed_under: ClassVar[KeyKind] = "group"
    channels: tuple[ChannelDefinition, ...] = ()


class GroupDefinition(Frozen):
    """A whole group as its file says it, channels apart."""

    id: Annotated[GroupId, SLUG_RULE]
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    languages: tuple[str, ...] = ("en",)
    area: Area = Area()
    fallback: bool = False
    """Whether reports in nobody's area go to this group's verifiers."""
    peer: Slug | None = None
    """The other hub that this group stands for, if it does: it has no people here, only channels to there."""
    policy: Policy = Policy()


class GroupDefined(Message):
    """A group exists in this version from now on (a file was applied, or restated before ageing out)."""

    type: Literal["group.defined.v1"] = "group.defined.v1"
    group: Annotated[GroupId, SLUG_RULE]
    version: int
    definition: GroupDefinition
    channels: GroupChannels | Sealed | None = None
    words: GroupWords | Sealed | None = None
    """Its own words for messages, as far as it has any."""


class MemberName(Private):
    """What a member is called."""

    sealed_under: ClassVar[KeyKind] = "member"
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class MemberAdded(Message):
    """A person may act for these groups. The token is known to them alone; here lies its SHA-256."""

    type: Literal["member.added.v1"] = "member.added.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    roles: dict[GroupId, Role]
    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    name: MemberName | Sealed | None = None


class MemberRevoked(Message):
    """The person may act no longer; their token is refused from now on."""

    type: Literal["member.revoked.v1"] = "member.revoked.v1"
    member: Annotated[MemberId, TOKEN_RULE]


class AccountOffer(Private):
    """What makes a chat account a member's: the SHA-256 of a code that only they were shown."""

    sealed_under: ClassVar[KeyKind] = "member"
    code_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class AccountOffered(Message):
    """Whoever writes this code to the hub until then speaks for the member from that account."""

    type: Literal["member.account_offered.v1"] = "member.account_offered.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    until: Moment
    offer: AccountOffer | Sealed | None = None


class BoundAccount(Private):
    """An account at a bridge: the keyed pseudonym of its sender, never a number or a name."""

    sealed_under: ClassVar[KeyKind] = "member"
    account: str
    bridge: Token


class AccountBound(Message):
    """What this account writes as a desk reply is the member's act (or restated before ageing out)."""

    type: Literal["member.account_bound.v1"] = "member.account_bound.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    account: BoundAccount | Sealed | None = None


class AccountsUnbound(Message):
    """No account speaks for the member any more."""

    type: Literal["member.accounts_unbound.v1"] = "member.accounts_unbound.v1"
    member: Annotated[MemberId, TOKEN_RULE]


class CodeTried(Private):
    """The account that tried a code."""

    sealed_under: ClassVar[KeyKind] = "report"
    account: str


class JoinRefused(Message):
    """A code that nobody was shown, or that is too old: counted, so that none can be guessed."""

    type: Literal["member.join_refused.v1"] = "member.join_refused.v1"
    tried: CodeTried | Sealed | None = None
