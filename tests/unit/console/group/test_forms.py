"""Forms come out of the models; a secret is never typed; every part has words in every language."""

from typing import Any, Literal

import pytest
from pydantic import Field

from services.console.decide.group.answers import latest_test
from services.console.decide.group.fields import fields_of, typed_in, wrong_in
from services.console.decide.group.steps import Standing, next_step, steps
from services.console.group.pages import WORDS
from services.notifier.channels import load_channels
from shared.contracts.groups import Policy
from shared.plugins.spec import PluginSettings


class Settings(PluginSettings):
    name: str = Field(min_length=2)
    """What it is called."""
    token: str = Field(pattern=r"^(env|file):.+$")
    to: tuple[str, ...] = Field(min_length=1)
    port: int = Field(default=25, ge=1, le=99)
    manner: Literal["soft", "loud"] = "soft"
    key: str | None = Field(default=None, pattern=r"^(env|file):.+$")
    quick: bool = False
    deep: dict[str, int] = Field(default_factory=dict)


SOUND = {
    "name": "ab",
    "token": "env:T",
    "to": "x\n y \n\n",
    "port": "7",
    "manner": "loud",
    "key": "",
    "quick": "on",
}


def test_the_form_asks_what_the_model_says() -> None:
    found = {f.name: f for f in fields_of(Settings, {"to": ["a", "b"]})}
    assert {name: f.kind for name, f in found.items()} == {
        "name": "text", "token": "reference", "to": "lines", "port": "number", "manner": "choice",
        "key": "reference", "quick": "check", "deep": "other",
    }  # fmt: skip
    assert [name for name, f in found.items() if f.required] == ["name", "token", "to"]
    assert (found["port"].least, found["port"].most, found["port"].value) == (1, 99, "25")
    assert (found["manner"].options, found["to"].value) == (("soft", "loud"), "a\nb")
    assert found["name"].hint == "What it is called."


def test_what_is_typed_becomes_settings() -> None:
    typed = typed_in(fields_of(Settings, {}), SOUND)
    assert typed == {
        "name": "ab",
        "token": "env:T",
        "to": ["x", "y"],
        "port": 7,
        "manner": "loud",
        "quick": True,
    }
    assert wrong_in(Settings, typed) == []
    assert fields_of(Settings, Settings.model_validate(typed).model_dump())[2].value == "x\ny"


def test_what_reads_as_before_and_what_no_form_can_ask_stay_as_they_were() -> None:
    before = {**typed_in(fields_of(Settings, {}), SOUND), "deep": {"a": 1}, "key": None, "to": ("x", "y")}
    fields = fields_of(Settings, before)
    form = {**SOUND, "to": "x\r\ny\r\n", "port": "8"}
    assert typed_in(fields, form, before) == {**before, "port": 8}
    del form["quick"]
    assert typed_in(fields, form, before)["quick"] is False, "a box that is not ticked is an answer"


@pytest.mark.parametrize(
    ("changed", "name", "code"),
    [
        ({"token": "12345:secret"}, "token", "secret_in_clear"),
        ({"name": "https://u:p@host"}, "name", "secret_in_clear"),
        ({"name": ""}, "name", "missing"),
        ({"name": "a"}, "name", "string_too_short"),
        ({"to": "  "}, "to", "missing"),
        ({"port": "many"}, "port", "int_parsing"),
        ({"port": "100"}, "port", "less_than_equal"),
        ({"manner": "hostile"}, "manner", "literal_error"),
        ({"name": "x" * 9_999}, "name", "missing"),
    ],
)
def test_each_mistake_is_named_by_its_field_and_never_by_its_value(
    changed: Any, name: str, code: str
) -> None:
    typed = typed_in(fields_of(Settings, {}), {**SOUND, **changed})
    (wrong,) = wrong_in(Settings, typed)
    assert (wrong.name, wrong.code) == (name, code)
    assert "secret" not in wrong.sentence
    assert f"wrong_{code}" in WORDS.keys("en")


def test_every_channel_of_ours_and_the_policy_can_be_asked() -> None:
    for model in (Policy, *(plugin.Settings for plugin in load_channels().values())):
        assert {f.kind for f in fields_of(model, {})} <= {
            "text",
            "reference",
            "lines",
            "number",
            "choice",
            "check",
        }


def test_our_own_channels_and_the_policy_have_words_of_their_own() -> None:
    keys = WORDS.keys("en")
    for kind, plugin in load_channels().items():
        assert f"kind_{kind}" in keys
        for field in fields_of(plugin.Settings, {}):
            assert f"setting_{kind}_{field.name}" in keys
    assert {f"policy_{field.name}" for field in fields_of(Policy, {})} <= keys


# --- tests of channels, and steps ----------------------------------------------------------------

AT = {"at": "2022-05-14T18:00:00+00:00", "until": "2022-05-14T18:01:00+00:00", "alert_id": "a1", "version": 3}
GOT, NO = (
    {"result": "delivered", "reason": "delivered"},
    {"result": "rejected", "reason": "http_400", "words": "no"},
)
BAD = {"result": "retry", "reason": "bad_credentials", "words": "Unauthorized"}
AGAIN = {"result": "retry", "reason": "unreachable"}
GROUP: dict[str, Any] = {
    "id": "hackney",
    "version": 3,
    "channels": [{"id": "chat", "kind": "telegram", "audience": "verifiers", "drills": False}],
    "channels_since": {"chat": 3},
    "definition": {"name": "Hackney", "area": {"outcodes": ["E8"]}},
}


