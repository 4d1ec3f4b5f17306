"""Each criterion finds what it is there for: a sound plug-in is spoilt in one place, and that one breaks."""

from pathlib import Path
from typing import Any

import pytest

from alert_relay.kit.find import BRIDGES, CHANNELS, case_of
from alert_relay.kit.scaffold import scaffold
from shared.plugins.conformance import scene, watch
from shared.plugins.conformance.called import CALLED as CALLED_SUITE
from shared.plugins.conformance.channel import CHANNEL as CHANNEL_SUITE
from shared.plugins.conformance.criteria import Broken, Suite, examine
from shared.plugins.conformance.reading import READING
from shared.plugins.conformance.run import checked

HUGE = (  # what an author writes who has heard of TypeError and ValueError, and not of OverflowError
    'moment_in(said, "at")',
    "__import__('datetime').datetime.fromtimestamp(said['at']) if said.get('at') == 1e30 else None",
)
STUBBORN = """
            with __import__('contextlib').suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
            await asyncio.sleep(3600)
"""
FORGED = ("if not hmac.compare_digest(expected, given):", "if not given:")
CALLED = [
    (
        "its-spec-documents-it",
        'who_else_reads="Whoever runs river can read every message."',
        'who_else_reads=" "',
    ),
    ("its-example-works", '"env:RIVER_KEY"},\n', '"in-clear"},\n'),
    ("every-setting-is-explained", "signing_key: str\n", "signing_key: str\n    mute: int = 1\n"),
    ("it-imports-the-interface-alone", "import hashlib\n", "import hashlib\nimport shared.errors\n"),
    ("each-capture-is-one-report", "    return [IncomingReport(", "    return 2 * [IncomingReport("),
    ("the-same-message-has-the-same-id", "[IncomingReport(source_id,", "[IncomingReport(str(id(object())),"),
    ("different-messages-have-different-ids", "[IncomingReport(source_id,", '[IncomingReport("one",'),
    ("a-forged-signature-is-refused", *FORGED),
    (
        "a-missing-signature-is-refused",
        "if not hmac.compare_digest(expected, given):",
        "if given and given != expected:",
    ),
    ("a-missing-secret-is-a-settings-error", "secrets.resolve(settings.signing_key).encode()", "b''"),
    ("any-bytes-are-answered", "except (ValueError, RecursionError):", "except json.JSONDecodeError:"),
    ("any-json-is-answered", "said if isinstance(said, dict) else {}", "said"),
    ("a-field-of-any-value-is-answered", *HUGE),
    ("a-spoilt-capture-is-answered", 'text_in(said, "text").strip()', 'said["text"].strip()'),
    ("any-headers-are-answered", '.encode("utf-8", "replace")', ".encode()"),
    ("its-answer-carries-any-words", 'json.dumps({"reply": words})', 'f\'{{"reply": "{words}"}}\''),
    (
        "it-shows-no-secret",
        "    def parse(",
        "    def __repr__(self) -> str:\n        return repr(self._key)\n\n    def parse(",
    ),
    ("nothing-private-is-shown", "    source_id, text =", "    print(said)\n    source_id, text ="),
    ("the-reporter-is-told", 'json.dumps({"reply": words})', '"{}"'),
    ("a-spoilt-capture-is-answered", '422, "field_missing", "', '422, "field_missing", str(said) + "'),
    ("its-page-says-how-to-set-it-up", 'set_up="""', 'set_up="" and """'),
]
READS = [
    ("it-says-when-it-is-connected", "host.connected()", "pass"),
    ("each-capture-is-one-report", "IncomingReport(source_id,", 'IncomingReport("",'),
    ("the-same-message-has-the-same-id", "IncomingReport(source_id,", "IncomingReport(str(id(object())),"),
    ("different-messages-have-different-ids", "IncomingReport(source_id,", 'IncomingReport("one",'),
    ("a-source-that-is-away-is-tried-again", "except (aiohttp.ClientError, OSError,", "except ("),
    ("a-broken-connection-is-made-anew", 'return RetryLater("unreachable")', "await asyncio.sleep(3600)"),
    ("credentials-that-nobody-knows-are-told", "return BadCredentials()", 'return RetryLater("unreachable")'),
    (
        "a-missing-secret-is-a-settings-error",
        "secrets.resolve(settings.token)",
        '"made-up-token-of-the-test"',
    ),
    ("hostile-messages-stop-nothing", "message if isinstance(message, dict) else {}", "message"),
    ("hostile-messages-stop-nothing", *HUGE),
    (
        "nothing-private-is-shown",
        "        report = report_of(",
        "        __import__('logging').warning('%s', message)\n        report = report_of(",
    ),
    ("it-stops-when-it-is-told-to", "            await asyncio.sleep(self.every_s)", STUBBORN),
    ("its-page-says-what-becomes-of-messages-while-it-is-away", "while_away=", "notes="),
]
CHANNEL = [
    ("the-words-arrive-whole", '"text": message.text', '"text": message.text[:20]'),
    ("every-answer-has-its-outcome", "return Delivered(id_in(answer)) if", "return Delivered(None) if"),
    (
        "a-missing-secret-is-named-by-its-reference",
        "host.secrets.resolve(settings.token)",
        '"made-up-token-of-the-test"',
    ),
    (
        "it-shows-no-secret",
        "def recipients(",
        "def __repr__(self) -> str:\n        return self._token\n\n    def recipients(",
    ),
    ("its-recipients-are-stable", "max_chars: ClassVar[int] = 1000", "max_chars: ClassVar[int] = 160"),
]


