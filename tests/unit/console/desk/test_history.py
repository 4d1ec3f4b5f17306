"""The history and what is new in it: every kind of step is named to whoever comes back, or says why not."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from services.console.decide.draft import Draft
from services.console.decide.history import NAMED, SILENT, What, lines
from services.console.decide.looked import fresh, mark_of
from services.console.decide.project import needs, project
from services.console.web.desk.words import DESK
from shared.contracts import aftercare as ac
from shared.contracts.base import Position
from shared.contracts.desk import RejectAs, Step
from tests.rigs.desk import DeskRig, desk_rig
from tests.rigs.desk_pages import browser

from .test_thinking import NOW, at, incident

HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
_IN_PARTS: dict[str, tuple[str, ...]] = {
    "attended": get_args(Step),
    "rejected": get_args(RejectAs),
    "ended": ("officers_left", "aftercare", "closed"),
    "assessed": ("likely", "unconfirmed"),
    "claim_released": ("lapsed", "given_up"),
}
"""Kinds that are told by another word of the step."""


def step(what: str, n: int, member: str = "ben", **more: Any) -> dict[str, Any]:
    return {"at": at(n), "what": what, "member": member, "cause": f"DESK.{n}", **more}


def test_every_kind_of_step_is_named_or_silent_for_a_reason() -> None:
    kinds = set(get_args(What))
    assert NAMED.keys() | SILENT.keys() == kinds
    assert not NAMED.keys() & SILENT.keys()
    assert all(SILENT.values())


def test_every_kind_of_step_has_words() -> None:
    keys = {f"step_{part}" for what in get_args(What) for part in _IN_PARTS.get(what, (what,))}
    keys |= {f"step_accounted_{new}" for new in ("became", "counted", "owner", "check")}
    assert {key for key in keys if not DESK.has(key)} == set()


@pytest.mark.parametrize("what", sorted(get_args(What)))
def test_whoever_comes_back_is_told_of_what_matters_however_much_came_after(what: str) -> None:
    before = incident()
    later = [step(w, n, "cem") for n, w in enumerate(("attended", "noted", "seen", "reporter_asked"), 2)]
    now = incident(timeline=[*before["timeline"], step(what, 1), *later])
    named = [(s["what"], s["member"]) for s in fresh(now, mark_of(before), "ada").named]
    assert ((what, "ben") in named) is (what in NAMED), named
    assert ("reporter_asked", "cem") in named


def test_of_the_same_thing_the_last_word_is_named() -> None:
    before = incident()
    steps = [
        step("attended", 1, step="going"),
        step("claimed", 2, "cem"),
        step("noted", 3, text="one"),
        step("attended", 4, step="there"),
        step("noted", 5, text="two"),
        step("claim_released", 6, "", reason="lapsed"),
        step("attended", 7, "ada", step="going"),
    ]
    news = fresh(incident(timeline=[*before["timeline"], *steps]), mark_of(before), "ada")
    assert [(s["what"], s["at"]) for s in news.named] == [
        ("attended", at(4)), ("noted", at(5)), ("claim_released", at(6)),
    ]  # fmt: skip


def test_what_an_end_took_down_is_part_of_its_own_line() -> None:
    end, taken = step("ended", 1, stage="officers_left"), step("accounted", 1)
    assert lines([end, taken, step("accounted", 2)]) == [end, step("accounted", 2)]


def said(fates: dict[str, str], **more: Any) -> ac.IncidentAccounted:
    who = {"member": "ada", "group": "hackney", "incident_id": "i1", "owner": "ada"}
    kept = ac.Fates.model_validate({"people": fates})
    return ac.IncidentAccounted.model_validate(
        {"id": "DESK.9.0", "at": NOW, **who, "fates": kept, "tally": None, **more}
    )


ONE_OF_TWO = {"PAAA": "unknown", "PBBB": "released"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (said({"PAAA": "bailed", "PBBB": "released"}), {"new": "became", "became": {"bailed": 1}}),
        (said({"PAAA": "unknown", "PBBB": "charged"}), {"new": "became", "became": {"charged": 1}}),
        (said({**ONE_OF_TWO, "PCCC": "unknown"}), {"new": "counted"}),
        (said(ONE_OF_TWO, owner="ben"), {"new": "owner", "owner": "ben"}),
        (said(ONE_OF_TWO), {"new": "check"}),
    ],
)
def test_the_history_says_what_was_given_and_no_more(
    event: ac.IncidentAccounted, expected: dict[str, Any]
) -> None:
    draft = Draft()
    for one in (said(ONE_OF_TWO), event):
        for key in draft.missing(needs(draft, one)):
            draft.load(key, None)
        project(draft, one, 1)
    last = (draft.get("incident:i1") or {})["timeline"][-1]
    assert {name: last[name] for name in ("new", "became", "owner") if name in last} == expected


# --- on the page --------------------------------------------------------------------------------


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney")
        await found.member("Ada", hackney="dispatcher")
        await found.member("Ben", hackney="dispatcher")
        yield found


def _bare(page: str) -> str:
    return re.sub("[\u2066-\u2069]|<[^>]+>", "", page)


async def test_who_looked_away_reads_that_it_was_confirmed_updated_and_over(desk: DeskRig) -> None:
    await desk.report("Immigration raid at Ashwin Street E8, two vans", at=HERE, first_hand=True)
    (known,) = await desk.incidents("Ada")
    code, one = known["code"], {"incident": known["id"]}
    ben = await browser(desk, "Ben")
    await ben.get(f"/desk/{code}")
    await desk.act("claim", "Ada", **one)
    await desk.act("confirm", "Ada", **one, ask="NONE", text="Two vans.")
    await desk.act("update", "Ada", **one, ask="NONE", text="Still there.")
    await desk.act("end", "Ada", **one, stage="officers_left", let_go=1, taken=2, unknown=0)
    await desk.act("attend", "Ada", **one, step="there")
    await desk.act("account", "Ada", **one, became=[{"fate": "released", "number": 1}])
    await desk.rig.shown()
    page = await ben.get(f"/desk/{code}")
    since = _bare(page.partition('class="since"')[2].partition('id="live"')[0])
    for words in ("Ada confirmed it", "Ada sent an update", "Ada: officers have left", "Ada is there"):
        assert words in since, since
    assert "Let go: 1 · taken: 2 · not known whether taken: 0" in since
    assert "Ada said what became of those taken: Released: 1" in since
    happened = _bare(page.partition('id="h-time"')[2])
    assert happened.count("said what became of those taken") == 1, "numbers alone are no word of that"
    assert "Ada: officers have left. Let go: 1" in happened
