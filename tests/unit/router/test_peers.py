"""Another hub's word: judged, joined by name, told back; evidence and never a command."""

from typing import Any

import pytest

from services.router.decide.snapshot import incident_from, snapshot_of
from shared.contracts import desk
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.base import HUB, Position
from shared.contracts.peers import PassedOn
from tests.unit.router.conftest import GLASGOW, group

THERE = Position(lat=55.8425, lon=-4.2790, accuracy_m=40)
RAID = "immigration officers taking people out of a shop, two vans"
RAIDS = (
    "immigration officers raiding the bakery",
    "home office van at the car wash, they took a man",
    "immigration vans at the nail bar, officers inside now",
    "big immigration raid, restaurant kitchen, workers held",
    "enforcement officers on the building site asking for papers",
)
MINUTE = 60


def word(says: str = "unconfirmed", *, hub: str = "leeds", about: str = "i1", **more: Any) -> dict[str, Any]:
    """What a bridge makes of a letter of that hub's."""
    passed = PassedOn.model_validate({"hub": hub, "about": about, "via": (hub,), "says": says, **more})
    return {"sender": f"{hub}/{about}", "passed_on": passed}


@pytest.fixture
def at_glasgow(story: Any) -> Any:
    """A hub with Glasgow's people, and a group that stands for the hub of Leeds."""
    story.define(group("leeds", 53.80, -1.55, peer="leeds"))
    return story


@pytest.fixture
def at_leeds(story: Any) -> Any:
    """A hub for which Glasgow is another hub's, though a group of its own is next to it."""
    story.define(GLASGOW.model_copy(update={"peer": "glasgow"}))
    story.define(group("paisley", 55.8425, -4.2790, 500))
    return story


def told(story: Any) -> list[tuple[str, str, str]]:
    """Who was told what by the last input, peers' groups among them."""
    alerts: list[tuple[str, str, str]] = story.alerts()
    return alerts


def by_glasgow(story: Any, command: type[desk.DeskCommand], **fields: Any) -> Any:
    (incident,) = story.incidents()
    about = {"member": "d-glasgow", "group": "glasgow", "incident_id": incident.id, **fields}
    return story.command(command, after_s=MINUTE, **about)


