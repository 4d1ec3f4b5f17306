"""What came after, as the desk shows it: counts, tags, who follows up, the posts and their people. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from services.console.decide.draft import Document
from shared.tallies import held

Names = Mapping[str, str]
_TELLING: Final = frozenset({"ended", "updated"})
"""Steps by which everybody who was told hears the numbers as they are."""


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
        "fates": fates(incident),
        "people": people,
        "owner": {"member": owner, "name": names.get(owner, "")} if owner else None,
        "check_at": after.get("check_at"),
        "posts": [_post(post, names, wordless=wordless) for post in posts],
    }


def counts(incident: Document) -> dict[str, int]:
    """How many were taken, or may have been, and of how many nothing is known."""
    followed = held(person["fate"] for person in (incident.get("aftercare") or {}).get("people") or [])
    return {"arrested": len(followed), "unaccounted": followed.count("unknown")}


def fates(incident: Document) -> dict[str, int]:
    """What became of everybody followed up, in numbers."""
    return dict(Counter(p["fate"] for p in (incident.get("aftercare") or {}).get("people") or []))


def became(incident: Document) -> dict[str, int]:
    """What became of those who were taken, in numbers: `fate_…`; and of how many even that is not known.

    Somebody of whom nothing is known was taken, or may have been: two numbers, as everybody was told them.
    """
    known = {f"fate_{fate}": n for fate, n in fates(incident).items() if fate not in {"let_go", "unknown"}}
    nothing = counts(incident)["unaccounted"]
    unsure = min(nothing, (incident.get("tally") or {}).get("unknown", 0))
    found = {"fate_taken_unknown": nothing - unsure, "unknown": unsure, **known}
    return {word: number for word, number in found.items() if number}


def untold(incident: Document) -> bool:
    """Whether it is known better what became of them than those who were told have heard."""
    told: tuple[Any, Any] = (None, None)
    known: Any = None
    for step in incident.get("timeline", ()):
        if step.get("what") == "accounted":
            known = step.get("fates", known)
            # An end that takes people down is one telling with it.
            told = (told[0], known) if step.get("cause") == told[0] else told
        elif step.get("what") in _TELLING:
            told = (step.get("cause"), known)
    return bool(known) and known != told[1] and set(known) != {"unknown"}


def _post(post: Document, names: Names, *, wordless: bool) -> Document:
    keepers = [{**k, "name": names.get(k["who"], "")} for k in post["keepers"]]
    shown: dict[str, Any] = {name: post[name] for name in ("id", "group", "begins", "ends", "needed", "told")}
    return {**shown, "label": None if wordless else post["label"], "keepers": keepers}


def people_named(incident: Document) -> set[str]:
    """The members that it names (a volunteer's tag names none)."""
    after = incident.get("aftercare") or {}
    keepers = {k["who"] for post in after.get("posts") or () for k in post["keepers"]}
    return {*keepers, *([after["owner"]] if after.get("owner") else [])}
