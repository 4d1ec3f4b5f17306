"""The posts of an incident as people see them: who comes, who is there, who did not come. Pure.

Whoever keeps a post is a member by name, or a tag. What time makes of it (may one check in, has somebody
not come?) follows from the post and the moment alone, by the times that the router decides by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.console.decide.draft import Document
from services.console.models import DeskRequest
from shared.contracts.alerts import PostLine

CHECK_IN_EARLY: Final = timedelta(hours=1)
"""So long before it begins whoever is there may say so."""
MISSED_AFTER: Final = timedelta(minutes=10)
"""So long after it began whoever is not there has not come."""

RESERVE_BEFORE: Final = timedelta(minutes=30)
"""From so long before it begins whoever gives up is missed: the verifiers hear of it."""

State = Literal["coming", "expected", "missed", "there"]
"""Before it begins; it has begun; they have not come; they are there (or were)."""


@dataclass(frozen=True, slots=True)
class KeeperView:
    """One who keeps a post: a member's id with their name, or a volunteer's tag without one."""

    who: str
    name: str
    state: State
    there_at: str | None
    mine: bool


@dataclass(frozen=True, slots=True)
class PostView:
    """One post at a moment, as one member sees it."""

    id: str
    group: str
    label: str | None
    begins: datetime
    ends: datetime
    needed: int
    keepers: tuple[KeeperView, ...]
    told: tuple[str, ...]
    now: datetime

    @property
    def coming(self) -> int:
        """How many are there or may still come."""
        return len(self.keepers) - self.missing

    @property
    def missing(self) -> int:
        """How many said that they would be there and have not come."""
        return sum(keeper.state == "missed" for keeper in self.keepers)

    @property
    def wanted(self) -> int:
        """How many more people it needs: who has not come keeps nobody else's place."""
        return max(0, self.needed - self.coming)

    @property
    def kept(self) -> bool:
        """Whether somebody besides who opened it counts on it: it was told of, or somebody signed up."""
        return not self.over and bool(self.told or self.keepers)

    @property
    def asked(self) -> Literal["no_show", "unfilled"] | None:
        """For what the verifiers were asked to step in, while it is so."""
        if self.over or not self.wanted:
            return None
        if self.missing and "no_show" in self.told:
            return "no_show"
        return "unfilled" if "unfilled" in self.told else None

    @property
    def there(self) -> int:
        """How many are there."""
        return sum(keeper.state == "there" for keeper in self.keepers)

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.begins <= self.now < self.ends

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.ends <= self.now

    @property
    def checks_in_from(self) -> datetime:
        """From when on somebody may say that they are there."""
        return self.begins - CHECK_IN_EARLY

    @property
    def open_for_check_in(self) -> bool:
        """Whether somebody may say now that they are there."""
        return self.checks_in_from <= self.now < self.ends

    @property
    def reserve_hears(self) -> bool:
        """Whether the verifiers hear at once if somebody gives up now: they hear of it once."""
        return self.begins - RESERVE_BEFORE <= self.now < self.ends and "unfilled" not in self.told

    @property
    def mine(self) -> KeeperView | None:
        """The looker's own place in it."""
        return next((keeper for keeper in self.keepers if keeper.mine), None)

    def keeper(self, who: str) -> KeeperView | None:
        """The one of that id or tag."""
        return next((keeper for keeper in self.keepers if keeper.who == who), None)


def posts_of(
    incident: Document, names: Mapping[str, str], member: str, now: datetime, *, wordless: bool = False
) -> tuple[PostView, ...]:
    """The incident's posts in the order in which they begin, those that are over last."""
    posts = (incident.get("aftercare") or {}).get("posts") or ()
    found = [_post(post, names, member, now, wordless=wordless) for post in posts]
    return tuple(sorted(found, key=lambda post: (post.over, post.begins, post.id)))


def post_of(
    incident: Document, name: str, names: Mapping[str, str], member: str, now: datetime
) -> PostView | None:
    """One post of the incident."""
    return next((post for post in posts_of(incident, names, member, now) if post.id == name), None)


def seen_by_nobody(post: Document, now: datetime) -> PostView:
    """The post as somebody sees it who is no member: nobody in it has a name."""
    return _post(post, {}, "", now, wordless=False)


def _post(
    post: Document, names: Mapping[str, str], member: str, now: datetime, *, wordless: bool
) -> PostView:
    begins = datetime.fromisoformat(post["begins"])
    return PostView(
        id=post["id"],
        group=post["group"],
        label=None if wordless else post["label"],
        begins=begins,
        ends=datetime.fromisoformat(post["ends"]),
        needed=post["needed"],
        keepers=tuple(
            KeeperView(
                k["who"], names.get(k["who"], ""), _state(k, begins, now), k["there_at"], k["who"] == member
            )
            for k in post["keepers"]
        ),
        told=tuple(post["told"]),
        now=now,
    )


def _state(keeper: Document, begins: datetime, now: datetime) -> State:
    if keeper["there_at"]:
        return "there"
    if now < begins:
        return "coming"
    return "missed" if now >= begins + MISSED_AFTER else "expected"


def begins_soon(asked: DeskRequest, now: datetime) -> bool:
    """Whether a post begins so soon that the verifiers hear at once that it lacks people."""
    return asked.begins is not None and asked.begins - RESERVE_BEFORE <= now


def lines_told(incident: Document, asked: DeskRequest, group: str, now: datetime) -> tuple[PostLine, ...]:
    """The posts that the verifiers hear of together when one more is opened.

    It, and those not told yet; it alone, if it begins soon.
    """
    soon = begins_soon(asked, now)
    posts = () if soon else posts_of(incident, {}, "", now)
    waiting = [_line(p) for p in posts if p.group == group and p.wanted and not p.told and not p.over]
    if asked.begins is None or asked.ends is None:
        return tuple(waiting)
    new = PostLine(
        place=asked.label or "", begins=asked.begins, ends=asked.ends, needed=asked.needed or 2, coming=0
    )
    return tuple(sorted([*waiting, new], key=lambda line: line.begins))


def lines_ending(incident: Document, group: str, now: datetime) -> tuple[PostLine, ...]:
    """The posts of that group's that end with their incident, as its verifiers hear of them."""
    return tuple(_line(p) for p in posts_of(incident, {}, "", now) if p.group == group and p.kept)


def ends_posts(command: str, stage: str | None) -> bool:
    """Whether this command ends the posts of its incident too."""
    return command in {"reject", "watch"} or (command == "end" and stage == "closed")


def line_withdrawn(incident: Document, name: str | None, now: datetime) -> tuple[str, tuple[PostLine, ...]]:
    """The group whose verifiers hear that this post is called off, and the post; "": nobody need hear."""
    post = post_of(incident, name or "", {}, "", now)
    return (post.group, (_line(post),)) if post and post.kept else ("", ())


def _line(post: PostView) -> PostLine:
    return PostLine(
        place=post.label or "",
        begins=post.begins,
        ends=post.ends,
        needed=post.needed,
        coming=len(post.keepers),
        there=post.there,
    )
