"""The parts of the desk's pages that change while one looks: the list, and one incident.

A fragment depends on the picture, the language, and of whoever looks only on what they may do. It holds no
token and no field that is typed into, so it can be pushed into an open page, and it equals what a fresh page
would show.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from services.console.decide import views
from services.console.decide.aftercare_views import aftercare, became
from services.console.decide.desk_list import arranged
from services.console.decide.draft import Document
from services.console.decide.heard import queued
from services.console.decide.history import lines
from services.console.decide.latest import latest_sighting
from services.console.decide.looked import fresh, others_did, version_of
from services.console.decide.muted import all_muted, muted_reports
from services.console.decide.next_act import next_act
from services.console.decide.on_it import how_cared_for, on_it
from services.console.decide.page_acts import (
    ACTS,
    POST_ACTS,
    by_kind,
    groups_that_let,
    lets,
    may,
    may_mute,
    offered,
    role_in,
)
from services.console.decide.post_views import posts_of
from services.console.decide.said_over import Said, to_look_at
from services.console.decide.tellings import told_of
from services.console.decide.waiting import waiting_in
from services.console.stops import keeps
from services.console.web.desk.pictures import IncidentPicture, ListPicture
from services.console.web.desk.render import fragment
from shared.contracts.desk import ReleaseReport, Unmute
from shared.words.shift_card import shift_card

_MOST_SHOWN = 60
_MOST_HELD = 12
_FIRST_FOLDS = 5
_MOST_FOLDS = 25
_MOST_COPIES = 8
_MOST_STEPS = 4
"""What happened last; what was before lies folded."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks: their id, their roles, and what they saw of each incident."""

    member: str
    roles: Mapping[str, str]
    marks: Mapping[str, str | None]

    @property
    def wordless(self) -> bool:
        """Whether they only operate the hub, and so see no words and no place."""
        return not views.reads_words(self.roles)


def list_fragment(picture: ListPicture, looker: Looker, language: str) -> str:
    """The incidents by urgency, and the quiet drawers."""
    sections = {
        name: [_card(picture, incident, looker, language) for incident in members[:_MOST_SHOWN]]
        for name, members in arranged(picture.incidents, picture.now).items()
    }
    held = sorted(picture.held, key=lambda h: (str(h["at"]), h["report_id"]), reverse=True)
    return fragment(
        "list_live.html",
        language,
        sections=sections,
        held=[views.held(h, looker.roles) for h in held[:_MOST_HELD]],
        held_count=len(held),
        oldest=held[-1]["at"] if held else None,
        watches=picture.watches,
        mutes=picture.mutes,
        decides={h["report_id"] for h in held if lets(h["groups"], looker.roles, ReleaseReport)},
        unmutes=groups_that_let(looker.roles, Unmute),
        floods=picture.floods,
        exercises=picture.exercises,
        names=picture.names,
        groups=picture.groups,
        stopped=picture.stopped,
        money=picture.money,
        waiting=waiting_in(picture.incidents, picture.groups),
        now=picture.now,
        wordless=looker.wordless,
    )


def list_news(picture: ListPicture, looker: Looker) -> str:
    """A mark of what others did: an open list says that something changed when it does."""
    others = (*picture.mutes, *picture.floods, *picture.exercises)
    rest = sorted(str(d.get("mute_id") or d) for d in others if d["member"] != looker.member)
    newest = max(((h["at"], h["report_id"]) for h in picture.held), default=())
    watches = sorted(w["watch_id"] for w in picture.watches)
    return "-".join((others_did(picture.incidents, looker.member), version_of(repr((rest, newest, watches)))))


def incident_news(picture: IncidentPicture, looker: Looker) -> str:
    """The same of one incident."""
    return others_did([picture.incident], looker.member)


def _card(picture: ListPicture, incident: Document, looker: Looker, language: str) -> Markup:
    """One incident; made once for all to whom it looks the same."""
    claim = on_it(incident, picture.now)
    news = fresh(incident, looker.marks.get(incident["id"]), looker.member)
    mine = claim is not None and claim.member == looker.member
    me = looker.member if any(v["member"] == looker.member for v in incident.get("visits", ())) else ""
    key = ("card", incident["id"], language, mine, me, looker.wordless, repr(news))
    if key not in picture.made:
        picture.made[key] = fragment(
            "card.html",
            language,
            incident=incident,
            claim=claim,
            mine=mine,
            care=how_cared_for(incident, picture.now),
            me=me,
            news=news,
            names=picture.names,
            now=picture.now,
            wordless=looker.wordless,
        )
    return Markup(picture.made[key])  # noqa: S704 - made by a template that escapes