def spoilt(template: str, old: str, new: str, folder: Path) -> Any:
    """The case of the template's plug-in with one place changed."""
    scaffold("river", template, folder)
    module = folder / "river.py"
    text = module.read_text()
    assert old in text, old
    module.write_text(text.replace(old, new, 1))
    return case_of(str(module), CHANNELS if template == "channel" else BRIDGES)


async def breaks_in(suite: Suite, case: Any, name: str) -> bool:
    (criterion,) = (one for one in suite.criteria if one.name == name)
    try:
        await criterion.hold(case)
    except Broken:
        return True
    return False


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes is waited for shortly."""
    monkeypatch.setattr(scene, "PATIENCE_S", 1.0)


@pytest.mark.parametrize(("name", "old", "new"), CALLED)
async def test_of_a_bridge_that_is_called(name: str, old: str, new: str, tmp_path: Path) -> None:
    assert await breaks_in(CALLED_SUITE, spoilt("called", old, new, tmp_path), name)


@pytest.mark.parametrize(("name", "old", "new"), READS)
async def test_of_a_bridge_that_reads(name: str, old: str, new: str, tmp_path: Path) -> None:
    assert await breaks_in(READING, spoilt("reads", old, new, tmp_path), name)


@pytest.mark.parametrize(("name", "old", "new"), CHANNEL)
async def test_of_a_channel(name: str, old: str, new: str, tmp_path: Path) -> None:
    assert await breaks_in(CHANNEL_SUITE, spoilt("channel", old, new, tmp_path), name)


def test_what_holds_the_event_loop_is_named_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "HELD_S", 0.3)
    blocks = "        __import__('time').sleep(3600)\n        headers ="
    found = {
        f.criterion.name: f.why
        for f in checked(spoilt("reads", "        headers =", blocks, tmp_path)).findings
    }
    assert "it holds the event loop: line " in found["it-says-when-it-is-connected"]
    assert "of river.py, in _ask" in found["it-says-when-it-is-connected"]


def test_what_a_test_of_one_line_says_names_the_criterion_and_the_remedy(tmp_path: Path) -> None:
    report = checked(spoilt("called", *FORGED, tmp_path))
    with pytest.raises(Broken, match="a-forged-signature-is-refused: it is taken") as caught:
        report.demand("good")
    assert "hmac.compare_digest" in str(caught.value)
    assert (report.grade, report.overrated) == ("experimental", True)


async def test_whatever_a_plug_in_raises_is_a_finding_without_its_words() -> None:
    suite = Suite()

    @suite.at("good")
    def it_raises(_case: object) -> None:
        """It raises.

        Mend it.
        """
        raise RuntimeError("marker-one")

    report = await examine("x", suite, None)
    assert "RuntimeError in it_raises" in report.findings[0].why
    assert "marker-one" not in str(report.as_json())
    assert report.grade == "experimental"


async def test_a_finding_says_how_reading_ended(tmp_path: Path) -> None:
    case = spoilt("reads", "{401, 403}", "{200}", tmp_path)
    (criterion,) = (one for one in READING.criteria if one.name == "each-capture-is-one-report")
    with pytest.raises(Broken, match=r"read returned BadCredentials \(bad_credentials\)"):
        await criterion.hold(case)


async def test_a_finding_names_the_bridges_own_line_that_raised(tmp_path: Path) -> None:
    case = spoilt(
        "reads",
        "        headers =",
        "        datetime = __import__('json').loads('{')\n        headers =",
        tmp_path,
    )
    (criterion,) = (one for one in READING.criteria if one.name == "a-source-that-is-away-is-tried-again")
    with pytest.raises(Broken, match=r"read raised JSONDecodeError in _ask, line \d+ of river\.py"):
        await criterion.hold(case)
