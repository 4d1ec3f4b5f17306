"""What each act's form offers to choose from, and the words that the answers build."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from services.console.decide import views
from services.console.decide.aftercare_views import became, counts
from services.console.decide.already import own_sighting
from services.console.decide.askable import can_be_asked
from services.console.decide.draft import Document
from services.console.decide.guided import answers_of, built, doubts
from services.console.decide.known_so_far import known_so_far
from services.console.decide.local_times import checks_after
from services.console.decide.near import neighbours, same_world
from services.console.decide.page_acts import offered, role_in
from services.console.desk import of_groups
from services.console.door import Console
from services.console.foretelling import reports_say
from services.console.web.desk.doing import Doing
from services.console.web.desk.forms import FATES
from services.console.web.desk.pictures import PICTURES, IncidentPicture
from services.console.web.desk.placing import place_choices
from services.console.web.desk.words import DESK
from shared.contracts.base import HUB
from shared.contracts.desk import Tally

_NO_MARKS: Final = dict.fromkeys((0x2066, 0x2069))
_NO_SIGHTING: Final = ("not_confirmed", "other_agency", "officers_left", "retract")
_MOST_NEAR: Final = 60


async def choices_for(doing: Doing) -> dict[str, Any]:
    """The further values of this act's template."""
    maker = _MAKERS.get(doing.act.name)
    return await maker(doing) if maker else {}


async def _confirm(doing: Doing) -> dict[str, Any]:
    """The questions; once answered (or passed over), the words that they make and what they ask for."""
    incident, typed = doing.incident, doing.typed
    proposed = incident.get("proposed") or {}
    if not {"text", "built", "write"} & typed.one.keys() and not proposed:
        return {"template": "confirm_questions.html", **await _known(doing)}
    answers = answers_of(typed.one, typed.all("signs"))
    language = await _language(doing.console, incident)

    def word(key: str, **values: object) -> str:
        # What goes out is plain text: the marks that a page needs around figures stay here.
        return DESK.say(language, key, **values).translate(_NO_MARKS)

    text = typed.get("text") or proposed.get("text") or (built(answers, word) if "built" in typed.one else "")
    return {
        "template": "confirm_words.html",
        "text": text,
        "ask": typed.get("ask") or proposed.get("ask") or "NONE",
        "setting": typed.get("setting") or proposed.get("setting") or await _setting(doing),
        "doubts": doubts(answers) if "built" in typed.one else [],
        "language": DESK.say(language, "language_name"),
        "text_lang": language,
    }


async def _setting(doing: Doing) -> str:
    """Where people are, as most reports say."""
    return await reports_say(doing.console, doing.incident) or "other"


async def _known(doing: Doing) -> dict[str, Any]:
    """What is known so far, and from whom."""
    picture = await _picture(doing)
    reports = [r for fold in picture.folds for r in (fold.first, *fold.copies)]
    return {"known": known_so_far(doing.incident, reports), "names": picture.names, "now": picture.now}


async def _language(console: Console, incident: Document) -> str:
    """In which language the community reads: the first of the first group's that the catalog has."""
    groups = await console.store.many("group", [share["group"] for share in incident.get("groups", ())])
    wished = [language for g in groups for language in g["definition"].get("languages", ())]
    return next((language for language in wished if language in DESK.languages), "en")


async def _merge(doing: Doing) -> dict[str, Any]:
    console, actor, incident = doing.console, doing.actor, doing.incident
    known = await of_groups(console, actor, "open", "incident")
    others = [d for d in known if views.may_see(d, actor.roles)][:_MOST_NEAR]
    texts = {d["id"]: await _texts(console, d) for d in [incident, *others]}
    apart = any(not same_world(other, incident) for other in others)
    return {"near": neighbours(incident, texts[incident["id"]], others, texts), "apart": apart}


async def _texts(console: Console, incident: Document) -> list[str]:
    return [r.get("text") or "" for r in await console.store.reports_of(incident, limit=8)]


async def _reports(doing: Doing) -> dict[str, Any]:
    picture = await _picture(doing)
    return {"folds": picture.folds, "now": picture.now}


