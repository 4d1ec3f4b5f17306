"""The examples of bridges out of process keep what `relay bridge check URL` asks, and reach a front door."""

import asyncio
import base64
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from yarl import URL

from alert_relay.cli import relay
from alert_relay.kit.outside import examine_outside
from alert_relay.kit.outside_scene import OutsideCase
from services.ingest.keys import ClientKeys, load_keys
from shared.clock import SystemClock
from shared.plugins.conformance.criteria import Report
from tests.unit.ingest.front_door import front_door

EXAMPLES = Path(__file__).parents[2] / "examples" / "bridges"
COMMANDS: dict[str, Sequence[str]] = {
    "python": (sys.executable, str(EXAMPLES / "lines.py")),
    "javascript": ("node", str(EXAMPLES / "lines.mjs")),
    "shell": ("sh", str(EXAMPLES / "lines.sh")),
}
NEEDS = {"python": (), "javascript": ("node",), "shell": ("curl", "openssl", "base64")}
each = pytest.mark.parametrize("language", COMMANDS)


def missing(language: str) -> list[str]:
    return [program for program in NEEDS[language] if shutil.which(program) is None]


def needs(language: str) -> None:
    if missing(language):
        pytest.skip(f"not installed: {', '.join(missing(language))}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def checked(command: Sequence[str]) -> Report:
    return await examine_outside(OutsideCase(URL(f"http://127.0.0.1:{free_port()}"), command))


async def test_each_example_is_good() -> None:
    """All at once: most of it is waiting, as they are asked to."""
    able = [language for language in COMMANDS if not missing(language)]
    for report in await asyncio.gather(*(checked(COMMANDS[language]) for language in able)):
        report.demand("good")
        assert report.grade == "good"
        assert not report.of("not tried")


@each
def test_what_an_example_needs_is_here(language: str) -> None:
    needs(language)


CARELESS = """
import json, sys, urllib.request, os
for line in sys.stdin:
    print(line)
    body = json.dumps({"text": line.strip()}).encode()
    request = urllib.request.Request(os.environ["RELAY_URL"] + "/v1/reports", body,
                                     {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request)
    except OSError:
        pass
"""


async def test_a_careless_one_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alert_relay.kit.outside_scene._PATIENCE_S", 1.0)
    report = await checked((sys.executable, "-c", CARELESS))
    assert {finding.criterion.name for finding in report.of("broken")} >= {
        "each-message-has-an-id-of-its-own",
        "every-request-is-signed",
        "what-is-not-stored-comes-again",
        "nothing-private-is-shown",
    }
    assert report.grade is None


@each
async def test_each_example_reaches_a_real_front_door_with_the_key_that_the_readme_makes(
    language: str, tmp_path: Path
) -> None:
    needs(language)
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    keys = keys_as_in_the_readme(tmp_path)
    async with front_door(tmp_path / "spool", keys=keys) as door:
        door.clock.time = SystemClock().now()
        env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "RELAY_URL": str(door.client.make_url("")).rstrip("/"),
            "RELAY_BRIDGE": "river",
            "RELAY_KEY_FILE": str(tmp_path / "river.pem"),
        }
        process = await asyncio.create_subprocess_exec(
            *COMMANDS[language], stdin=asyncio.subprocess.PIPE, env=env
        )
        await process.communicate(b"Vans in Ashwin Street\nVans in Ridley Road\nVans in Ashwin Street\n")
        assert process.returncode == 0
        assert [report.bridge for report in await door.stored()] == ["river", "river"]


def keys_as_in_the_readme(folder: Path) -> ClientKeys:
    """The README's own two lines, run as they stand there."""
    text = (EXAMPLES / "README.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("    openssl")]
    assert len(lines) == 2
    for line in lines:
        made = subprocess.run(["sh", "-c", line], check=True, cwd=folder, capture_output=True, text=True)
    assert len(base64.b64decode(made.stdout)) == 32
    file = folder / "keys.yaml"
    file.write_text(f"- {{name: river, ed25519: '{made.stdout.strip()}', bridge: river}}\n")
    return load_keys(file)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("http://127.0.0.1:8099",), "how the bridge is started"),
        (("http://example.org:80", "--", "true"), "an address of this machine"),
        (("http://127.0.0.1", "--", "true"), "a free port"),
        (("http://127.0.0.1:1", "--", "no-such-program-at-all"), "how the bridge is started"),
    ],
)
def test_what_cannot_be_tried_is_said_with_a_remedy(args: tuple[str, ...], says: str) -> None:
    result = CliRunner().invoke(relay, ["bridge", "check", *args])
    assert result.exit_code == 2, result.output
    assert says in " ".join(result.output.split())