class TestWhatIsPassedOnToUs:
    def test_the_first_word_is_judged_as_any_report_and_reaches_our_verifiers(self, at_glasgow: Any) -> None:
        answer = at_glasgow.report(RAID, position=THERE, **word())
        assert answer.outcome == "opened"
        assert told(at_glasgow) == [("glasgow", "verifiers", "UNCONFIRMED")]
        (incident,) = at_glasgow.incidents()
        assert incident.status == "unconfirmed"

    def test_what_it_says_later_joins_what_its_first_word_became(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        answer = at_glasgow.report("more of them now", after_s=MINUTE, **word("update"))
        assert (answer.outcome, answer.reason) == ("attached", "word_of_another_hub")
        assert len(at_glasgow.incidents()) == 1

    def test_a_person_confirmed_it_there_so_here_it_is_likely_and_no_more(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        at_glasgow.report(RAID, after_s=MINUTE, **word("confirmed"))
        assert told(at_glasgow) == [("glasgow", "verifiers", "LIKELY")]
        (incident,) = at_glasgow.incidents()
        assert incident.status == "likely"

    @pytest.mark.parametrize("says", ["over", "wrong", "not_confirmed"])
    def test_that_it_ended_ends_nothing_but_asks_our_verifiers(self, at_glasgow: Any, says: str) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        by_glasgow(at_glasgow, desk.Confirm)
        at_glasgow.report("", after_s=MINUTE, **word(says))
        assert told(at_glasgow) == [("glasgow", "verifiers", "UPDATE")]
        (incident,) = at_glasgow.incidents()
        assert incident.status == "confirmed"

    @pytest.mark.parametrize("says", ["over", "wrong", "not_confirmed"])
    def test_the_end_of_what_we_never_heard_of_opens_nothing(self, at_glasgow: Any, says: str) -> None:
        assert at_glasgow.report(RAID, position=THERE, **word(says)).reason == "nothing_to_update"
        assert not at_glasgow.incidents()

    def test_news_that_waited_for_the_link_is_looked_at_by_a_person_first(self, at_glasgow: Any) -> None:
        heard = at_glasgow.now
        late = at_glasgow.report(RAID, position=THERE, observed_at=heard, after_s=11 * MINUTE, **word())
        assert (late.outcome, late.reason) == ("held", "came_late")
        (held,) = at_glasgow.state.all_held.values()
        assert held.groups == ("glasgow",)
        in_time = word(about="i2")
        said = at_glasgow.report(RAIDS[0], position=THERE, observed_at=at_glasgow.now, after_s=60, **in_time)
        assert said.outcome == "opened"

    def test_more_of_what_had_fallen_silent_is_open_again(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        for _ in range(10):
            at_glasgow.tick(after_s=15 * MINUTE)
        assert [i.status for i in at_glasgow.incidents()] == ["no_news"]
        at_glasgow.report("they are still in there", **word("likely"))
        assert told(at_glasgow) == [("glasgow", "verifiers", "UPDATE")]
        assert [i.status for i in at_glasgow.incidents()] == ["unconfirmed"]

    def test_one_hub_is_one_voice_however_many_incidents_it_names(self, at_glasgow: Any) -> None:
        for n in range(5):
            said = f"{RAID}, number {n} says {'abcde'[n] * 9}"
            at_glasgow.report(said, position=THERE, after_s=MINUTE, **word(about=f"i{n}"))
        assert [len(i.support) for i in at_glasgow.incidents()] == [1]
        assert at_glasgow.incidents()[0].status == "unconfirmed"

    def test_its_text_is_no_command(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        (incident,) = at_glasgow.incidents()
        at_glasgow.report(f"OVER {incident.code}", after_s=MINUTE, **word("update"))
        assert at_glasgow.incidents()[0].status == "unconfirmed"

    def test_the_same_letter_twice_is_one_report(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, report_id="same", **word())
        again = at_glasgow.report(RAID, position=THERE, report_id="same", **word())
        assert again.reason == "duplicate_report"


class TestWhatWeTellBack:
    def test_who_told_us_is_told_of_each_change_by_people(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        by_glasgow(at_glasgow, desk.Confirm)
        assert ("leeds", "verifiers", "CONFIRMED") in told(at_glasgow)
        by_glasgow(at_glasgow, desk.End, stage="officers_left")
        assert ("leeds", "verifiers", "OVER") in told(at_glasgow)

    def test_that_it_was_nothing_too(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        by_glasgow(at_glasgow, desk.Reject, outcome="retracted")
        assert ("leeds", "verifiers", "NOT_CONFIRMED") in told(at_glasgow)

    def test_by_the_name_that_it_has_there(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word(about="their-name"))
        by_glasgow(at_glasgow, desk.Confirm)
        bodies: dict[Any, Any] = {
            (a.group, a.audience): a.body for a in at_glasgow.events if isinstance(a, AlertRaised)
        }
        to_leeds, to_people = bodies["leeds", "verifiers"], bodies["glasgow", "community"]
        assert isinstance(to_leeds, AlertBody)
        assert [(p.hub, p.about) for p in to_leeds.peers] == [("leeds", "their-name")]
        assert isinstance(to_people, AlertBody)
        assert not to_people.peers, "the community is not told by which hubs it came"

    def test_a_hub_that_no_group_stands_for_is_told_nothing(self, story: Any) -> None:
        story.report(RAID, position=THERE, **word())
        by_glasgow(story, desk.Confirm)
        assert {g for g, _, _ in told(story)} == {"glasgow"}

    def test_it_outlives_that_the_log_forgets(self, at_glasgow: Any) -> None:
        at_glasgow.report(RAID, position=THERE, **word())
        (incident,) = at_glasgow.incidents()
        carried = incident_from(snapshot_of(incident))
        assert (carried.peers, carried.told) == (incident.peers, incident.told)


class TestWhatIsPassedOnByUs:
    def test_another_hub_is_told_of_everything_at_once_since_it_spares_its_people_itself(
        self, at_leeds: Any
    ) -> None:
        for n, said in enumerate(RAIDS):
            there = Position(lat=55.80 + n / 100, lon=-4.32, accuracy_m=20)
            at_leeds.report(said, position=there, sender=f"s{n}", after_s=20)
            assert ("glasgow", "verifiers", "UNCONFIRMED") in told(at_leeds), said

    def test_it_gets_no_digest_and_is_on_nobodys_ladder(self, at_leeds: Any) -> None:
        at_leeds.report(RAID, position=Position(lat=55.81, lon=-4.32, accuracy_m=20), sender="s1")
        at_leeds.report("vans in Glasgow, think it's immigration", sender="s2", after_s=20)
        for _ in range(20):
            at_leeds.tick(after_s=4 * MINUTE)
            assert not [t for t in told(at_leeds) if t[2] in {"DIGEST", "UPDATE"}]
        (incident,) = at_leeds.incidents()
        assert incident.rung == 0

    def test_a_group_of_ours_is_brought_further_though_a_hub_was_told_too(self, at_leeds: Any) -> None:
        at_leeds.report(RAID, position=THERE, sender="anna")
        for _ in range(4):
            at_leeds.tick(after_s=2 * MINUTE)
            if told(at_leeds):
                break
        assert told(at_leeds) == [("paisley", "verifiers", "UPDATE")]


class TestWhatComesBackToUs:
    def tell(self, story: Any) -> str:
        """A report of Glasgow's at the hub of Leeds; what the incident is called there."""
        story.report(RAID, position=THERE, sender="anna")
        assert ("glasgow", "verifiers", "UNCONFIRMED") in told(story)
        (incident,) = story.incidents()
        return str(incident.id)

    def answer(self, says: str, answers: str) -> dict[str, Any]:
        return word(says, hub="glasgow", about="g1", answers=answers)

    def test_a_confirmation_is_evidence_for_everybody_else(self, at_leeds: Any) -> None:
        ours = self.tell(at_leeds)
        at_leeds.report("", after_s=MINUTE, **self.answer("confirmed", ours))
        assert told(at_leeds) == [("paisley", "verifiers", "LIKELY")], "not to who said it"
        (incident,) = at_leeds.incidents()
        assert incident.status == "likely"

    def test_the_all_clear_asks_our_verifiers_and_ends_nothing(self, at_leeds: Any) -> None:
        ours = self.tell(at_leeds)
        answer = at_leeds.report("", after_s=MINUTE, **self.answer("over", ours))
        assert (answer.outcome, answer.incident_id) == ("attached", ours)
        assert told(at_leeds) == [("paisley", "verifiers", "UPDATE")]
        (incident,) = at_leeds.incidents()
        assert incident.live
        assert incident.said_over_at is not None

    def test_an_answer_about_what_it_was_never_told_of_is_refused(self, at_leeds: Any) -> None:
        at_leeds.report(RAID, position=Position(lat=51.473, lon=-0.066), sender="ben")
        (incident,) = at_leeds.incidents()
        answer = at_leeds.report("", after_s=MINUTE, **self.answer("wrong", incident.id))
        assert (answer.outcome, answer.reason) == ("ignored", "answer_of_a_hub_that_was_not_asked")
        assert not told(at_leeds)

    @pytest.mark.parametrize("name", ["i0000", "x"])
    def test_nor_is_one_about_nothing(self, at_leeds: Any, name: str) -> None:
        assert at_leeds.report(RAID, **self.answer("over", name)).reason.startswith("answer_of")

    def test_two_hubs_never_chat(self, at_leeds: Any) -> None:
        """However often each says it, nothing comes of it that the other would be told."""
        ours = self.tell(at_leeds)
        for says in ("likely", "confirmed", "confirmed", "over", "over", "update"):
            at_leeds.report("", after_s=MINUTE, **self.answer(says, ours))
            assert not [t for t in told(at_leeds) if t[0] == "glasgow"]


def test_only_an_operator_says_that_a_group_stands_for_another_hub(at_leeds: Any) -> None:
    roles: Any = {"hackney": "admin"}
    add = {"member": "op", "group": HUB, "new_member": "adam", "roles": roles, "token_sha256": "0" * 64}
    at_leeds.command(desk.AddMember, **add)
    own, by_adam = at_leeds.state.groups["hackney"].definition, {"member": "adam", "group": "hackney"}
    claims = own.model_copy(update={"peer": "glasgow"})
    assert at_leeds.command(desk.DefineGroup, definition=claims, **by_adam).reason == "role_too_low"
    assert at_leeds.command(desk.DefineGroup, definition=own, **by_adam).outcome == "applied"