@pytest.mark.parametrize(
    ("alert", "outcome"),
    [
        (None, "pending"),
        ({"recipients": 2, "answers": {"chat:0": GOT}}, "pending"),
        ({"recipients": 2, "answers": {"chat:0": GOT, "chat:1": AGAIN}}, "pending"),
        ({"recipients": 2, "answers": {"chat:0": GOT, "chat:1": GOT}}, "delivered"),
        ({"recipients": 2, "answers": {"chat:0": GOT, "chat:1": NO}}, "failed"),
        ({"recipients": 1, "answers": {"chat:0": {**GOT, "arrived": "delivered"}}}, "delivered"),
        ({"recipients": 1, "answers": {"chat:0": {**GOT, "arrived": "failed"}}}, "failed"),
        ({"recipients": 1, "answers": {"chat:0": BAD}}, "failed"),
        ({"recipients": 1, "answers": {"chat:0": AGAIN}, "settled": {}}, "failed"),
        ({"settled": {"reason": "unreadable"}}, "failed"),
        ({"recipients": 0, "settled": {}}, "failed"),
    ],
)
def test_how_a_test_ended(alert: Any, outcome: str) -> None:
    found = latest_test(GROUP, "chat", {**AT, "channel": "chat"}, alert)
    assert found is not None
    assert (found.outcome, found.works) == (outcome, outcome == "delivered")


def test_a_test_of_earlier_settings_says_nothing_any_more() -> None:
    old = latest_test(GROUP, "chat", {**AT, "version": 2}, {"recipients": 1, "answers": {"chat:0": GOT}})
    assert old is not None
    assert (old.outcome, old.current, old.works) == ("delivered", False, False)
    assert latest_test(GROUP, "chat", None, None) is None


def standing(**known: Any) -> Standing:
    return Standing(**{"tests": {}, "carried": {}, "people": [], "invited": [], "drills": [], **known})


def missing(group: dict[str, Any], known: Standing) -> list[str]:
    return [step.missing for step in steps(group, known)]


def test_a_new_group_is_led_step_by_step() -> None:
    empty = {**GROUP, "channels": [], "definition": {"name": "Hackney", "area": {}}}
    assert missing(empty, standing()) == [
        "", "area_none", "channels_none", "people_none", "drills_none", "drill_none"
    ]  # fmt: skip
    found = next_step(steps(empty, standing()))
    assert found is not None
    assert found.name == "area"


def test_each_step_is_done_by_what_it_asks_for_and_by_nothing_less() -> None:
    test = latest_test(
        GROUP, "chat", {**AT, "channel": "chat"}, {"recipients": 1, "answers": {"chat:0": GOT}}
    )
    assert test is not None
    assert missing(GROUP, standing()) == [
        "",
        "",
        "channels_untested",
        "people_none",
        "drills_none",
        "drill_none",
    ]
    with_people = standing(tests={"chat": test}, people=[{"roles": {"hackney": "verifier"}}])
    assert missing(GROUP, with_people)[2:4] == ["", ""]
    drills = {**GROUP, "channels": [{**GROUP["channels"][0], "drills": True}]}
    assert missing(drills, with_people)[4:] == ["", "drill_none"]
    under_way = standing(drills=[{"status": "confirmed", "code": "D7K"}])
    assert missing(drills, under_way)[5] == "drill_under_way"
    over = standing(tests={"chat": test}, people=with_people.people, drills=[{"status": "officers_left"}])
    assert next_step(steps(drills, over)) is None


def channels_step(carried: dict[str, Any], test: Any = None, kind: str = "telegram") -> str:
    group = {**GROUP, "channels": [{**GROUP["channels"][0], "kind": kind}]}
    known = standing(tests={"chat": test} if test else {}, carried=carried)
    return next(step.missing for step in steps(group, known) if step.name == "channels")


def test_a_channel_that_carried_a_message_in_earnest_needs_no_test() -> None:
    since = GROUP["channels_since"]["chat"]
    tested = {**AT, "channel": "chat"}
    before, after = (
        {"chat": {"version": since, "at": f"20{year}-01-01T00:00:00+00:00"}} for year in (20, 30)
    )
    failed = latest_test(GROUP, "chat", tested, {"recipients": 1, "answers": {"chat:0": BAD}})
    assert channels_step(after) == ""
    assert channels_step({"chat": {**after["chat"], "version": since - 1}}) == "channels_untested", "changed"
    assert channels_step(before, failed) == "channels_untested", "what came last counts"
    assert channels_step(after, failed) == ""


def test_the_relays_own_page_is_nothing_to_test() -> None:
    assert channels_step({}, kind="feed") == ""


def test_who_is_invited_and_not_in_yet_is_nobody_to_count_on() -> None:
    vera = {"name": "Vera", "roles": {"hackney": "verifier"}}
    elsewhere = {"name": "Tom", "roles": {"southwark": "verifier"}}
    waiting = next(s for s in steps(GROUP, standing(invited=[vera, elsewhere])) if s.name == "people")
    assert (waiting.missing, waiting.facts["names"]) == ("people_invited", "Vera")
    one_in = next(s for s in steps(GROUP, standing(people=[vera], invited=[vera])) if s.name == "people")
    assert (one_in.done, one_in.facts["names"]) == (True, "Vera")


def test_people_of_another_group_and_channels_to_others_do_not_count() -> None:
    feed = {**GROUP, "channels": [{"id": "f", "kind": "feed", "audience": "community", "drills": True}]}
    found = missing(
        feed, standing(people=[{"roles": {"southwark": "verifier"}}, {"roles": {"hub": "operator"}}])
    )
    assert found[2:5] == ["channels_no_verifiers", "people_none", "drills_none"]
