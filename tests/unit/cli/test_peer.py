"""`relay peer`: two operators, two folders, two lines; what is kept, what is said, what is refused."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from shared.federation.link import Link, public_of

LONDON = "https://london.example"
GLASGOW = "https://glasgow.example"


def run(home: Path, *args: str) -> Result:
    return CliRunner().invoke(relay, ["peer", *args], env={"RELAY_HOME": str(home)})


def line(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def peer_at(home: Path, hub: str) -> Link:
    return Link.model_validate_json((home / "secrets" / hub / "peer.json").read_text())


@pytest.fixture
def hubs(tmp_path: Path) -> tuple[Path, Path]:
    """London's and Glasgow's folders; London has invited, and both have accepted."""
    london, glasgow = tmp_path / "london", tmp_path / "glasgow"
    there = line(run(london, "invite", "glasgow", "--hub", "london", "--url", LONDON))
    back = line(run(glasgow, "accept", there, "--url", GLASGOW))
    assert line(run(london, "accept", back)) == ""
    return london, glasgow


def test_two_lines_make_two_peers(hubs: tuple[Path, Path]) -> None:
    london, glasgow = (peer_at(hubs[0], "glasgow"), peer_at(hubs[1], "london"))
    assert (london.state, london.url) == ("open", f"{GLASGOW}/bridges/peer-london")
    assert (glasgow.state, glasgow.url) == ("open", f"{LONDON}/bridges/peer-glasgow")
    assert (london.key, glasgow.key) == (glasgow.our_key, london.our_key)


def test_the_private_key_is_its_owners_alone_and_the_right_one(hubs: tuple[Path, Path]) -> None:
    file = hubs[0] / "secrets" / "glasgow" / "peer.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert public_of(file.read_text().strip()) == peer_at(hubs[0], "glasgow").our_key


def test_what_is_printed_is_what_the_files_need(tmp_path: Path) -> None:
    there = line(run(tmp_path / "a", "invite", "glasgow", "--hub", "london", "--url", LONDON))
    told = run(tmp_path / "b", "accept", there, "--url", GLASGOW).stderr
    folder = tmp_path / "b" / "secrets" / "london"
    assert f"- id: peer-london\n  kind: peer\n  settings: {{link: file:{folder}/peer.json}}" in told
    assert "peer: london" in told
    assert f"key: file:{folder}/peer.key" in told


def test_both_read_the_same_key_to_each_other(tmp_path: Path) -> None:
    invited = run(tmp_path / "a", "invite", "glasgow", "--hub", "london", "--url", LONDON)
    accepted = run(tmp_path / "b", "accept", invited.stdout.strip(), "--url", GLASGOW)
    (ours,) = [said for said in invited.stderr.splitlines() if "by phone" in said]
    assert ours.rpartition(": ")[2] in accepted.stderr


def test_the_list_says_who_did_what(hubs: tuple[Path, Path]) -> None:
    (listed,) = json.loads(run(hubs[0], "list", "--json").stdout)["peers"]
    assert (listed["hub"], listed["state"]) == ("glasgow", "open")
    assert [step["what"] for step in listed["history"]] == ["invited", "accepted"]
    assert all(step["by"] and step["at"] for step in listed["history"])
    assert "glasgow" in run(hubs[0], "list").stdout


def test_a_revoked_peer_is_kept_as_such_and_may_be_invited_anew(hubs: tuple[Path, Path]) -> None:
    before = peer_at(hubs[0], "glasgow")
    assert run(hubs[0], "revoke", "glasgow", "--yes").exit_code == 0
    assert peer_at(hubs[0], "glasgow").state == "revoked"
    line(run(hubs[0], "invite", "glasgow", "--url", LONDON))
    anew = peer_at(hubs[0], "glasgow")
    assert (anew.state, anew.key) == ("invited", None)
    assert anew.our_key != before.our_key
    assert [step.what for step in anew.history] == ["invited", "accepted", "revoked", "invited"]


def refusals(hubs: tuple[Path, Path]) -> list[tuple[tuple[str, ...], str]]:
    spent = line(run(hubs[1], "invite", "leeds", "--url", GLASGOW))
    return [
        (("invite", "glasgow", "--url", LONDON), "a peer already"),
        (("invite", "leeds", "--url", "http://london.example"), "not safe for reports"),
        (("invite", "leeds"), "--url"),
        (("invite", "leeds", "--hub", "city", "--url", LONDON), "it needs one name"),
        (("invite", "Leeds!", "--url", LONDON), "no name for another hub"),
        (("invite", "london", "--url", LONDON), "no name for another hub"),
        (("accept", "hello"), "no whole line"),
        (("accept", spent, "--url", LONDON), "called london"),
        (("revoke", "york", "--yes"), "no peer york"),
    ]


def test_what_is_refused_says_what_to_do_and_changes_nothing(hubs: tuple[Path, Path]) -> None:
    before = peer_at(hubs[0], "glasgow")
    for args, words in refusals(hubs):
        result = run(hubs[0], *args)
        assert (result.exit_code, words in result.output) == (1, True), (args, result.output)
    assert peer_at(hubs[0], "glasgow") == before
    assert [path.name for path in (hubs[0] / "secrets").iterdir()] == ["glasgow"]


def test_a_new_hub_has_to_say_its_name(tmp_path: Path) -> None:
    result: Any = run(tmp_path, "invite", "glasgow", "--url", LONDON)
    assert (result.exit_code, "--hub NAME" in result.output) == (1, True)
