"""A group's own words on its pages: two people, nothing typed is lost, refusals name the line."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.group.own_words import KINDS, SIZES
from shared.contracts import wording
from shared.contracts.base import Message
from shared.contracts.catalog import decode_all
from shared.contracts.groups import GroupDefined
from shared.contracts.own_words import GroupWords
from shared.errors import BusUnavailableError
from shared.words.own import starters
from tests.rigs.group_admin import Desk, Person, group_desk, who

G = "/groups/hackney/words"
ONE = f"{G}/CONFIRMED/short/en"
TEXT = starters()["CONFIRMED"]
MINE = TEXT.replace("immigration officers,", "raid, say our people,")


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with group_desk(tmp_path, monkeypatch) as found:
        await found.rig.group("hackney")
        await found.rig.shown()
        yield found


@pytest.fixture
async def ada(desk: Desk) -> Person:
    return await who(desk, "Ada", hackney="admin")


@pytest.fixture
async def ben(desk: Desk) -> Person:
    return await who(desk, "Ben", hackney="dispatcher")


def shown(person: Person) -> str:
    return html.unescape(person.text)


def field(person: Person, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', person.text)
    return html.unescape(found[1]) if found else ""


async def words(person: Person) -> list[dict[str, Any]]:
    return list((await person.group())["words"])


async def propose(person: Person, text: str = MINE, path: str = ONE, **more: Any) -> int:
    await person.get(path)
    return await person.send(path, text=text, newest=field(person, "newest"), propose="1", **more)


async def review(person: Person, path: str = ONE, **more: Any) -> int:
    await person.get(path)
    given: dict[str, Any] = {
        "signed_by": "Ben B",
        "signed_as": "member",
        "expires_on": field(person, "expires_on"),
    }
    version = re.findall(r'/review">.*?name="looked_at" value="(\d+)"', person.text, re.DOTALL)
    return await person.send(f"{path}/review", **{**given, "looked_at": (version or ["1"])[0], **more})


@pytest.mark.parametrize(
    ("roles", "reads", "writes", "reviews"),
    [
        ({"hackney": "admin"}, 200, 200, 409),
        ({"hackney": "dispatcher"}, 200, 403, 409),
        ({"hackney": "verifier"}, 200, 403, 403),
        ({"hub": "operator"}, 403, 403, 403),
        ({"southwark": "admin"}, 403, 403, 403),
    ],
)
async def test_whose_they_are(
    desk: Desk, roles: dict[str, str], reads: int, writes: int, reviews: int
) -> None:
    await desk.rig.group("southwark")
    person = await who(desk, "Bo", **roles)
    assert (await person.get(G), await person.get(ONE)) == (reads, reads)
    form: dict[str, Any] = {"text": MINE, "newest": "0"}
    assert await person.send(ONE, **form, look="1") == writes
    signed: dict[str, Any] = {
        "looked_at": "1",
        "signed_by": "Bo",
        "signed_as": "member",
        "expires_on": "2022-07-01",
    }
    assert await person.send(f"{ONE}/review", **signed) == reviews
    assert await person.send(f"{ONE}/withdraw", looked_at="1") == reviews
    assert await words(person) == []


async def test_every_message_can_be_chosen_and_opens(desk: Desk, ada: Person) -> None:
    await ada.get(G)
    assert "has no words of its own" in shown(ada)
    for kind in KINDS:
        for size in SIZES:
            assert await ada.get(f"{G}/write?kind={kind}&size={size}&language=ar") == 200
            assert ada.path == f"{G}/{kind}/{size}/ar"
            assert starters()[kind] in shown(ada)


@pytest.mark.parametrize("path", ["QUESTION/short/en", "CONFIRMED/tiny/en", "CONFIRMED/short/xx"])
async def test_what_is_no_message_is_not_there(desk: Desk, ada: Person, path: str) -> None:
    assert await ada.get(f"{G}/{path}") == 404
    assert await ada.send(f"{G}/{path}", text=MINE, newest="0") == 404


async def test_one_writes_another_signs_and_they_are_in_use(desk: Desk, ada: Person, ben: Person) -> None:
    assert await propose(ada) == 200
    assert "a second person has to review it" in shown(ada)
    assert (await words(ada))[0]["state"] == "waiting"
    await ben.get(ONE)
    assert MINE in shown(ben)
    assert "CONFIRMED 14/5 18:42 Hackney" in shown(ben)
    assert "raid, say our people, Ashwin St" in shown(ben)
    assert await review(ben) == 200
    (used,) = await words(ben)
    assert (used["state"], used["signed_by"], used["text"]) == ("in_use", "Ben B", MINE)
    assert await ben.get(ONE) == 200
    assert "Ben B" in shown(ben)


async def test_who_proposed_is_offered_no_review_and_refused_one(desk: Desk, ada: Person) -> None:
    await propose(ada)
    await ada.get(ONE)
    assert "somebody else has to review them" in shown(ada)
    assert "/review" not in ada.text
    version = str((await words(ada))[0]["version"])
    signed: dict[str, Any] = {"signed_by": "Ada", "signed_as": "member", "expires_on": "2022-07-01"}
    assert await ada.send(f"{ONE}/review", looked_at=version, **signed) == 409
    assert "You proposed these words" in shown(ada)
    assert (await words(ada))[0]["state"] == "waiting"


async def test_what_does_not_fit_is_refused_by_line_and_stays_typed(desk: Desk, ada: Person) -> None:
    typed = MINE.replace("{{ place }}", "there") + "\n7 {{ code.__class__ }}"
    assert await propose(ada, typed) == 422
    assert "Line 6: This is not possible here: getattr" in " ".join(shown(ada).split())
    assert typed in shown(ada)
    assert await propose(ada, MINE.replace("{{ place }}", "there")) == 422
    assert "This is missing: place." in shown(ada)
    assert await words(ada) == []


@pytest.mark.parametrize(
    "typed", ["", "<script>alert(1)</script>", "! " + "x" * 19_000, "{" * 3_000, "\x00\u202e"]
)
async def test_hostile_words_are_refused_and_shown_as_text(desk: Desk, ada: Person, typed: str) -> None:
    assert await propose(ada, typed) == 422
    assert "<script>alert" not in ada.text
    assert await words(ada) == []


async def test_looking_saves_nothing(desk: Desk, ada: Person) -> None:
    await ada.get(ONE)
    assert await ada.send(ONE, text=MINE, newest="0", look="1") == 200
    assert "ENOUGH people are there now" in shown(ada)
    assert "DRILL CONFIRMED 27/11 07:05" in shown(ada)
    assert MINE in shown(ada)
    assert await words(ada) == []


async def test_a_draft_may_be_anything_and_is_gone_on_with(desk: Desk, ada: Person, ben: Person) -> None:
    await ada.get(ONE)
    assert await ada.send(ONE, text="! half a sen", newest="0", draft="1") == 200
    assert "Kept as a draft" in shown(ada)
    await ada.get(ONE)
    assert "! half a sen" in shown(ada)
    await ben.get(ONE)
    assert "/review" not in ben.text
    assert await propose(ada) == 200
    assert [w["state"] for w in await words(ada)] == ["waiting"]


async def test_two_who_write_at_once(desk: Desk, ada: Person) -> None:
    cy = await who(desk, "Cy", hackney="admin")
    await ada.get(ONE)
    assert await propose(cy, TEXT) == 200
    assert await ada.send(ONE, text=MINE, newest="0", propose="1") == 409
    assert "Somebody else has changed these words" in shown(ada)
    assert MINE in shown(ada), "what was typed stays"
    assert TEXT in shown(ada), "and stands beside the other's"
    assert [w["text"] for w in await words(ada)] == [TEXT]
    assert await ada.send(ONE, text=MINE, newest=field(ada, "newest"), propose="1") == 200
    assert [w["text"] for w in await words(ada)] == [MINE]


async def test_who_reviews_signs_what_they_saw(desk: Desk, ada: Person, ben: Person) -> None:
    await propose(ada)
    old = str((await words(ada))[0]["version"])
    await propose(ada, TEXT)
    assert await review(ben, looked_at=old) == 409
    assert "have changed" in shown(ben) or "has changed these words" in shown(ben)
    assert [w["state"] for w in await words(ben)] == ["waiting"]


async def test_two_reviewers_at_once(desk: Desk, ada: Person, ben: Person) -> None:
    await propose(ada)
    version = str((await words(ada))[0]["version"])
    dan = await who(desk, "Dan", hackney="dispatcher")
    await dan.get(ONE)
    assert await review(ben) == 200
    assert await review(dan, looked_at=version, expires_on="2022-07-01") == 409
    assert "Somebody else has reviewed these very words already" in shown(dan)
    assert (await words(dan))[0]["signed_by"] == "Ben B"


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"signed_by": ""}, 422, "Say who stands behind these words"),
        ({"signed_as": "nobody"}, 422, "Say who stands behind these words"),
        ({"expires_on": "tomorrow"}, 422, "Say who stands behind these words"),
        ({"expires_on": "2001-01-01"}, 409, "A review holds from one day to a year"),
        ({"expires_on": "2035-01-01"}, 409, "A review holds from one day to a year"),
    ],
)
async def test_a_signature_is_whole(  # noqa: PLR0913 - who, what, and what comes of it
    desk: Desk, ada: Person, ben: Person, *, given: dict[str, str], status: int, says: str
) -> None:
    await propose(ada)
    assert await review(ben, **given) == status
    assert says in shown(ben)
    if "expires_on" in given:
        assert field(ben, "signed_by") == "Ben B", "what was typed stays"
    assert (await words(ben))[0]["state"] == "waiting"


async def test_another_language_offers_no_members_eye(desk: Desk, ada: Person, ben: Person) -> None:
    path = f"{G}/CONFIRMED/short/tr"
    await propose(ada, path=path)
    await ben.get(path)
    assert 'value="member"' not in ben.text
    assert "Gözlemle, engelleme." in shown(ben)
    assert await review(ben, path, signed_as="member") == 409
    assert "need a native reader" in shown(ben)
    assert await review(ben, path, signed_as="native_reader") == 200


async def test_withdrawn_words_are_gone_and_the_relays_said(desk: Desk, ada: Person, ben: Person) -> None:
    await propose(ada)
    await review(ben)
    version = str((await words(ben))[0]["version"])
    assert await ben.send(f"{ONE}/withdraw", looked_at=version) == 200
    assert "Withdrawn" in shown(ben)
    assert await words(ben) == []
    assert await ben.send(f"{ONE}/withdraw", looked_at=version) == 409


async def test_people_are_warned_before_the_end_and_told_of_it(desk: Desk, ada: Person, ben: Person) -> None:
    await propose(ada)
    await review(ben, expires_on=(desk.rig.clock.now().date() + timedelta(days=40)).isoformat())
    await ada.get(G)
    assert "In use, and ends soon" not in shown(ada)
    assert await ben.get("/desk") == 200
    assert "Words end soon" not in shown(ben)
    await _days_later(desk, 15, ada, ben)
    await ada.get(G)
    assert "In use, and ends soon" in shown(ada)
    await ada.get("/groups/hackney")
    assert "1 ends soon or has ended" in shown(ada)
    await ben.get("/desk")
    assert "Words end soon, or have ended." in shown(ben)
    await _days_later(desk, 30, ada, ben)
    await ada.get(G)
    assert "Ended: the relay's own words go out" in shown(ada)


async def _days_later(desk: Desk, days: int, *people: Person) -> None:
    """The same people, signed in anew: no session lasts so long."""
    desk.rig.clock.forward(hours=24 * days)
    for person, name in zip(people, ("Ada", "Ben"), strict=True):
        person.headers = await desk.rig.signed_in(name)


async def test_the_desk_says_what_waits_to_whom_may_review(desk: Desk, ada: Person, ben: Person) -> None:
    vera = await who(desk, "Vera", hackney="verifier")
    await propose(ada)
    for person, told in ((ben, True), (vera, False)):
        await person.get("/desk")
        assert ("Words wait for a second person." in shown(person)) == told


async def test_a_broker_that_is_away_keeps_what_was_typed(
    desk: Desk, ada: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ada.get(ONE)

    async def away(*_: object) -> None:
        raise BusUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(desk.rig.console.bus, "publish", away)
        assert await ada.send(ONE, text=MINE, newest="0", propose="1") == 503
        assert MINE in shown(ada)
        assert "away" in shown(ada)
    assert await words(ada) == []
    assert await ada.send(ONE, text=MINE, newest="0", propose="1") == 200
    with monkeypatch.context() as patch:
        patch.setattr(desk.rig.console.bus, "publish", away)
        assert await review(ben) == 503
        assert field(ben, "signed_by") == "Ben B"
    assert await review(ben) == 200


async def test_no_form_is_taken_without_its_token(desk: Desk, ada: Person) -> None:
    ada.headers["X-CSRF"] = "wrong"
    for form in (ONE, f"{ONE}/review", f"{ONE}/withdraw"):
        assert await ada.send(form, text=MINE, newest="0", looked_at="1") == 403
    assert await words(ada) == []


async def test_what_is_written_rests_nowhere_in_clear(desk: Desk, ada: Person, ben: Person) -> None:
    await propose(ada)
    await review(ben)
    for stream in ("DESK", "DECISIONS"):
        for seq in range(1, await desk.rig.bus.last_seq(stream) + 1):
            entry = await desk.rig.bus.get(stream, seq)
            assert entry is not None
            assert b"say our people" not in entry.body
            assert b"Ben B" not in entry.body


async def test_the_log_holds_who_proposed_and_who_reviewed(desk: Desk, ada: Person, ben: Person) -> None:
    await propose(ada)
    await review(ben)
    commands = [type(m) for m in await _all(desk, "DESK")]
    assert commands[-2:] == [wording.ProposeWords, wording.ReviewWords]
    (*_, last) = [m for m in await _all(desk, "DECISIONS") if isinstance(m, GroupDefined)]
    opened = await desk.rig.keyring.open(last)
    assert isinstance(opened.words, GroupWords)
    (used,) = opened.words.words
    assert (used.proposed_by, used.reviewed_by) == ("mada", "mben")
    await ada.get("/members/acts")
    assert "Review words that another wrote" in shown(ada)


async def _all(desk: Desk, stream: str) -> list[Message]:
    found: list[Message] = []
    for seq in range(1, await desk.rig.bus.last_seq(stream) + 1):
        entry = await desk.rig.bus.get(stream, seq)
        found += decode_all(entry) if entry else []
    return found
