"""STOP to nothing left: on real servers, then every byte of the data folder is searched."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from aiohttp import web
from click.testing import CliRunner
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from alert_relay.cli import relay as relay_command
from shared.contracts.catalog import decode_each
from tests.rigs.byte_search import files_below, found_in, names_below
from tests.rigs.system import RelaySystem, square

NUMBER, OTHER, LISTED = "+447700900417", "+447700900862", "+447400900531"
MARKS = {
    "the number": NUMBER,
    "the number as people write it": "07700900417",
    "without its plus": NUMBER[1:],
    "the number of a list": LISTED[1:],
}
TOKEN = "twilio-token-of-the-join-number"
GROUP = "hackney"


class Twilio:
    """Twilio's Messages API: whom we wrote to, and what."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.sent.append((str(form["To"]), str(form["Body"])))
        return web.json_response({"sid": f"SM{len(self.sent):032}"}, status=201)

    def to(self, number: str) -> list[str]:
        return [text for to, text in self.sent if to == number]

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Twilio"]:
        twilio, app = cls(), web.Application()
        app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", twilio.take)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            twilio.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield twilio
        finally:
            await runner.cleanup()


def bridges(folder: Path, api: str) -> Path:
    """The reporting number, and the number to subscribe by."""
    settings = {
        "auth_token": "env:JOIN_TOKEN",
        "account_sid": "AC" + "0" * 32,
        "number": "+442079460000",
        "api": api,
    }
    file = folder / "bridges.yaml"
    entries = [
        {"id": "join", "kind": "twilio-sms", "subscriptions": {}, "settings": settings},
        {"id": "sms", "kind": "twilio-sms", "settings": {"auth_token": "env:JOIN_TOKEN"}},
    ]
    file.write_text(json.dumps(entries))
    return file


async def text_us(relay: RelaySystem, text: str, sender: str, *, to: str = "join") -> str:
    """A signed message to one of our numbers; what Twilio is told to answer."""
    sid = f"SM{hash((text, sender, to)) & (2**63 - 1):032}"
    fields = {"MessageSid": sid, "From": sender, "Body": text, "NumMedia": "0"}
    url = f"{relay.urls['ingest']}/bridges/{to}"
    signature: str = RequestValidator(TOKEN).compute_signature(url, fields)
    answer = await relay.request(
        "POST", f"ingest/bridges/{to}", data=fields, headers={"X-Twilio-Signature": signature}
    )
    assert answer.status == 200, answer.body
    return str(answer.body)


async def join(relay: RelaySystem, twilio: Twilio, number: str) -> None:
    await text_us(relay, "JOIN E8", number)
    await relay.wait_until(lambda: len(twilio.to(number)) == 1, "the code arrives")
    code = re.search(r"\d{6}", twilio.to(number)[0])
    assert code is not None
    await text_us(relay, code[0], number)
    await relay.wait_until(lambda: len(twilio.to(number)) == 2, "they are in")


async def boxes(relay: RelaySystem) -> dict[int, bytes]:
    """The sealed parts of what lies in the book's stream, by place."""
    found: dict[int, bytes] = {}
    async with await nats.connect(relay.nats.url) as client:
        stream = client.jetstream()
        info = await stream.stream_info("SUBSCRIBERS")
        for seq in range(info.state.first_seq, info.state.last_seq + 1):
            try:
                message = await stream.get_msg("SUBSCRIBERS", seq)
            except nats.js.errors.NotFoundError:
                continue
            box = re.search(rb'"box":"([^"]+)"', message.data or b"")
            if box:
                found[seq] = box[1]
            assert decode_each(message.data or b"")
    return found


def a_list(file: Path) -> None:
    file.write_text(f"contact,consented_on,consented_how\n{LISTED},2026-05-01,at a meeting\n")


async def hand_in(relay: RelaySystem, twilio: Twilio, file: Path, bridges_file: str) -> None:
    """By the command, as whoever runs the notifier does: a list of one, which is kept elsewhere."""
    a_list(file)
    env = {
        "RELAY_HOME": str(relay.home.folder),
        "RELAY_NATS_URL": relay.nats.url,
        "RELAY_NATS_MONITORING_URL": relay.nats.monitoring_url,
        "RELAY_MASTER_KEY_FILE": str(relay.home.unsafe_key),
        "RELAY_INGEST_BRIDGES_FILE": bridges_file,
    }
    command = ["subscribers", "import", str(file), "--group", GROUP, "--yes"]
    done = await asyncio.to_thread(CliRunner(env=env).invoke, relay_command, command)
    assert done.exit_code == 0, done.output
    await relay.wait_until(lambda: len(twilio.to(LISTED)) == 1, "they are told that they are on the list")


