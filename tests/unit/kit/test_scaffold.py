"""What `new` writes works at once, in a folder of its own, and no name makes a path."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from alert_relay.kit import find
from alert_relay.kit.scaffold import scaffold
from shared.errors import SettingsError

NEW = (
    ("bridge", ("bridge", "new", "river-sms")),
    ("bridge", ("bridge", "new", "river-feed", "--reads")),
    ("channel", ("channel", "new", "river-chat")),
)

HAS_NO_CASE = {"peer"}
"""A letter between hubs is signed by a link that two hubs made: it is tried where that is."""


def run(*args: str) -> Result:
    return CliRunner().invoke(relay, list(args))


@pytest.mark.parametrize(("family", "command"), NEW, ids=[command[2] for _, command in NEW])
def test_what_is_new_is_good_at_once_and_so_says_its_own_test(
    family: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    stem = command[2].replace("-", "_")
    written = run(*command, "--folder", str(tmp_path), "--json")
    files = {Path(name).relative_to(tmp_path).as_posix() for name in json.loads(written.output)["files"]}
    assert {f"{stem}.py", f"test_{stem}.py", f"{command[2]}.md"} <= files
    texts = [(tmp_path / name).read_text() for name in files]
    assert not [text for text in texts if "my_source" in text or "my-source" in text]
    report = run(family, "check", str(tmp_path / f"{stem}.py"), "--json", "--least", "good")
    assert (report.exit_code, json.loads(report.output)["grade"]) == (0, "good")
    program = f"import test_{stem} as test; test.test_it_is_good()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["../x", "X", "a--b", "-a", "a b", "1a", "a" * 41, ""])
def test_a_name_that_is_none_writes_nothing(name: str, tmp_path: Path) -> None:
    assert run("bridge", "new", "--folder", str(tmp_path), "--", name).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "river_sms.py").write_text("mine")
    result = run("bridge", "new", "river-sms", "--folder", str(tmp_path))
    assert (result.exit_code, (tmp_path / "river_sms.py").read_text()) == (2, "mine")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_second_one_in_the_folder_is_told_how_it_is_found(tmp_path: Path) -> None:
    run("bridge", "new", "river-sms", "--folder", str(tmp_path))
    project = (tmp_path / "pyproject.toml").read_text()
    assert tomllib.loads(project)["project"]["entry-points"] == {
        "alert_relay.bridges": {"river-sms": "river_sms:RiverSms"}
    }
    second = run("channel", "new", "river-chat", "--folder", str(tmp_path))
    assert '[project.entry-points."alert_relay.channels"]' in second.output
    assert (tmp_path / "pyproject.toml").read_text() == project


def test_a_page_is_written_anew_from_the_spec(tmp_path: Path) -> None:
    run("bridge", "new", "river-sms", "--folder", str(tmp_path))
    module = tmp_path / "river_sms.py"
    module.write_text(module.read_text().replace("each message is a report.", "each is one report."))
    assert run("bridge", "page", str(module)).exit_code == 0
    assert "each is one report." in (tmp_path / "river-sms.md").read_text()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("telegam", "Did you mean telegram?"),
        ("nothing_there.py", "there is no such file"),
        ("mastodon", "source tree"),
    ],
)
def test_what_cannot_be_checked_is_said_with_a_remedy(target: str, says: str) -> None:
    result = run("bridge", "check", target)
    assert result.exit_code == 2
    assert says in result.output


def test_a_file_without_its_test_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "lonely.py").write_text("")
    result = run("bridge", "check", str(tmp_path / "lonely.py"))
    assert result.exit_code == 2
    assert "test_lonely.py" in result.output


def test_a_file_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "spoilt.py").write_text("import no_such_module_at_all")
    (tmp_path / "test_spoilt.py").write_text("import spoilt")
    result = run("bridge", "check", str(tmp_path / "spoilt.py"))
    assert result.exit_code == 2
    assert "no_such_module_at_all" in result.output


def test_every_bridge_of_ours_that_is_called_has_its_case() -> None:
    called = {kind for kind, plugin in find.BRIDGES.kinds().items() if hasattr(plugin, "parse")}
    assert called - set(find.BRIDGES.own_cases()) <= HAS_NO_CASE


@pytest.mark.parametrize("kind", sorted(find.BRIDGES.own_cases()))
def test_no_bridge_of_ours_says_more_of_itself_than_it_keeps(kind: str) -> None:
    result = run("bridge", "check", kind, "--least", "good")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", ["json", "asyncio"])
def test_a_name_that_would_hide_a_module_of_pythons_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Python has a module of that name"):
        scaffold(name, "reads", tmp_path)
    assert not list(tmp_path.iterdir())
