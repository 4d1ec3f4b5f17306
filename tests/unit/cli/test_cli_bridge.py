"""`relay bridge list` and `relay bridge test`, on canned answers of a front door and of Telegram."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from tests.unit.cli.conftest import FakeRelay

SECRET = "bot-token-of-the-test"
FILE = """
- id: bot
  kind: telegram
  group: hackney
  settings: {{secret_token: env:HOOK, bot_token: env:BOT, api: "{url}"}}
- id: phone
  kind: android-sms
  settings: {{signing_key: env:HOOK}}
- id: sms
  kind: twilio-sms
  settings: {{auth_token: env:BOT, account_sid: AC00000000000000000000000000000000, api: "{url}"}}
"""
SID = "AC" + "0" * 32
ROW = {"kind": "telegram", "group": "hackney", "state": "CONNECTED", "since": "2026-11-27T10:00:00+00:00"}


@pytest.fixture
def hub(fake: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRelay:
    for name, value in (("HOOK", "hook"), ("BOT", SECRET)):
        monkeypatch.setenv(name, value)
    (tmp_path / "key").write_text("our-key\n")
    (tmp_path / "bridges.yaml").write_text(FILE.format(url=fake.url))
    monkeypatch.setenv("RELAY_INGEST_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("RELAY_INGEST_BRIDGES_FILE", str(tmp_path / "bridges.yaml"))
    stands(fake, bot=ROW)
    telegram(fake, url="https://relay.example/bridges/bot")
    return fake


def stands(fake: FakeRelay, mistake: str | None = None, **bridges: Any) -> None:
    counts = {"bridge.bot.failed": 2, "bridge.bot.refused.bad_signature": 1, "bridge.bot.receipt.sent": 9}
    fake.answers["GET /health/bridges"] = (200, {"bridges": bridges, "mistake": mistake, "counts": counts})


def telegram(fake: FakeRelay, status: int = 200, **info: Any) -> None:
    answer = {"ok": True, "result": info} if status == 200 else {"ok": False, "description": "Unauthorized"}
    fake.answers[f"GET /bot{SECRET}/getWebhookInfo"] = (status, answer)


def run(*args: str) -> Result:
    return CliRunner().invoke(relay, ["bridge", *args], env={"COLUMNS": "200"})


def test_the_list_says_whose_each_is_how_it_stands_and_what_went_wrong(hub: FakeRelay) -> None:
    result = run("list")
    assert result.exit_code == 0
    for word in ("bot", "telegram", "hackney", "CONNECTED", "never", "2 failed", "1 refused bad_signature"):
        assert word in result.output
    assert "receipt" not in result.output
    stands(hub, "bridges.yaml: bridge x: there is no kind 'fax'", bot=ROW)
    assert "there is no kind 'fax'" in run("list").output
    assert json.loads(run("list", "--json").output.splitlines()[0])["bridges"]["bot"] == ROW


def test_without_a_key_it_says_how_to_name_one(hub: FakeRelay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAY_INGEST_KEY_FILE")
    result = run("list")
    assert result.exit_code == 2
    assert "--key-file FILE" in result.output
    tested = run("test", "bot")
    assert tested.exit_code == 0, "all that can be looked at without one is well"
    assert "--key-file FILE" in tested.output


def test_a_bridge_that_is_well(hub: FakeRelay) -> None:
    result = run("test", "bot")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines()] == ["ok"] * 4
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("info", "status", "says"),
    [
        ({"url": ""}, 200, "no_webhook_set"),
        (
            {"url": "https://x", "pending_update_count": 3, "last_error_message": "Connection timed out"},
            200,
            "webhook_fails: Connection timed out",
        ),
        ({}, 401, "bad_credentials: Unauthorized"),
    ],
)
def test_what_its_source_says_of_us(hub: FakeRelay, info: dict[str, Any], status: int, says: str) -> None:
    telegram(hub, status, **info)
    result = run("test", "bot")
    assert result.exit_code == 1
    assert says in result.output
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"state": "CONNECTING", "reason": "not_called_yet"}, "give its source {url}/bridges/bot"),
        ({"state": "BAD_CREDENTIALS", "reason": "bad_signature"}, "make its secret the same on both sides"),
        ({"state": "TRANSIENT_DISCONNECT", "reason": "plugin_error"}, "event bridge_failed"),
        (None, "the front door has it not open"),
    ],
)
def test_how_it_stands_comes_with_a_remedy(hub: FakeRelay, row: dict[str, str] | None, says: str) -> None:
    if row is None:
        stands(hub)
    else:
        stands(hub, bot={**ROW, **row})
    result = run("test", "bot")
    assert result.exit_code == 1
    assert says.format(url=hub.url) in result.output


def test_a_mistake_in_the_file_is_named_with_its_remedy(
    hub: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "these are there: bot, phone, sms" in run("test", "no-such").output
    monkeypatch.delenv("HOOK")
    result = run("test", "phone")
    assert result.exit_code == 2
    assert "The secret env:HOOK is not set; export HOOK" in result.output
    (tmp_path / "bridges.yaml").write_text("- {id: bot, kind: fax}")
    assert "there is no kind 'fax'" in run("test", "bot").output


def test_one_whose_source_cannot_be_asked_says_so(hub: FakeRelay) -> None:
    stands(hub, phone={**ROW, "kind": "android-sms"})
    result = run("test", "phone", "--json")
    assert result.exit_code == 0
    assert [s["ok"] for s in json.loads(result.output)["steps"]] == [True, True, None, True]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (401, 1)])
def test_twilio_is_asked_for_the_account(hub: FakeRelay, status: int, code: int) -> None:
    stands(hub, sms={**ROW, "kind": "twilio-sms"})
    hub.answers[f"GET /2010-04-01/Accounts/{SID}.json"] = (status, {"sid": SID, "message": "Authenticate"})
    result = run("test", "sms")
    assert result.exit_code == code
    assert ("bad_credentials: Authenticate" in result.output) == bool(code)


def test_the_status_tells_of_a_quarantine_and_of_a_mistake(hub: FakeRelay) -> None:
    health = {"ok": True, "counts": {"bridge.quarantined": 7}, "bridges_file_ok": False}
    hub.answers["GET /health"] = (200, health)
    told = CliRunner().invoke(relay, ["status"]).output
    assert "7 reports of senders who write far too much" in told
    assert "The bridges file has a mistake" in told


def test_without_a_key_the_console_says_what_is_the_members_business(
    hub: FakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELAY_INGEST_KEY_FILE")
    hub.answers["GET /health"] = (200, {"ok": True})
    hub.answers["GET /v1/status"] = (200, {"bridges": {"e8": {**ROW, "state": "BAD_CREDENTIALS"}}})
    told = CliRunner().invoke(relay, ["status"]).output
    assert "e8" in told
    assert "BAD_CREDENTIALS" in told


def test_without_the_variable_it_reads_the_file_of_the_relay_that_runs(
    hub: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELAY_INGEST_BRIDGES_FILE")
    home = tmp_path / "home"
    home.mkdir()
    (home / "run.json").write_text(json.dumps({"bridges_file": str(tmp_path / "bridges.yaml")}))
    monkeypatch.setenv("RELAY_HOME", str(home))
    assert f"a sound telegram in {tmp_path / 'bridges.yaml'}" in run("test", "bot").output
