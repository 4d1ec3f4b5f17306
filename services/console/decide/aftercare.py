"""What became of the people taken, and the posts for them, as part of an incident's document. Pure.

In the same form in which the router restates it, so that an old incident is shown as a new one.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from services.console.decide.already import told_along
from services.console.decide.draft import Document, Draft
from services.console.decide.history import What
from services.console.decide.incidents import happened
from shared.contracts import aftercare as ac
from shared.contracts.desk import Tally
from shared.tallies import held, tally_of_people

_MOST_GONE: Final = 60
"""Posts called off of which an incident's links still say so, the latest."""


def _after(incident: Document) -> Document:
    after: Document = incident.setdefault("aftercare", {})
    return after


def _posts(incident: Document) -> list[Document]:
    posts: list[Document] = _after(incident).setdefault("posts", [])
    return posts


def accounted(draft: Draft, event: ac.IncidentAccounted, _place: float) -> None:
    """How many were taken, what became of them, who follows it up."""
    incident = draft.edit(f"incident:{event.incident_id}")
    fates = event.fates.people if isinstance(event.fates, ac.Fates) else {}
    news = _news(_after(incident), event, fates)
    incident["tally"] = _tally(incident, event).model_dump()
    _after(incident).update(
        people=[{"tag": tag, "fate": fate} for tag, fate in fates.items()],
        owner=event.owner,
        owner_group=event.owner_group,
        check_at=event.check_at.isoformat() if event.check_at else None,
    )
    told_along(incident, event)
    counted = dict(sorted(Counter(fates.values()).items()))
    facts = {"arrested": len(held(fates.values())), "unknown": counted.get("unknown", 0), "fates": counted}
    happened(draft, incident, event, "accounted", member=event.member, group=event.group, **facts, **news)


def _news(after: Document, event: ac.IncidentAccounted, fates: Mapping[str, ac.Fate]) -> dict[str, Any]:
    """What it says that was not known: what became of how many, else how many, else who or when.

    Numbers given when officers left, or somebody who follows it up, are no word of what became of anybody.
    """
    before = [person["fate"] for person in after.get("people") or ()]
    more = Counter(fates.values()) - Counter(before)
    if became := {fate: n for fate, n in sorted(more.items()) if fate != "unknown"}:
        return {"new": "became", "became": became}
    if len(held(fates.values())) != len(held(before)):
        return {"new": "counted"}
    if event.owner != after.get("owner"):
        return {"new": "owner", "owner": event.owner}
    return {"new": "check"}


def _tally(incident: Document, event: ac.IncidentAccounted) -> Tally:
    """As the event says it; from before it did, as it follows from the people."""
    said = Tally.model_validate(incident.get("tally") or {})
    if event.tally is not None or not isinstance(event.fates, ac.Fates):
        return event.tally or said
    return tally_of_people(said, event.fates.people.values())


def check_due(draft: Draft, event: ac.CheckCameDue, _place: float) -> None:
    """It was time to ask again."""
    incident = draft.edit(f"incident:{event.incident_id}")
    _after(incident)["check_at"] = event.next_at.isoformat()
    happened(draft, incident, event, "check_due")


def opened(draft: Draft, event: ac.PostOpened, _place: float) -> None:
    """A post outside a police station."""
    incident = draft.edit(f"incident:{event.incident_id}")
    label = event.where.label if isinstance(event.where, ac.PostPlace) else ""
    _posts(incident).append(
        {
            "id": event.post_id,
            "group": event.group,
            "opened_at": event.at.isoformat(),
            "begins": event.begins.isoformat(),
            "ends": event.ends.isoformat(),
            "needed": event.needed,
            "label": label,
            "keepers": [],
            "told": [],
        }
    )
    happened(draft, incident, event, "post_opened", member=event.member, post=event.post_id, text=label)


def withdrawn(draft: Draft, event: ac.PostWithdrawn, _place: float) -> None:
    """It is needed no longer; its link says so from now on, and no longer where it was."""
    incident = draft.edit(f"incident:{event.incident_id}")
    gone = [p for p in _posts(incident) if p["id"] == event.post_id]
    _after(incident)["posts"] = [p for p in _posts(incident) if p["id"] != event.post_id]
    bare = [{**p, "label": "", "keepers": [], "withdrawn_at": event.at.isoformat()} for p in gone]
    incident["posts_gone"] = [*incident.get("posts_gone", ()), *bare][-_MOST_GONE:]
    happened(draft, incident, event, "post_withdrawn", member=event.member, post=event.post_id)


def joined(draft: Draft, event: ac.PostJoined, _place: float) -> None:
    """Somebody will be there."""
    incident, keepers = _keepers(draft, event)
    keepers.append({"who": event.who, "there_at": None})
    _stepped(draft, incident, event, "post_joined")


def left(draft: Draft, event: ac.PostLeft, _place: float) -> None:
    """Somebody will not be there after all, or was there and has left."""
    incident, keepers = _keepers(draft, event)
    was_there = any(k["who"] == event.who and k["there_at"] for k in keepers)
    keepers[:] = [k for k in keepers if k["who"] != event.who]
    _stepped(draft, incident, event, "post_gone" if was_there else "post_left")


def checked_in(draft: Draft, event: ac.PostCheckedIn, _place: float) -> None:
    """Somebody is there."""
    incident, keepers = _keepers(draft, event)
    for keeper in keepers:
        if keeper["who"] == event.who:
            keeper["there_at"] = event.at.isoformat()
    _stepped(draft, incident, event, "post_checked_in")


def told(draft: Draft, event: ac.PostsTold, _place: float) -> None:
    """The verifiers heard of these posts; who heard that one lacks people knows that it is there."""
    incident = draft.edit(f"incident:{event.incident_id}")
    for post in _posts(incident):
        if post["id"] in event.posts:
            post["told"] = list(dict.fromkeys((*post["told"], "open", event.what)))
    happened(draft, incident, event, "posts_told", reason=event.what, posts=len(event.posts))


def _keepers(draft: Draft, event: ac.PostEvent) -> tuple[Document, list[Document]]:
    """The incident, and who keeps the post; nobody does one that is gone."""
    incident = draft.edit(f"incident:{event.incident_id}")
    found = next((p for p in _posts(incident) if p["id"] == event.post_id), None)
    return incident, found["keepers"] if found else []


def _stepped(draft: Draft, incident: Document, event: Any, what: What) -> None:
    happened(draft, incident, event, what, member=event.member, post=event.post_id, who=event.who)
