"""What the command line asks of the relay, what it says, and with which code it ends."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from alert_relay.supervisor.home import Home

Relay = Any  # the fixture `fake` of conftest.py
ROOT = Path(__file__).parents[3]


def run(*args: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(relay, list(args), input=typed)


def _commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += _commands(inner, (*path, name))
    return found


ALL = _commands(relay)


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "relay" for path, _ in ALL])
def test_every_help_has_an_example_that_names_the_command(
    path: tuple[str, ...], command: click.Command
) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    examples = [line.strip() for line in result.output.splitlines()]
    assert any(line.startswith(" ".join(("relay", *path))) for line in examples), command.name


def test_every_acting_command_speaks_json() -> None:
    leaves = [(path, command) for path, command in ALL if not isinstance(command, click.Group)]
    assert len(leaves) > 25
    for path, command in leaves:
        assert any("--json" in parameter.opts for parameter in command.params), path


def test_help_answers_at_once() -> None:
    began = time.monotonic()
    loaded = "import sys; from alert_relay.cli import relay; relay(['--help'], standalone_mode=False); "
    heavy = "print([m for m in ('aiohttp', 'shapely', 'pydantic', 'rich', 'nats') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", loaded + heavy], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.monotonic() - began < 3  # 0.1 s on an idle machine


@pytest.mark.parametrize(
    ("typed", "meant"), [(["stauts"], "status"), (["desk", "shwo"], "show"), (["gruop"], "group")]
)
def test_a_mistyped_command_gets_the_nearest(typed: list[str], meant: str) -> None:
    result = run(*typed)
    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.output


def test_a_report_is_sent_with_its_fields_and_key(fake: Relay) -> None:
    fake.answers["POST /v1/reports"] = (202, {"report_id": "r1", "status_url": "u"})
    result = run("report", "vans", "--lat", "51.5", "--lon", "-0.1", "--first-hand", "--key", "k", "--json")
    assert (result.exit_code, json.loads(result.output)["report_id"]) == (0, "r1")
    assert fake.said("POST", "/v1/reports") == [
        {"text": "vans", "lat": 51.5, "lon": -0.1, "first_hand": True}
    ]


def test_a_refusal_is_the_relays_own_sentence_and_code_1(fake: Relay) -> None:
    detail = "Only a dispatcher may confirm; ask one."
    fake.answers["POST /v1/desk/claim"] = (409, {"code": "not_permitted", "detail": detail})
    result = run("desk", "claim", "D7K")
    assert result.exit_code == 1
    assert detail in result.output


def test_the_status_says_how_the_bridges_stand_to_whoever_has_a_key(fake: Relay, tmp_path: Path) -> None:
    bridges = {
        "signal": {"state": "BAD_CREDENTIALS", "since": "2026-11-27T10:00:00", "reason": "other_account"}
    }
    fake.answers["GET /health"] = (200, {"ok": True, "bridges": {"BAD_CREDENTIALS": 1}})
    fake.answers["GET /health/bridges"] = (200, {"bridges": bridges, "counts": {}})
    result = run("status")
    assert result.exit_code == 0
    assert "signal" not in result.output
    assert fake.said("GET", "/health/bridges") == [], "a key of this folder goes to its own relay alone"
    key = tmp_path / "key"
    key.write_text("our-key\n")
    result = run("status", "--key-file", str(key))
    assert all(word in result.output for word in ("signal", "BAD_CREDENTIALS", "other_account"))
    assert "Bearer our-key" in {authorization for *_, authorization in fake.asked}
    fake.answers["GET /health/bridges"] = (401, {"code": "unknown_key", "detail": "Unknown."})
    result = run("status", "--key-file", str(key))
    assert result.exit_code == 0
    assert "Unknown." in result.output, "who names a key is told why it shows nothing"


def test_the_status_names_the_channels_that_do_not_answer(fake: Relay) -> None:
    fake.answers["GET /health"] = (200, {"ok": True, "channels_held": []})
    assert "Channels" not in run("status").output
    since = datetime(2026, 11, 27, 10, 0, 7, tzinfo=UTC)
    held = {"group": "hackney", "channel": "texts", "since": since.isoformat(),
            "next_try_at": (since + timedelta(seconds=60)).isoformat(), "reason": "http_503"}  # fmt: skip
    fake.answers["GET /health"] = (
        200,
        {"ok": True, "channels_held": [held, {**held, "group": "", "provider": "push.example"}]},
    )
    result = run("status")
    assert result.exit_code == 0
    assert "Channel texts of group hackney: not answering since" in result.output
    assert "Channel texts of the hub's own by push.example: not answering since" in result.output
    assert "00:07 (http_503), next try at" in result.output


def test_the_status_names_the_mailboxes_that_are_not_read(fake: Relay) -> None:
    boxes = {
        "hackney/mail": {"state": "BAD_CREDENTIALS", "reason": "no_inbox"},
        "hub/smtp": {"state": "CONNECTED"},
    }
    fake.answers["GET /health"] = (200, {"ok": True, "mailboxes": boxes})
    told = run("status").output
    assert "Mails that come back to hackney/mail are not read: BAD_CREDENTIALS (no_inbox)." in told
    assert "hub/smtp" not in told


def test_an_undecided_command_ends_with_code_4(fake: Relay) -> None:
    fake.answers["POST /v1/desk/claim"] = (202, {"outcome": "pending", "command_id": "c"})
    assert run("desk", "claim", "D7K").exit_code == 4


def test_no_relay_is_code_3_and_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELAY_HOME", str(tmp_path))
    monkeypatch.setenv("RELAY_TOKEN", "t")
    result = run("desk", "list", "--console-url", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert "relay up" in result.output
    assert (
        run("status", "--ingest-url", "http://127.0.0.1:9", "--console-url", "http://127.0.0.1:9").exit_code
        == 3
    )


def test_without_a_token_the_desk_says_how_to_get_one(fake: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAY_TOKEN")
    result = run("desk", "list")
    assert result.exit_code == 2
    assert "relay member add" in result.output
    assert fake.asked == []


PREVIEW = {
    "sends": [
        {"group": "hackney", "audience": "community", "channel": "webhook", "kind": "CONFIRMED",
         "recipients": 2, "text": "CONFIRMED D7K Ashwin Street"}
    ]
}  # fmt: skip


@pytest.mark.parametrize(("answer", "code", "sent"), [("y\n", 0, 1), ("n\n", 1, 0), ("\n", 1, 0)])
def test_confirm_shows_what_goes_to_whom_and_asks(fake: Relay, answer: str, code: int, sent: int) -> None:
    fake.answers["POST /v1/desk/confirm/preview"] = (200, PREVIEW)
    fake.answers["POST /v1/desk/confirm"] = (200, {"outcome": "applied", "reason": "confirmed"})
    result = run("desk", "confirm", "D7K", "--ask", "witnesses", typed=answer)
    assert result.exit_code == code
    assert "hackney, community, by webhook (2 addresses)" in result.output
    assert "CONFIRMED D7K Ashwin Street" in result.output
    assert len(fake.said("POST", "/v1/desk/confirm")) == sent


COST = {"group": "hackney", "pence": 320.0, "people": 40, "segments": [2, 2], "spent_pence": 4_000.0,
        "cap_pounds": 50.0, "asks": False, "witnesses": 10, "witnesses_pence": 80.0}  # fmt: skip


@pytest.mark.parametrize("asks", [False, True])
def test_what_it_costs_is_said_before_it_goes(fake: Relay, *, asks: bool) -> None:
    fake.answers["POST /v1/desk/confirm/preview"] = (200, {**PREVIEW, "costs": [{**COST, "asks": asks}]})
    result = run("desk", "confirm", "D7K", typed="n\n")
    assert "hackney: about £3.20: 40 people by SMS, 2 segments each" in result.output
    assert "this month so far £40.00 of £50.00" in result.output
    assert ("--sms witnesses (10 people by SMS, about £0.80)" in result.output) is asks


@pytest.mark.parametrize("act", ["reject", "update", "end", "watch", "reopen"])
def test_whatever_people_are_told_is_shown_first(fake: Relay, act: str) -> None:
    fake.answers[f"POST /v1/desk/{act}/preview"] = (200, PREVIEW)
    result = run("desk", act, "D7K", typed="n\n")
    assert (result.exit_code, fake.said("POST", f"/v1/desk/{act}")) == (1, [])
    assert "Nothing was sent" in result.output


def test_flood_mode_is_of_a_group(fake: Relay) -> None:
    fake.answers["POST /v1/desk/flood"] = (200, {"outcome": "applied", "reason": "applied"})
    assert run("desk", "flood", "hackney", "off").exit_code == 0
    (body,) = fake.said("POST", "/v1/desk/flood")
    assert (body["group"], body["on"]) == ("hackney", False)


def test_confirm_with_yes_asks_nobody(fake: Relay) -> None:
    fake.answers["POST /v1/desk/confirm"] = (200, {"outcome": "applied", "reason": "confirmed"})
    result = run("desk", "confirm", "D7K", "--yes", "--text", "One van", "--id", "c1")
    assert result.exit_code == 0
    assert fake.said("POST", "/v1/desk/confirm") == [{"incident": "D7K", "text": "One van", "id": "c1"}]


@pytest.mark.parametrize(
    ("args", "path", "body"),
    [
        (["release", "D7K"], "release", {"incident": "D7K"}),
        (["release", "rabc"], "release_report", {"report": "rabc"}),
        (["release", "rabc", "--into", "D7K"], "release_report", {"report": "rabc", "incident": "D7K"}),
        (["release", "rabc", "--lat", "51.5", "--lon", "0", "--label", "x"], "release_report",
         {"report": "rabc", "lat": 51.5, "lon": 0.0, "label": "x"}),
        (["reject", "D7K", "--as", "other_agency"], "reject", {"incident": "D7K", "outcome": "other_agency"}),
        (["merge", "D7K", "P4M"], "merge", {"incident": "D7K", "absorbed": "P4M"}),
        (["split", "D7K", "r1", "r2"], "split", {"incident": "D7K", "reports": ["r1", "r2"]}),
        (["confirm", "D7K", "--setting", "home", "--yes"], "confirm", {"incident": "D7K", "setting": "home"}),
        (["update", "D7K", "--ask", "ENOUGH"], "update", {"incident": "D7K", "ask": "ENOUGH"}),
        (["update", "D7K", "--sms", "everyone", "--sms-reason", "so"], "update",
         {"incident": "D7K", "sms_to": "everyone", "sms_reason": "so"}),
        (["end", "D7K", "--let-go", "2"], "end", {"incident": "D7K", "stage": "officers_left", "let_go": 2}),
        (["place", "D7K", "--lat", "51.5", "--lon", "0"], "place",
         {"incident": "D7K", "lat": 51.5, "lon": 0.0, "radius_m": 50.0}),
        (["attend", "D7K"], "attend", {"incident": "D7K", "step": "going"}),
        (["attend", "D7K", "there"], "attend", {"incident": "D7K", "step": "there"}),
        (["seen", "D7K", "--text", "two vans"], "seen", {"incident": "D7K", "text": "two vans"}),
        (["note", "D7K", "rang them"], "note", {"incident": "D7K", "text": "rang them"}),
        (["send-on", "D7K", "many people"], "send_on", {"incident": "D7K", "text": "many people"}),
        (["hand-over", "D7K", "mben"], "hand_over", {"incident": "D7K", "to": "mben"}),
        (["ask", "D7K", "rabc"], "ask", {"incident": "D7K", "report": "rabc", "asks": "what"}),
        (["escalate", "D7K", "a", "b"], "escalate", {"incident": "D7K", "groups": ["a", "b"]}),
        (["watch", "D7K"], "watch", {"incident": "D7K"}),
        (["reopen", "D7K"], "reopen", {"incident": "D7K"}),
        (["mute", "rabc"], "mute", {"report": "rabc", "what": "sender", "reason": "spam"}),
        (["unmute", "u1"], "unmute", {"mute": "u1"}),
        (["account", "D7K", "--arrested", "3", "--became", "released=2", "--became", "pk7b=bailed",
          "--owner", "me", "--check", "2022-05-14T20:00:00Z"], "account",
         {"incident": "D7K", "arrested": 3, "owner": "me", "check_at": "2022-05-14T20:00:00+00:00",
          "became": [{"fate": "released", "number": 2}, {"fate": "bailed", "tag": "PK7B"}]}),
        (["post", "D7K", "--from", "2022-05-14T20:00Z", "--to", "2022-05-14T22:00Z", "--at", "Front door"],
         "post", {"incident": "D7K", "begins": "2022-05-14T20:00:00+00:00",
                  "ends": "2022-05-14T22:00:00+00:00", "label": "Front door", "needed": 2}),
        (["post-withdraw", "D7K", "p1"], "post_withdraw", {"incident": "D7K", "post": "p1"}),
        (["join", "D7K", "p1"], "post_join", {"incident": "D7K", "post": "p1"}),
        (["join", "D7K", "p1", "--outside"], "post_join", {"incident": "D7K", "post": "p1", "outside": True}),
        (["leave", "D7K", "p1", "--tag", "VABCD"], "post_leave",
         {"incident": "D7K", "post": "p1", "tag": "VABCD"}),
        (["check-in", "D7K", "p1"], "post_check_in", {"incident": "D7K", "post": "p1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_act_is_one_request(fake: Relay, args: list[str], path: str, body: dict[str, Any]) -> None:
    fake.answers[f"POST /v1/desk/{path}"] = (200, {"outcome": "applied", "reason": "ok"})
    fake.answers[f"POST /v1/desk/{path}/preview"] = (200, {"sends": []})
    result = run("desk", *args, "--id", "c", "--group", "hackney")
    assert result.exit_code == 0, result.output
    assert fake.said("POST", f"/v1/desk/{path}") == [{**body, "id": "c", "group": "hackney"}]


def test_the_list_is_a_table_of_what_matters(fake: Relay) -> None:
    incident = {"code": "D7K", "status": "likely", "place": {"label": "Ashwin Street"}, "reports": 4,
                "groups": [{"group": "hackney", "version": 1}]}  # fmt: skip
    fake.answers["GET /v1/desk/incidents?state=open"] = (200, [incident])
    result = run("desk", "list")
    for words in ("D7K", "likely", "Ashwin Street", "hackney", "4"):
        assert words in result.output
    assert json.loads(run("desk", "list", "--json").output) == [incident]


def test_a_new_member_can_be_kept_for_this_machine(fake: Relay, tmp_path: Path) -> None:
    fake.answers["GET /v1/groups"] = (200, {"groups": [{"id": "hackney"}]})
    fake.answers["POST /v1/members"] = (200, {"member": "m1", "token": "relay_new"})
    result = run("member", "add", "Ada", "--role", "hackney=dispatcher", "--keep")
    assert result.exit_code == 0
    kept = tmp_path / "member.token"
    assert kept.read_text().strip() == "relay_new"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert fake.said("POST", "/v1/members") == [{"name": "Ada", "roles": {"hackney": "dispatcher"}}]


def test_somebody_is_invited_by_a_link_that_is_shown_once(fake: Relay) -> None:
    fake.answers["GET /v1/groups"] = (200, {"groups": [{"id": "hackney"}]})
    made = {"member": "m1", "name": "Ada", "link": "https://relay.example/invite/x", "until": "2026-05-17"}
    fake.answers["POST /v1/invites"] = (201, {"outcome": "applied", **made})
    result = run("member", "invite", "Ada", "--role", "hackney=dispatcher")
    assert result.exit_code == 0, result.output
    assert made["link"] in result.output
    assert run("member", "invite", "Ada", "--member", "m1").exit_code == 0
    assert fake.said("POST", "/v1/invites") == [
        {"name": "Ada", "roles": {"hackney": "dispatcher"}},
        {"name": "Ada", "member": "m1"},
    ]
    assert run("member", "invite", "Ada").exit_code == 2
    assert run("member", "invite", "Ada", "--member", "m1", "--role", "hackney=admin").exit_code == 2


def test_the_table_of_roles_is_the_routers() -> None:
    rows = {row["act"]: set(row["roles"]) for row in json.loads(run("member", "roles", "--json").output)}
    assert rows["claim"] == {"verifier", "dispatcher", "admin"}
    assert rows["invite_member"] == {"admin", "operator"}
    assert "release_report" in run("member", "roles").output


@pytest.mark.parametrize("role", ["hackney", "hackney=boss", "=dispatcher"])
def test_a_wrong_role_is_usage(fake: Relay, role: str) -> None:
    assert run("member", "add", "Ada", "--role", role).exit_code == 2
    assert fake.asked == []


def test_group_check_counts_mistakes_in_its_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text("id: a\nname: A\narea: {postcode_districts: [E8]}\n")
    assert run("group", "check", str(file)).exit_code == 0
    file.write_text("id: hub\nname: A\n")
    result = run("group", "check", str(tmp_path), "--json")
    assert result.exit_code == 1
    assert [m["key"] for m in json.loads(result.output)["mistakes"]] == ["area", "id"]


def test_group_apply_says_what_changed(fake: Relay, tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text("id: a\nname: A\narea: {postcode_districts: [E8]}\n")
    fake.answers["GET /v1/groups"] = (200, [])
    fake.answers["PUT /v1/groups/a"] = (200, {"id": "a", "version": 1})
    assert "a: new" in run("group", "apply", str(file)).output
    put = fake.said("PUT", "/v1/groups/a")[0]
    assert put["definition"]["area"]["outcodes"] == ["E8"]
    in_force = {"id": "a", "version": 1, "definition": put["definition"]}
    fake.answers["GET /v1/groups"] = (200, [in_force])
    assert "a: unchanged" in run("group", "apply", str(file)).output
    fake.answers["PUT /v1/groups/a"] = (200, {"id": "a", "version": 2})
    file.write_text("id: a\nname: B\narea: {postcode_districts: [E8]}\n")
    assert "a: changed: name" in run("group", "apply", str(file)).output


def test_nothing_is_applied_while_a_file_is_wrong(fake: Relay, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\nname: A\narea: {postcode_districts: [E8]}\n")
    (tmp_path / "b.yaml").write_text("id: b\n")
    result = run("group", "apply", str(tmp_path))
    assert result.exit_code == 1
    assert "b.yaml:1: name: is missing" in result.output
    assert fake.said("PUT", "/v1/groups/a") == []


@pytest.mark.parametrize(("word", "stopped"), [("stop", True), ("allow", False)])
@pytest.mark.parametrize(
    ("whom", "group"), [(["hackney"], "hackney"), (["--group", "hackney"], "hackney"), (["--hub"], "hub")]
)
def test_the_kill_switch_names_whom_it_stops(
    fake: Relay, word: str, whom: list[str], group: str, *, stopped: bool
) -> None:
    fake.answers["POST /v1/kill-switch"] = (200, {})
    assert run("kill-switch", word, *whom).exit_code == 0
    assert fake.said("POST", "/v1/kill-switch") == [{"group": group, "stopped": stopped, "reason": ""}]


@pytest.mark.parametrize("whom", [[], ["hackney", "--hub"], ["hackney", "--group", "peckham"]])
@pytest.mark.parametrize("word", ["stop", "allow"])
def test_nobody_stops_the_whole_hub_by_leaving_a_word_out(fake: Relay, word: str, whom: list[str]) -> None:
    result = run("kill-switch", word, *whom)
    assert (result.exit_code, fake.asked) == (2, [])
    assert "--hub" in result.output


STOP = {
    "group": "hackney",
    "since": "2026-05-14T18:42:00Z",
    "member": "mada",
    "name": "Ada",
    "reason": "wrong text",
}


@pytest.mark.parametrize("words", [[], ["status"]])
def test_the_kill_switch_says_what_is_stopped(fake: Relay, words: list[str]) -> None:
    fake.answers["GET /v1/kill-switch"] = (200, {"stopped": []})
    assert run("kill-switch", *words).output == "Nothing is stopped.\n"
    fake.answers["GET /v1/kill-switch"] = (200, {"stopped": [STOP]})
    result = run("kill-switch", *words)
    assert "SENDING IS STOPPED for hackney since Thu 14 May" in result.output
    assert "by Ada (wrong text)" in result.output


def test_the_desk_s_list_says_that_sending_is_stopped(fake: Relay) -> None:
    fake.answers["GET /v1/desk/incidents?state=open"] = (200, {"incidents": [], "stopped": [STOP]})
    assert "SENDING IS STOPPED for hackney" in run("desk", "list").output


def test_the_token_goes_in_a_header_and_nowhere_else(fake: Relay) -> None:
    fake.answers["GET /v1/desk/incidents?state=open"] = (200, [])
    result = run("desk", "list")
    assert [(path, token) for _, path, _, token in fake.asked] == [
        ("/v1/desk/incidents?state=open", "Bearer relay_me")
    ]
    assert "relay_me" not in result.output


def test_an_exercise_is_sent_with_the_key_of_this_home_or_not_at_all(fake: Relay, tmp_path: Path) -> None:
    refused = run("report", "van in Ashwin Street", "--drill")
    assert refused.exit_code == 2
    assert "There is no relay in" in refused.output
    home = Home(tmp_path)
    home.write_door_files()
    fake.answers["POST /v1/reports"] = (202, {"report_id": "r1"})
    assert run("report", "van in Ashwin Street", "--drill").exit_code == 0
    assert fake.said("POST", "/v1/reports") == [{"text": "van in Ashwin Street", "drill": True}]


def test_an_exercise_says_so_in_the_list(fake: Relay) -> None:
    incident = {"code": "D7K", "status": "likely", "drill": True}
    fake.answers["GET /v1/desk/incidents?state=open"] = (200, [incident])
    assert "DRILL likely" in run("desk", "list").output


def a_test(outcome: str, **more: Any) -> dict[str, Any]:
    answer = {"recipient": 1, "result": outcome, "reason": "bad_credentials", "words": "Unauthorized"}
    return {"channel": "chat", "outcome": outcome, "current": True, "held": None, "answers": [answer], **more}


def test_a_channels_test_says_what_the_provider_said_and_fails_when_it_failed(fake: Relay) -> None:
    fake.answers["POST /v1/groups/hackney/channels/chat/test"] = (200, a_test("failed"))
    result = run("group", "test-channel", "hackney", "chat")
    assert result.exit_code == 1
    assert 'The provider said: "Unauthorized"' in result.output
    fake.answers["POST /v1/groups/hackney/channels/chat/test"] = (200, a_test("delivered"))
    result = run("group", "test-channel", "hackney", "chat", "--json")
    assert (result.exit_code, json.loads(result.output)["outcome"]) == (0, "delivered")


def test_a_channels_test_is_awaited_but_not_behind_a_kill_switch(
    fake: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alert_relay.cli.group._LOOK_S", 0)
    path = "/v1/groups/hackney/channels/chat/test"
    fake.answers[f"POST {path}"] = (202, a_test("pending"))
    fake.answers[f"GET {path}"] = (200, a_test("delivered"))
    assert run("group", "test-channel", "hackney", "chat").exit_code == 0
    fake.answers[f"POST {path}"] = (202, a_test("pending", held="group_stopped"))
    result = run("group", "test-channel", "hackney", "chat")
    assert (result.exit_code, "sending is stopped (group_stopped)" in result.output) == (1, True)


def test_a_channel_that_is_not_there_is_refused_with_the_relays_sentence(fake: Relay) -> None:
    refusal = {"code": "unknown_channel", "detail": "The group has no such channel (any more)."}
    fake.answers["POST /v1/groups/hackney/channels/gone/test"] = (409, refusal)
    result = run("group", "test-channel", "hackney", "gone")
    assert result.exit_code == 1
    assert "no such channel" in result.output


@pytest.mark.parametrize(
    ("args", "path", "body"),
    [
        (["offer", "--from", "2022-05-14T20:00Z", "--to", "2022-05-14T22:00Z", "--places", "2"], "offer",
         {"begins": "2022-05-14T20:00:00+00:00", "ends": "2022-05-14T22:00:00+00:00", "places": 2}),
        (["withdraw", "s1"], "withdraw", {"shift": "s1"}),
        (["take", "s1"], "take", {"shift": "s1"}),
        (["give-up", "s1"], "give_up", {"shift": "s1"}),
        (["note", "s1", "all quiet"], "note", {"shift": "s1", "text": "all quiet"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_act_on_the_rota_is_one_request(
    fake: Relay, args: list[str], path: str, body: dict[str, Any]
) -> None:
    fake.answers[f"POST /v1/duty/{path}"] = (200, {"outcome": "applied", "reason": "applied", "made": "s1"})
    result = run("duty", *args, "--id", "c")
    assert (result.exit_code, "s1" in result.output) == (0, True), result.output
    assert fake.said("POST", f"/v1/duty/{path}") == [{**body, "id": "c"}]


def test_the_rota_says_who_is_on_duty_and_where_somebody_is_wanted(fake: Relay) -> None:
    ada = {"member": "mada", "name": "Ada"}
    shift = {
        "id": "s1", "group": "hackney", "begins": "2022-05-14T20:00:00+00:00", "places": 2, "takers": [ada],
        "ends": "2022-05-14T22:00:00+00:00",
        "notes": [{**ada, "at": "2022-05-14T21:00:00+00:00", "text": "all quiet"}],
    }  # fmt: skip
    fake.answers["GET /v1/duty"] = (200, {"shifts": [shift], "on_duty": [{"group": "hackney", **ada}]})
    said = run("duty", "list").output
    for words in ("Ada (hackney)", "1 wanted", "all quiet"):
        assert words in said
    assert json.loads(run("duty", "list", "--json").output)["shifts"] == [shift]


@pytest.mark.parametrize("became", ["released", "PK7B=gone", "released=many", "=3"])
def test_what_became_of_whom_is_written_in_one_of_two_ways(fake: Relay, became: str) -> None:
    result = run("desk", "account", "D7K", "--became", became)
    assert result.exit_code == 2
    assert "released=2" in result.output
    assert fake.asked == []


def test_a_time_that_is_none_is_refused_with_examples(fake: Relay) -> None:
    result = run("duty", "offer", "--from", "soon", "--to", "+2h")
    assert result.exit_code == 2
    assert "tomorrow 07:00" in result.output
    assert fake.asked == []


def test_aftercare_shows_tags_posts_and_who_is_wanted(fake: Relay) -> None:
    keeper = {"who": "VABCD", "name": "", "there_at": "2022-05-14T21:00:00+00:00"}
    after = {
        "arrested": 1, "unaccounted": 1, "fates": {"unknown": 1}, "check_at": None,
        "people": [{"tag": "PK7B", "fate": "unknown"}], "owner": {"member": "mada", "name": "Ada"},
        "posts": [{"id": "p1", "group": "hackney", "label": "Front door", "needed": 2, "told": [],
                   "begins": "2022-05-14T20:00:00+00:00", "ends": "2022-05-14T22:00:00+00:00",
                   "keepers": [keeper], "link": "https://relay.example/post/D7K/p1/0f"}],
    }  # fmt: skip
    fake.answers["GET /v1/desk/incidents/D7K"] = (200, {"code": "D7K", "aftercare": after})
    said = run("desk", "aftercare", "D7K").output
    for words in ("PK7B", "Ada", "Front door", "VABCD (there)", "1 wanted", "/post/D7K/p1/0f"):
        assert words in said
    assert json.loads(run("desk", "aftercare", "D7K", "--json").output) == after
    fake.answers["GET /v1/desk/incidents/D7K"] = (200, {"code": "D7K", "aftercare": None})
    assert run("desk", "aftercare", "D7K").exit_code == 0


def test_the_card_says_that_nobody_reviewed_it(fake: Relay) -> None:
    card = {
        "language": "en",
        "title": "Your shift",
        "version": 1,
        "reviewed_by": "",
        "reviewed_on": "",
        "lines": ["No alcohol"],
    }
    fake.answers["GET /v1/desk/card?language=en"] = (200, card)
    said = run("desk", "card").output
    assert "No alcohol" in said
    assert "No second person" in said
    fake.answers["GET /v1/desk/card?language=ur"] = (200, {**card, "language": "ur"})
    assert "A machine made this translation" in run("desk", "card", "--language", "ur").output
