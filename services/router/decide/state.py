"""All that the router knows: the fold of the log, as persistent maps.

Persistent, so that a refused batch is rolled back by keeping the old value, and one event costs
O(log n). Iterating a map of strings has no fixed order; whoever turns one into events sorts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from rpds import HashTrieMap

from services.router.decide.custody import Aftercare
from services.router.decide.generations import Generations
from services.router.decide.geo import Cell
from services.router.decide.limits import HOUR, QUESTIONS_WITHIN
from services.router.decide.rota import Shift
from services.router.decide.sayings import Told, Word
from services.router.decide.walked import Walked
from shared.contracts.alerts import Check
from shared.contracts.base import GroupId, IncidentId, MemberId, Place, ReportId
from shared.contracts.desk import Step, Tally
from shared.contracts.groups import Audience, GroupChannels, GroupDefinition, Role
from shared.contracts.incidents import Gist, GroupShare, Rung, Status
from shared.contracts.members import WayIn
from shared.contracts.own_words import GroupWords
from shared.contracts.peers import PassedOn
from shared.contracts.situation import Setting

REMEMBERED: Final = timedelta(days=14)
"""How long ids, senders and texts are known, at least."""

LETTERS: Final = timedelta(days=35)
"""How long it is known which dead letters wait: as long as they are kept."""

WATCHED: Final = timedelta(hours=3)
"""How long sightings of ordinary police are known, at least."""

LIVE: Final[frozenset[Status]] = frozenset({"unconfirmed", "likely", "confirmed"})
"""The event may still be going on."""

UNPROVEN: Final[frozenset[Status]] = frozenset({"unconfirmed", "likely"})
"""It needs a person who looks."""

RUNGS: Final[tuple[Rung, ...]] = get_args(Rung)
"""The rungs of the ladder, from the bottom."""

ENDED: Final[frozenset[Status]] = frozenset(
    {"closed", "not_confirmed", "other_agency", "retracted", "no_news", "merged"}
)
"""Nothing more is done about it; forgotten after seven days."""

DAWN: Final = datetime(1970, 1, 1, tzinfo=UTC)

Heard = tuple[tuple[GroupId, Audience], ...]

Ear = tuple[GroupId, bool]
"""A group's attention, to what is real (False) or to an exercise (True): the one never spends the other's."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One report as its incident keeps it. `sketch` is of its text (see `text.sketch`)."""

    report: ReportId
    at: datetime
    text: str = ""
    sender: str | None = None
    source: str | None = None
    first_hand: bool | None = None
    place: Place | None = None
    sketch: tuple[int, ...] = ()
    gist: Gist = field(default_factory=Gist)
    trusted: bool = False
    seq: int = 0
    """Where it lies in REPORTS, if it joined when it came; 0: not known."""
    asked_as: str | None = None
    passed_on: PassedOn | None = None
    """Whose word it is, if another hub's."""

    @property
    def asked(self) -> str | None:
        """By which pseudonym its questions count; older events know the sender alone."""
        return self.asked_as or self.sender


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease: who is on it, for which group, until when."""

    member: MemberId
    group: GroupId
    until: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """A member who goes to look: going, or there."""

    member: MemberId
    group: GroupId
    step: Step
    at: datetime
    """When they last said anything of it: until a while after that the relay waits for them."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who would confirm it, and waits for a second person."""

    member: MemberId
    at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """One event in the world, as decided so far."""

    id: IncidentId
    code: str
    opened_at: datetime
    status: Status = "unconfirmed"
    drill: bool = False
    version: int = 1
    """Grows with every event that changes what a person would decide; not with mere reports."""
    last_at: datetime = DAWN
    """Of the last report or act: silence counts from here."""
    heard_at: datetime = DAWN
    """Of its latest report; one that joins later, because it was held, is counted in its place."""
    ended_at: datetime | None = None
    place: Place | None = None
    placed_by_person: bool = False
    stood: tuple[Place, ...] = ()
    """Where it was before it moved on, the latest last: late reports are still of there."""
    groups: tuple[GroupShare, ...] = ()
    told: Heard = ()
    claim: Claim | None = None
    visits: tuple[Visit, ...] = ()
    """The members who are going there or are there."""
    proposed: Proposal | None = None
    seen: int = 0
    """The sightings by members of their own."""
    words_by: tuple[Word, ...] = ()
    """What each member last saw, and noted."""
    said: Told | None = None
    """What everybody who was told heard last from a person."""
    checked: tuple[Check, ...] = ()
    """What people did to find out whether it is so."""
    tally: Tally = field(default_factory=Tally)
    merged_into: IncidentId | None = None
    was: Status | None = None
    """Its status before it was merged, for a split to give back."""
    evidence: "HashTrieMap[ReportId, Evidence]" = field(default_factory=HashTrieMap)
    support: tuple[Evidence, ...] = ()
    """The independent reports counted so far (at most as many as any policy asks)."""
    first_hand: int = 0
    vouched: int = 0
    """The reports by trusted accounts that say it is so."""
    best: Evidence | None = None
    """The report whose words verifiers are shown."""
    said_over_at: datetime | None = None
    """When a report last said that they had left, unless a later one says that they are there."""
    said_wrong_at: datetime | None = None
    """When a report last took it back."""
    words: "HashTrieMap[str, int]" = field(default_factory=HashTrieMap)
    """The rare words of its reports, with how many use them."""
    venues: "HashTrieMap[str, int]" = field(default_factory=HashTrieMap)
    """The kinds of business that its reports name, with how many do."""
    tongues: "HashTrieMap[str, int]" = field(default_factory=HashTrieMap)
    """The languages of its reports, with how many are in each."""
    peers: tuple[PassedOn, ...] = ()
    """Which other hubs told of it, and by what name: the latest word of each."""
    home: bool = False
    """Whether a report or whoever confirmed it spoke of a home: strangers then learn the district alone."""
    setting: Setting | None = None
    """Where people are, as whoever confirmed it said; reports change it no more."""
    rung: int = 0
    """How far up the ladder it has come because nobody took it (see `RUNGS`)."""
    waits_since: datetime | None = None
    """Since when it waits on this rung: it was told, given up, or a person did something about it."""
    asking: tuple[GroupId, ...] = ()
    """Whom the rungs so far have still to ask: they had no room for one more message."""
    aftercare: Aftercare = field(default_factory=Aftercare)
    bygone: bool = False
    """It is of an exercise before the present one: nothing that is said now is about it."""
    stated_at: datetime = DAWN
    """When the log last held all of it: opened or carried."""

    @property
    def live(self) -> bool:
        """Whether the event may still be going on."""
        return self.status in LIVE

    @property
    def ended(self) -> bool:
        """Whether nothing more is done about it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Held:
    """A report that waits for a person or for more evidence."""

    evidence: Evidence
    reason: str
    leans_to: IncidentId | None
    groups: tuple[GroupId, ...]
    drill: bool
    language: str | None = None
    digested: tuple[GroupId, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """Ordinary police as one report told of them."""

    report: ReportId
    at: datetime
    sender: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Watch:
    """Ordinary police that several people reported at one place."""

    id: str
    at: datetime
    place: Place
    since: datetime
    reports: int
    groups: tuple[GroupId, ...]
    digested: tuple[GroupId, ...] = ()


@dataclass(frozen=True, slots=True)
class Mute:
    """What a group does not want to be troubled by: a sender, or words."""

    id: str
    group: GroupId
    until: datetime
    sender: str | None = None
    sketch: tuple[int, ...] = ()
    drill: bool = False
    """Of an exercise: it holds among exercises only, and any other among what is real."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group in its present version; `stated_at` is when the log last said so."""

    version: int
    definition: GroupDefinition
    channels: GroupChannels | None
    stated_at: datetime
    words: GroupWords = field(default_factory=GroupWords)


