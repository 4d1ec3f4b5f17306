"""What each event about people taken and their posts means for its incident."""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide.changed import changed
from services.router.decide.custody import Aftercare, Keeper, Post, in_order, joined, people_of
from services.router.decide.sayings import told_along
from services.router.decide.state import Incident
from shared.contracts import aftercare as events
from shared.contracts.desk import Tally
from shared.contracts.incidents import IncidentEvent
from shared.tallies import tally_of_people

Change = Callable[[Incident, Any], Incident]


def _cared(incident: Incident, **changes: Any) -> Incident:
    return changed(incident, aftercare=changed(incident.aftercare, **changes))


def _accounted(incident: Incident, event: events.IncidentAccounted) -> Incident:
    """What is told from now on are the numbers as they are known now."""
    fates = event.fates.people if isinstance(event.fates, events.Fates) else {}
    cared = _cared(
        changed(incident, tally=_tally(incident, event)),
        people=people_of(fates),
        owner=event.owner,
        owner_group=event.owner_group,
        check_at=event.check_at,
    )
    return told_along(cared, event)


def _tally(incident: Incident, event: events.IncidentAccounted) -> Tally:
    """As the event says it; from before it did, as it follows from the people."""
    if event.tally is not None or not isinstance(event.fates, events.Fates):
        return event.tally or incident.tally
    return tally_of_people(incident.tally, event.fates.people.values())


def _check_due(incident: Incident, event: events.CheckCameDue) -> Incident:
    return _cared(incident, check_at=event.next_at)


def _opened(incident: Incident, event: events.PostOpened) -> Incident:
    post = Post(
        id=event.post_id,
        group=event.group,
        opened_at=event.at,
        begins=event.begins,
        ends=event.ends,
        needed=event.needed,
        label=event.where.label if isinstance(event.where, events.PostPlace) else "",
    )
    return _cared(incident, posts=in_order((*incident.aftercare.posts, post)))


def _withdrawn(incident: Incident, event: events.PostWithdrawn) -> Incident:
    return _cared(incident, posts=tuple(p for p in incident.aftercare.posts if p.id != event.post_id))


def _on_post(change: Callable[[Post, Any], Post]) -> Change:
    def handle(incident: Incident, event: events.PostEvent) -> Incident:
        posts = incident.aftercare.posts
        return _cared(incident, posts=tuple(change(p, event) if p.id == event.post_id else p for p in posts))

    return handle


def _joined(post: Post, event: events.PostJoined) -> Post:
    return changed(post, keepers=(*post.keepers, Keeper(event.who)))


def _left(post: Post, event: events.PostLeft) -> Post:
    return changed(post, keepers=tuple(k for k in post.keepers if k.who != event.who))


def _checked_in(post: Post, event: events.PostCheckedIn) -> Post:
    there = Keeper(event.who, event.at)
    return changed(post, keepers=tuple(there if k.who == event.who else k for k in post.keepers))


def _told(incident: Incident, event: events.PostsTold) -> Incident:
    """Who heard that a post lacks people knows that it is there."""
    heard: tuple[events.PostTold, ...] = ("open",) if event.what == "open" else ("open", event.what)
    return _cared(
        incident,
        posts=tuple(
            changed(p, told=(*p.told, *(what for what in heard if what not in p.told)))
            if p.id in event.posts
            else p
            for p in incident.aftercare.posts
        ),
    )


def closed(after: Aftercare, event: IncidentEvent) -> Aftercare:
    """A person closed it then: nothing is to be looked at any more."""
    return changed(after, closed_at=event.at, check_at=None)


def merged(one: Incident, absorbed: Incident) -> Aftercare:
    """Its posts are one incident's now; of the people the event that follows tells."""
    return changed(one.aftercare, posts=in_order((*absorbed.aftercare.posts, *one.aftercare.posts)))


def taken_in(absorbed: Incident, one: Incident) -> Aftercare:
    """Its people under the tags that they have in the other from now on: by these they are known again."""
    before = one.aftercare.people
    return changed(
        absorbed.aftercare, people=joined(before, absorbed.aftercare.people, one.id)[len(before) :]
    )


AFTERCARE_EVENTS: Final[dict[type[IncidentEvent], tuple[Change, bool]]] = {
    events.IncidentAccounted: (_accounted, True),
    events.CheckCameDue: (_check_due, False),
    events.PostOpened: (_opened, True),
    events.PostWithdrawn: (_withdrawn, True),
    events.PostJoined: (_on_post(_joined), False),
    events.PostLeft: (_on_post(_left), False),
    events.PostCheckedIn: (_on_post(_checked_in), False),
    events.PostsTold: (_told, False),
}
"""The change, and whether it alters what a person would decide: then it is a new version."""