async def test_a_number_that_said_stop_is_nowhere_on_disk_and_the_others_stay(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "list.csv"
    async with Twilio.open() as twilio:
        env = {
            "RELAY_INGEST_BRIDGES_FILE": str(bridges(tmp_path, twilio.url)),
            "JOIN_TOKEN": TOKEN,
        }
        async with RelaySystem(tmp_path, env=env) as relay:
            await relay.define_group({"id": GROUP, "name": "Hackney", "area": square(51.546, -0.07, 0.03)})
            await join(relay, twilio, NUMBER)
            await hand_in(relay, twilio, elsewhere, env["RELAY_INGEST_BRIDGES_FILE"])
            theirs = await boxes(relay)
            await join(relay, twilio, OTHER)
            stay = {seq: box for seq, box in (await boxes(relay)).items() if seq not in theirs}
            assert (len(theirs), len(stay)) == (2, 1), "one entry a person, and nothing else"
            await tell(relay)
            await relay.wait_until(lambda: len(twilio.to(NUMBER)) == 3, "they are told")
            await relay.wait_until(lambda: len(twilio.to(LISTED)) == 2, "whoever was on the list too")
            await text_us(relay, "Stop.", LISTED)
            await say_stop_while_nats_is_away(relay)
            await relay.wait_until(lambda: gone(tmp_path, theirs), "what was sealed is overwritten")
            await relay.wait_until(lambda: len(twilio.to(NUMBER)) == 4, "they are told that they are gone")
            assert list(await boxes(relay)) == list(stay)
            await end(relay)
            await relay.wait_until(lambda: len(twilio.to(OTHER)) == 4, "the other hears the end")
        assert (len(twilio.to(NUMBER)), len(twilio.to(LISTED))) == (4, 3), "and whoever left does not"
        assert {"ingest.log", "router.log", "notifier.log", "console.log", "nats.log"} <= names_below(
            tmp_path
        )
        assert found_in(tmp_path, MARKS) == []
        assert not gone(tmp_path, stay), "the search would find what is there"


def gone(folder: Path, sealed: dict[int, bytes]) -> bool:
    """Whether none of these boxes lies in any file."""
    files = files_below(folder).values()
    return not any(box in content for box in sealed.values() for content in files)


async def tell(relay: RelaySystem) -> None:
    """An incident that the community is told of."""
    await relay.deliver_report(
        "immigration raid, officers taking people", lat=51.546, lon=-0.07, accuracy_m=20, sender="a"
    )
    incident = await relay.the_incident(GROUP)
    await relay.desk("confirm", by=GROUP, incident=incident["id"], ask="WITNESSES", text="One van.")


async def end(relay: RelaySystem) -> None:
    incident = await relay.the_incident(GROUP)
    await relay.desk("end", by=GROUP, incident=incident["id"], stage="officers_left", text="They left.")


async def say_stop_while_nats_is_away(relay: RelaySystem) -> None:
    """It waits in the spool, sealed, and is done when NATS is back."""
    await relay.stop("nats")
    await text_us(relay, "Stop.", NUMBER)
    spool = relay.folder / "spool-ingest"
    assert any(path.stat().st_size for path in spool.iterdir())
    assert found_in(spool, MARKS) == []
    await relay.start("nats")


async def test_the_reporting_number_has_no_keywords(tmp_path: Path) -> None:
    """A lone STOP or HELP there is a frightened report, whatever else the hub has."""
    async with Twilio.open() as twilio:
        env = {"RELAY_INGEST_BRIDGES_FILE": str(bridges(tmp_path, twilio.url)), "JOIN_TOKEN": TOKEN}
        async with RelaySystem(tmp_path, env=env, services=("ingest", "notifier")) as relay:
            for word in ("STOP", "HELP", "JOIN E8"):
                said = await text_us(relay, word, NUMBER, to="sms")
                assert "Ref " in said, "it gets a report's receipt"
            assert "<Message>" not in await text_us(relay, "HELP", OTHER)
            await relay.wait_until(lambda: len(twilio.to(OTHER)) == 1, "the other number knows its keywords")
        assert twilio.to(NUMBER) == []