def incident_fragment(picture: IncidentPicture, looker: Looker, language: str) -> str:
    """All that is known of one incident, and what this member can do about it."""
    incident = picture.incident
    claim = on_it(incident, picture.now)
    mine = claim is not None and claim.member == looker.member
    role = role_in(incident, looker.roles)
    step = next((v["step"] for v in incident.get("visits", ()) if v["member"] == looker.member), None)
    posts = posts_of(incident, picture.names, looker.member, picture.now, wordless=looker.wordless)
    muted = muted_reports(picture.folds, [m for m in picture.mutes if m["group"] in looker.roles])
    unmutes = groups_that_let(looker.roles, Unmute)
    quiet = all_muted(incident, picture.folds, muted)
    said = said_in(picture, muted)
    told = said.what if said else None
    next_ = next_act(incident, looker.member, dict(looker.roles), picture.now, muted=quiet, said=told)
    acts = [act for act in offered(incident, role, mine=mine, step=step) if act.name != next_.act]
    kept = tuple((post.id, post.mine.state) for post in posts if post.mine)
    by = looker.member if step else ""
    runs = frozenset(group for group, role_ in looker.roles.items() if role_ == "admin")
    may_see = (looker.wordless, kept, frozenset(muted), frozenset(unmutes), runs)
    key = ("incident", language, mine, role, step, by, next_, may_see)
    if key not in picture.made:
        picture.made[key] = fragment(
            "incident_live.html",
            language,
            **_facts(picture, wordless=looker.wordless),
            claim=claim,
            mine=mine,
            care=how_cared_for(incident, picture.now),
            next=next_,
            reports_say=said,
            next_act=ACTS[next_.act] if next_.act else None,
            acts=by_kind(acts),
            after=aftercare(incident, picture.names, wordless=looker.wordless, always=_is_after(incident)),
            posts=posts,
            after_acts=_after_acts(incident, role),
            card=shift_card(language),
            muted=muted,
            unmutes=unmutes,
            runs=runs,
            me=by,
            may_mute=may_mute(incident, looker.roles),
        )
    return picture.made[key]


def said_in(picture: IncidentPicture, muted: Collection[str]) -> Said | None:
    """What reports say and none of ours has looked at; what is muted says nothing."""
    known = (r for fold in picture.folds for r in (fold.first, *fold.copies))
    return to_look_at(picture.incident, (r for r in known if r["report_id"] not in muted))


def _is_after(incident: Document) -> bool:
    return incident.get("status") in {"officers_left", "aftercare"}


def _after_acts(incident: Document, role: str | None) -> set[str]:
    """What this member may do about the people taken and the posts."""
    acts = {**POST_ACTS, **{name: ACTS[name] for name in ("account", "post")}}
    return {name for name, act in acts.items() if may(role, act) and incident.get("status") in act.when}


def _facts(picture: IncidentPicture, *, wordless: bool) -> dict[str, Any]:
    incident = picture.incident
    groups = {g["id"]: g["definition"]["name"] for g in picture.groups}
    return {
        "incident": incident,
        "into": picture.into,
        "map": None if wordless else picture.map,
        "map_credit": picture.map_credit,
        "folds": picture.folds[:_MOST_FOLDS],
        "first_folds": _FIRST_FOLDS,
        "more_folds": max(0, len(picture.folds) - _MOST_FOLDS),
        "most_copies": _MOST_COPIES,
        "most_steps": _MOST_STEPS,
        "stopped": picture.stopped,
        "held": lambda group: keeps(picture.stopped, group),
        "told": told_of(picture.alerts),
        "queued": queued(incident),
        "timeline": list(reversed(lines(incident.get("timeline", ())))),
        "reasons": incident.get("reasons", {}),
        "fates": became(incident),
        "sighting": latest_sighting(incident, [r for f in picture.folds for r in (f.first, *f.copies)]),
        "names": picture.names,
        "group_names": groups,
        "now": picture.now,
        "wordless": wordless,
    }
