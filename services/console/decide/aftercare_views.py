"""What came after, as the desk shows it: counts, tags, who follows up, the posts and their people. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from services.console.decide.draft import Document

Names = Mapping[str, str]


def aftercare(incident: Document, names: Names, *, wordless: bool, always: bool = False) -> Document | None:
    """All that is known of the people taken; None where there is nobody and no post (unless `always`)."""
    after = incident.get("aftercare") or {}
    people = after.get("people") or []
    posts = sorted(after.get("posts") or [], key=lambda post: (post["begins"], post["id"]))
    if not (people or posts or always):
        return None
    owner = after.get("owner")
    return {
        **counts(incident),
        "fates": dict(Counter(person["fate"] for person in people)),
        "people": people,
        "owner": {"member": owner, "name": names.get(owner, "")} if owner else None,
        "check_at": after.get("check_at"),
        "posts": [_post(post, names, wordless=wordless) for post in posts],
    }


def counts(incident: Document) -> dict[str, int]:
    """How many were taken, and of how many nothing is known."""
    people = (incident.get("aftercare") or {}).get("people") or []
    unknown = sum(person["fate"] == "unknown" for person in people)
    return {"arrested": len(people), "unaccounted": unknown}


def _post(post: Document, names: Names, *, wordless: bool) -> Document:
    keepers = [{**k, "name": names.get(k["who"], "")} for k in post["keepers"]]
    shown: dict[str, Any] = {name: post[name] for name in ("id", "group", "begins", "ends", "needed", "told")}
    return {**shown, "label": None if wordless else post["label"], "keepers": keepers}


def people_named(incident: Document) -> set[str]:
    """The members that it names (a volunteer's tag names none)."""
    after = incident.get("aftercare") or {}
    keepers = {k["who"] for post in after.get("posts") or () for k in post["keepers"]}
    return {*keepers, *([after["owner"]] if after.get("owner") else [])}