async def _figures(doing: Doing) -> dict[str, Any]:
    """From whom and when the numbers are that the form is filled in with, where somebody said any."""
    steps = [s for s in doing.incident.get("timeline", ()) if s["what"] in {"ended", "accounted", "reopened"}]
    last = steps[-1] if steps and doing.incident.get("status") in {"officers_left", "aftercare"} else None
    if last is None or last["what"] == "reopened":
        return {"said_before": None}
    names = await doing.console.store.names_of({last["member"]})
    said = {"name": names.get(last["member"]), "at": last["at"]}
    return {"said_before": said, "now": await doing.request.app[PICTURES].now()}


async def _askable(doing: Doing) -> dict[str, Any]:
    """The reports whose senders can be asked, each with whether it is a copy; how many others there are."""
    picture = await _picture(doing)
    known = [(r, r is not fold.first) for fold in picture.folds for r in (fold.first, *fold.copies)]
    found = [(report, copy) for report, copy in known if can_be_asked(report, picture.now)]
    return {"askable": found, "unreachable": len(known) - len(found), "now": picture.now}


async def _picture(doing: Doing) -> IncidentPicture:
    return await doing.request.app[PICTURES].incident(doing.incident)


async def _fates(doing: Doing) -> dict[str, Any]:
    """What is known of those who were taken, who could follow it up, and when it could be looked at next."""
    after = doing.incident.get("aftercare") or {}
    people = after.get("people") or []
    concerned, owner = await _concerned(doing), after.get("owner")
    now = await doing.request.app[PICTURES].now()
    return {
        "fates": Counter(person["fate"] for person in people),
        "arrested": counts(doing.incident)["arrested"],
        "became_of": became(doing.incident),
        "tally": Tally.model_validate(doing.incident.get("tally") or {}),
        "known": FATES,
        "persons": people,
        "people": concerned,
        "owner_now": next((m["name"] for m in concerned if m["member"] == owner), ""),
        "check_now": after.get("check_at"),
        "checks": checks_after(now),
        "now": now,
    }


async def _post(doing: Doing) -> dict[str, Any]:
    return {"now": await doing.request.app[PICTURES].now()}


async def _people(doing: Doing) -> dict[str, Any]:
    """Who could take it over: others of the groups concerned."""
    return {"people": [m for m in await _concerned(doing) if m["member"] != doing.actor.member]}


async def _concerned(doing: Doing) -> list[Document]:
    """The members of the groups concerned, by name."""
    members = await doing.console.store.listed("members", "member")
    concerned = set(doing.incident.get("seen_by", ())) - {HUB}
    found = [m for m in members if concerned & m["roles"].keys()]
    return sorted(found, key=lambda m: m.get("name", "").casefold())


async def _others(doing: Doing) -> dict[str, Any]:
    """The groups that could be asked for help."""
    groups = await doing.console.store.listed("groups", "group")
    known = set(doing.incident.get("seen_by", ()))
    names = [{"id": g["id"], "name": g["definition"]["name"]} for g in groups if g["id"] not in known]
    return {"others": sorted(names, key=lambda g: g["name"].casefold())}


async def _instead(doing: Doing) -> dict[str, Any]:
    """What they said before, and what else they may have found: that there is nothing, or that it is over."""
    role = role_in(doing.incident, doing.actor.roles)
    possible = {act.name for act in offered(doing.incident, role, mine=False)}
    return {
        "before": own_sighting(doing.incident, doing.actor.member),
        "now": await doing.request.app[PICTURES].now(),
        "instead": [name for name in _NO_SIGHTING if name in possible],
    }


_MAKERS: Final[Mapping[str, Callable[[Doing], Awaitable[dict[str, Any]]]]] = {
    "confirm": _confirm,
    "place": place_choices,
    "merge": _merge,
    "split": _reports,
    "ask": _askable,
    "hand_over": _people,
    "account": _fates,
    "post": _post,
    "seen": _instead,
    "aftercare": _figures,
    "officers_left": _figures,
    "closed": _figures,
    "escalate": _others,
}
