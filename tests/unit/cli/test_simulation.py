"""Scenario files are what they say, and what came of them is counted rightly."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from alert_relay.groupfile import find_group_files, load_group_files
from alert_relay.simulation.desk import fits, metres
from alert_relay.simulation.doors import Accepted, drama_number, number_of
from alert_relay.simulation.outcome import Picture, Route, first_alert_after_s, routes_of, states_of, summary
from alert_relay.simulation.play import Progress
from alert_relay.simulation.view import view
from shared.errors import SettingsError
from shared.scenarios import Done, Match, Near, Said, read_scenarios

EXAMPLES = Path(__file__).parents[3] / "examples"
SCENARIOS = sorted((EXAMPLES / "scenarios").glob("*.jsonl"))
GROUPS = load_group_files(find_group_files([EXAMPLES / "networks"]))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda f: f.stem)
def test_a_scenario_has_many_messages_over_all_channels_and_its_dispatchers_acts(file: Path) -> None:
    steps = read_scenarios([file])
    said = [step for step in steps if isinstance(step, Said)]
    assert len(said) >= 30
    assert {step.via for step in said} == {"api", "web", "sms", "android", "telegram"}
    acts = [step for step in steps if isinstance(step, Done)]
    assert [acts[0].act, acts[1].act] == ["claim", "confirm"]
    assert [step.body["stage"] for step in acts if step.act == "end"] == ["officers_left", "closed"]
    assert {step.by for step in acts} <= {str(group.definition.id) for group in GROUPS}
    assert len({step.language for step in said} - {None, "en"}) >= 2


def test_the_three_scenarios_are_there() -> None:
    assert [file.stem for file in SCENARIOS] == ["dalston-2022", "kenmure-street-2021", "peckham-2022"]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('{"t": 1', "is not a JSON object"),
        ("[]", "is not a JSON object|must be an object"),
        ('{"t": 1, "via": "fax", "from": "a", "text": "x"}', "via must be one of"),
        ('{"t": -1, "via": "api", "from": "a", "text": "x"}', "t is too small; 0 at least"),
        ('{"t": 1, "via": "api", "from": "a", "text": "x", "lng": 1}', "lng is not known here"),
        ('{"t": 1, "act": "cnfirm", "by": "a", "match": {}}', "act must be one of"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, wrong: str) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"t": 0, "via": "api", "from": "a", "text": "x"}\n\n' + line + "\n")
    with pytest.raises(SettingsError, match=rf"s\.jsonl:3: .*({wrong})"):
        read_scenarios([file])


def test_several_files_are_one_story_in_order_of_time() -> None:
    steps = read_scenarios(SCENARIOS)
    assert [step.t for step in steps] == sorted(step.t for step in steps)


def test_numbers_are_fiction_and_the_same_for_one_name() -> None:
    numbers = {drama_number(f"person-{n}") for n in range(500)}
    assert all("+447700900001" <= number <= "+447700900999" for number in numbers)
    assert drama_number("a") == drama_number("a")
    assert 0 <= number_of("a", 10) < 10


def test_an_incident_is_found_by_nearness_label_or_code() -> None:
    incident = {"code": "D7K", "place": {"label": "Ashwin Street", "lat": 51.5466, "lon": -0.0752}}
    near = Near(lat=51.5470, lon=-0.0752, m=100)
    assert fits(Match(near=near), incident)
    assert not fits(Match(near=near.model_copy(update={"m": 10})), incident)
    assert fits(Match(place="ashwin", code="D7K"), incident)
    assert not fits(Match(place="ashwin", code="P4M"), incident)
    assert not fits(Match(near=near), {"code": "D7K", "place": None})


def test_distances_are_metres() -> None:
    assert metres(51.5466, -0.0752, 51.5466, -0.0608) == pytest.approx(1000, rel=0.01)


# --- counting ---------------------------------------------------------------------------------

HOOK, CHAT = Route("webhook", "/h/v"), Route("telegram", "/telegram/@h")
ROUTES = {("h", "verifiers"): [HOOK, CHAT]}


def _alert(name: str) -> dict[str, Any]:
    return {"alert_id": name, "group": "h", "audience": "verifiers"}


def _letter(route: Route, alert: str, at: str = "2026-01-01T00:00:05+00:00") -> dict[str, Any]:
    hook = route.kind == "webhook"
    return {
        "at": at,
        "channel": route.kind,
        "path": route.path,
        "webhook-id": f"key-{alert}" if hook else None,
        "alert_id": alert if hook else None,
        "code": "D7K",
        "audience": "verifiers" if hook else None,
        "group": "h" if hook else None,
        "kind": "UPDATE",
    }


def _picture(alerts: list[str], letters: list[dict[str, Any]]) -> Picture:
    incident = {"id": "i1", "code": "D7K", "told": [_alert(name) for name in alerts]}
    return Picture([incident], letters, ROUTES)


@pytest.mark.parametrize(
    ("letters", "lost", "duplicates", "why"),
    [
        ([(HOOK, "a1"), (CHAT, "a1"), (HOOK, "a2"), (CHAT, "a2")], 0, 0, "all came once"),
        ([(HOOK, "a1"), (CHAT, "a1"), (CHAT, "a2")], 1, 0, "a webhook is missing"),
        ([(HOOK, "a1"), (HOOK, "a2"), (CHAT, "a1")], 1, 0, "a chat message is missing"),
        (
            [(HOOK, "a1"), (HOOK, "a1"), (CHAT, "a1"), (CHAT, "a2")],
            1,
            1,
            "a copy does not make up for a loss",
        ),
        ([(HOOK, "a1"), (HOOK, "a2"), (CHAT, "a1"), (CHAT, "a2"), (CHAT, "a2")], 0, 1, "a chat copy"),
        ([], 4, 0, "nothing came"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lost_and_duplicate_are_counted_from_what_arrived(
    letters: list[tuple[Route, str]], lost: int, duplicates: int, why: str
) -> None:
    picture = _picture(["a1", "a2"], [_letter(route, alert) for route, alert in letters])
    assert (picture.lost(), picture.duplicates()) == (lost, duplicates), why


def test_deliveries_are_counted_by_channel_and_audience() -> None:
    picture = _picture(["a1"], [_letter(HOOK, "a1"), _letter(CHAT, "a1")])
    fed = {**_alert("a2"), "audience": "community", "results": {"feed": {"delivered": 1}}}
    picture.incidents[0]["told"].append(fed)
    assert picture.deliveries() == {
        "feed": {"community": 1},
        "telegram": {"verifiers": 1},
        "webhook": {"verifiers": 1},
    }


def test_routes_come_from_the_groups_own_channels() -> None:
    groups = [
        {"id": g.definition.id, "channels": [c.model_dump(mode="json") for c in g.channels.channels]}
        for g in GROUPS
    ]
    routes = routes_of(groups)
    assert routes["hackney", "verifiers"] == [
        Route("webhook", "/hackney/verifiers"),
        Route("telegram", "/telegram/@hackney_verifiers"),
    ]
    assert Route("ntfy", "/ntfy/southwark-community") in routes["southwark", "community"]
    assert all(route.kind != "feed" for found in routes.values() for route in found)


TIMELINE = [
    {"what": "opened"},
    {"what": "assessed", "status": "likely"},
    {"what": "claimed"},
    {"what": "confirmed"},
    {"what": "updated"},
    {"what": "ended", "stage": "officers_left"},
    {"what": "ended", "stage": "closed"},
]


def test_states_passed_are_in_order_and_without_repeats() -> None:
    assert states_of({"history": TIMELINE}) == [
        "unconfirmed",
        "likely",
        "confirmed",
        "officers_left",
        "closed",
    ]


def test_the_first_alert_is_timed_from_the_report_that_opened_the_incident() -> None:
    incident = {
        "code": "D7K",
        "opened_at": "2026-01-01T09:00:00+00:00",
        "reports": [
            {"report_id": "raaaaaaaaa", "at": "2026-01-01T08:00:00+00:00"},
            {"report_id": "rbbbbbbbbb", "at": "2026-01-01T09:00:00+00:00"},
            {"report_id": "rcccccccccc", "at": "2026-01-01T09:30:00+00:00"},
        ],
    }
    base = 1_767_225_600.0  # 2026-01-01T00:00:00Z
    accepted = {"raaaaaaaaa": base - 60, "rbbbbbb": base + 4.5, "rcccccccccc": base + 4.9}
    assert first_alert_after_s(incident, accepted, [_letter(HOOK, "a1")]) == 0.5
    assert first_alert_after_s(incident, accepted, []) is None
    assert first_alert_after_s(incident, {}, [_letter(HOOK, "a1")]) is None


def test_the_final_object_has_the_agreed_shape() -> None:
    picture = _picture(["a1"], [_letter(HOOK, "a1"), _letter(CHAT, "a1")])
    picture.incidents[0] |= {
        "place": {"label": "Ashwin Street"},
        "groups": [{"group": "h"}],
        "history": TIMELINE,
    }
    told = json.loads(json.dumps(summary(picture, {}, 3)))
    assert set(told) == {"reports", "incidents", "deliveries", "lost", "duplicates"}
    assert set(told["incidents"][0]) == {"id", "code", "place", "groups", "first_alert_after_s", "states"}
    assert (told["reports"], told["lost"], told["duplicates"]) == (3, 0, 0)


def test_the_live_view_shows_reports_incidents_and_deliveries() -> None:
    picture = _picture(["a1"], [_letter(HOOK, "a1")])
    picture.incidents[0] |= {
        "place": {"label": "Ashwin Street"},
        "groups": [{"group": "hackney"}],
        "history": TIMELINE,
        "reports": [{}, {}],
    }
    said = Said.model_validate({"t": 4200, "via": "sms", "from": "a", "text": "[bold]not markup"})
    progress = Progress(
        steps=40, sent=[(said, Accepted("r", 0.0))], notes=["hackney: claim"], picture=picture
    )
    console = Console(width=120, file=io.StringIO())
    console.print(view(progress))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("1:10", "sms", "[bold]not markup", "D7K", "Ashwin Street", "hackney: claim", "under way 1"):
        assert words in shown
