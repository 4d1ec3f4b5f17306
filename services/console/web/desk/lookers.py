"""Who looks, and where they were when they looked last: marks per member and incident, which may be lost."""

from typing import Final

from services.console.decide.draft import Document
from services.console.decide.looked import mark_of
from services.console.door import Actor, Console
from services.console.web.desk.fragments import Looker
from services.console.web.desk.pictures import ListPicture

_LIFE_S: Final = 7 * 24 * 3600


async def looker_of(console: Console, actor: Actor, picture: ListPicture) -> Looker:
    """The member with what they saw of each incident before."""
    ids = [i["id"] for i in picture.incidents]
    marks = await console.brief.get(*(_key(actor, i) for i in ids)) if ids else []
    return Looker(actor.member, actor.roles, dict(zip(ids, marks, strict=True)))


async def looked(console: Console, actor: Actor, incident: Document) -> str | None:
    """Note that the member sees the incident as it is now; what they had seen before."""
    key = _key(actor, incident["id"])
    (before,) = await console.brief.get(key)
    await console.brief.put(key, mark_of(incident), life_s=_LIFE_S)
    return before


def _key(actor: Actor, incident: str) -> str:
    return f"looked:{actor.member}:{incident}"