@dataclass(frozen=True, slots=True)
class KnownWayIn:
    """By what a member can sign in, and whose login it takes up."""

    secret: WayIn
    login_tag: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """Who may act, and as what in which group."""

    roles: "HashTrieMap[GroupId, Role]"
    token_sha256: str
    name: str | None
    stated_at: datetime
    ways_in: "HashTrieMap[str, KnownWayIn]" = field(default_factory=HashTrieMap)


@dataclass(frozen=True, slots=True)
class Invite:
    """A link by which somebody may come in, once."""

    member: MemberId
    roles: "HashTrieMap[GroupId, Role]"
    name: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Drill:
    """A group's latest exercise, and until when it goes on if nobody ends it."""

    id: str
    until: datetime
    ended: bool = False
    waits: bool = False
    """Its verifiers were told that it began, and not yet that it is over."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A one-time code that makes a chat account a member's, until then."""

    code_sha256: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A chat account that speaks for a member: what comes from it by this bridge."""

    member: MemberId
    bridge: str


@dataclass(frozen=True, slots=True)
class WaitingYes:
    """What a member wrote by chat that goes out if they say yes, from that account, at that version."""

    incident: IncidentId
    account: str
    keyword: str
    words: str
    proof: str
    version: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Thread:
    """What a sender's last report became."""

    report: ReportId
    incident: IncidentId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a sender was asked about a report."""

    report: ReportId
    at: datetime


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a text, a chat's talk or a rare word was last seen: in an incident, or in a held report."""

    report: ReportId
    incident: IncidentId | None
    at: datetime = DAWN


