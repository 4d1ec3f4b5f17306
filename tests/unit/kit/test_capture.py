"""Messages are caught, scrubbed and kept; and what a bridge makes of one is shown."""

import json
import threading
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from alert_relay.kit.capture import keep, listen

MESSAGE = b'{"id": "m-7", "from": "+447911123456", "text": "tell Maria, E8 3DL"}'


def run(*args: str, typed: bytes | None = None) -> Result:
    return CliRunner().invoke(relay, list(args), input=typed)


def test_a_message_is_kept_scrubbed_and_overwrites_none(tmp_path: Path) -> None:
    paths = [keep(MESSAGE, tmp_path / "fixtures") for _ in range(2)]
    assert [path.name for path in paths] == ["captured-1.json", "captured-2.json"]
    kept = paths[0].read_text()
    assert "Maria" not in kept
    assert "7911" not in kept
    assert "E8 3DL" in kept


@pytest.mark.parametrize(
    ("body", "ending"), [(b"From=%2B447911123456&Body=x", "form"), (b"plain words", "txt"), (b"[1]", "json")]
)
def test_it_is_named_by_its_form(body: bytes, ending: str, tmp_path: Path) -> None:
    assert keep(body, tmp_path).suffix == f".{ending}"


def test_a_call_of_the_source_is_caught(tmp_path: Path) -> None:
    def call(words: str) -> None:
        url = next(word for word in words.split() if word.startswith("http"))
        threading.Thread(target=lambda: urllib.request.urlopen(url, MESSAGE).close()).start()  # noqa: S310 - ours

    path = listen(0, tmp_path, call)
    assert json.loads(path.read_text())["id"] == "made-up-1"


def test_what_is_recorded_can_be_replayed(tmp_path: Path) -> None:
    run("bridge", "new", "river-sms", "--folder", str(tmp_path))
    recorded = run("bridge", "record", str(tmp_path / "fixtures" / "river-sms"), "--json", typed=MESSAGE)
    fixture = json.loads(recorded.output)["fixture"]
    shown = run("bridge", "replay", fixture, "--json")
    assert shown.exit_code == 0
    (report,) = json.loads(shown.output)
    assert (report["is"], report["source_id"]) == ("IncomingReport", "made-up-1")
    assert report["text"].endswith("E8 3DL marker-one")


@pytest.mark.parametrize("command", [("river-feed", "--reads"), ("river-sms",)])
def test_what_is_no_report_says_so_and_ends_with_1(command: tuple[str, ...], tmp_path: Path) -> None:
    run("bridge", "new", *command, "--folder", str(tmp_path))
    fixture = tmp_path / "fixtures" / command[0] / "empty.json"
    fixture.write_text('{"id": "m-9", "text": " "}')
    shown = run("bridge", "replay", str(fixture))
    assert shown.exit_code == 1
    assert "Ignored" in shown.output


def test_of_a_fixture_of_nobodys_the_bridge_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert run("bridge", "replay", str(tmp_path / "x.json")).exit_code == 2
    shown = run("bridge", "replay", str(tmp_path / "x.json"), "--bridge", "telegram")
    assert shown.exit_code == 1


def test_two_captures_of_one_source_are_two_messages(tmp_path: Path) -> None:
    said = b'{"id": "wamid.HBgLMTY0", "from": "+447911123456", "text": "tell Maria"}'
    one, two = (json.loads(keep(said, tmp_path).read_bytes()) for _ in range(2))
    assert not set(one.values()) & set(two.values())