def _letters() -> "Generations[str, bool]":
    return Generations(LETTERS)


def _remembering() -> "Generations[ReportId, IncidentId | str]":
    return Generations(REMEMBERED)


def _threads() -> "Generations[str, Thread]":
    return Generations(REMEMBERED)


def _asked() -> "Generations[str, tuple[Asked, ...]]":
    return Generations(QUESTIONS_WITHIN)


def _times() -> "Generations[str, tuple[datetime, ...]]":
    return Generations(HOUR)


def _traces() -> "Generations[int, Trace]":
    return Generations(REMEMBERED)


def _chats() -> "Generations[str, Trace]":
    return Generations(REMEMBERED)


def _sightings() -> "Generations[Cell, tuple[Sighting, ...]]":
    return Generations(WATCHED)


def _gone() -> "Generations[IncidentId, bool]":
    return Generations(REMEMBERED)


INCIDENTS: Final = Walked[IncidentId, Incident]()
HELD: Final = Walked[ReportId, Held]()
"""What changes the maps of those, and is quick to walk through."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """What is remembered of exercises, apart from what is real: the same things as in `State`."""

    live: "HashTrieMap[IncidentId, bool]" = field(default_factory=HashTrieMap)
    threads: "Generations[str, Thread]" = field(default_factory=_threads)
    asked: "Generations[str, tuple[Asked, ...]]" = field(default_factory=_asked)
    traces: "Generations[int, Trace]" = field(default_factory=_traces)
    chats: "Generations[str, Trace]" = field(default_factory=_chats)
    words: "Generations[str, Trace]" = field(default_factory=_chats)


@dataclass(frozen=True, slots=True)
class State:
    """Everything. Made by folding events with `evolve.evolve`; equal logs give equal states."""

    now: datetime = DAWN
    reports_seq: int = 0
    """Every report up to this sequence of REPORTS is decided."""
    desk_seq: int = 0
    positions_at: datetime = DAWN
    """When the log last held both positions."""
    incidents: "HashTrieMap[IncidentId, Incident]" = field(default_factory=HashTrieMap)
    active: "HashTrieMap[IncidentId, bool]" = field(default_factory=HashTrieMap)
    """The incidents that are neither ended nor forgotten."""
    live: "HashTrieMap[IncidentId, bool]" = field(default_factory=HashTrieMap)
    """The incidents that may still be going on, exercises apart."""
    resting: "HashTrieMap[IncidentId, bool]" = field(default_factory=HashTrieMap)
    """The ended ones, until they are forgotten."""
    codes: "HashTrieMap[str, IncidentId]" = field(default_factory=HashTrieMap)
    cells: "HashTrieMap[Cell, tuple[IncidentId, ...]]" = field(default_factory=HashTrieMap)
    known: "Generations[ReportId, IncidentId | str]" = field(default_factory=_remembering)
    """Reports decided, with the incident they belong to or an empty string."""
    threads: "Generations[str, Thread]" = field(default_factory=_threads)
    asked: "Generations[str, tuple[Asked, ...]]" = field(default_factory=_asked)
    """The last questions that each sender was asked, the newest last."""
    traces: "Generations[int, Trace]" = field(default_factory=_traces)
    chats: "Generations[str, Trace]" = field(default_factory=_chats)
    """What the last report of each chat was about."""
    words: "Generations[str, Trace]" = field(default_factory=_chats)
    """Where each rare word was last used."""
    exercise: Exercise = field(default_factory=Exercise)
    held: "HashTrieMap[ReportId, Held]" = field(default_factory=HashTrieMap)
    sightings: "Generations[Cell, tuple[Sighting, ...]]" = field(default_factory=_sightings)
    watches: "HashTrieMap[str, Watch]" = field(default_factory=HashTrieMap)
    mutes: "HashTrieMap[str, Mute]" = field(default_factory=HashTrieMap)
    floods: "HashTrieMap[GroupId, datetime]" = field(default_factory=HashTrieMap)
    """Until when each group hears of incidents in digests only, because a person said so."""
    untold: "HashTrieMap[IncidentId, bool]" = field(default_factory=HashTrieMap)
    """Incidents of which some group concerned has not heard yet: too many came at once."""
    shifts: "HashTrieMap[str, Shift]" = field(default_factory=HashTrieMap)
    singles: "HashTrieMap[Ear, tuple[datetime, ...]]" = field(default_factory=HashTrieMap)
    """When each group was last told of incidents singly."""
    groups: "HashTrieMap[GroupId, Group]" = field(default_factory=HashTrieMap)
    members: "HashTrieMap[MemberId, Member]" = field(default_factory=HashTrieMap)
    invites: "HashTrieMap[str, Invite]" = field(default_factory=HashTrieMap)
    """By their link's hash, until they are used, withdrawn, or long over."""
    offers: "HashTrieMap[MemberId, Offer]" = field(default_factory=HashTrieMap)
    accounts: "HashTrieMap[str, Account]" = field(default_factory=HashTrieMap)
    """The chat accounts of members, by the pseudonym of their sender."""
    yes: "HashTrieMap[MemberId, WaitingYes]" = field(default_factory=HashTrieMap)
    """What waits for a member's yes by chat; one thing each."""
    tries: "Generations[str, tuple[datetime, ...]]" = field(default_factory=_times)
    """When an account last tried a one-time code that was wrong."""
    answered: "Generations[str, tuple[datetime, ...]]" = field(default_factory=_times)
    """When an account was last answered by chat."""
    digested: "HashTrieMap[Ear, datetime]" = field(default_factory=HashTrieMap)
    drills: "HashTrieMap[GroupId, Drill]" = field(default_factory=HashTrieMap)
    """The latest exercise of each group."""
    dead: "Generations[str, bool]" = field(default_factory=_letters)
    """Dead letters by name: whether they wait; of other services' only those that are closed."""
    forgotten: "Generations[IncidentId, bool]" = field(default_factory=_gone)
    """Incidents whose keys are to be destroyed."""

    @property
    def all_incidents(self) -> Mapping[IncidentId, Incident]:
        """The incidents, for walking through."""
        return INCIDENTS.entries(self.incidents)

    @property
    def all_held(self) -> Mapping[ReportId, Held]:
        """The held reports, for walking through."""
        return HELD.entries(self.held)

    def position(self, stream: str) -> int:
        """The last sequence of REPORTS or DESK that is decided."""
        return self.reports_seq if stream == "REPORTS" else self.desk_seq
