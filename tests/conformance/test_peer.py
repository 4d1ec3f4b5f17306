"""The peer hub: its bridge and its channel pass the suites; a bad peer's letters are refused and counted."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.ingest.app import make_app
from services.ingest.bridges.peer import PeerBridge
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from services.notifier.channels.peer import PeerChannel, PeerSettings
from shared.federation.letter import Letter
from shared.federation.link import Link, is_signed, public_of, signed
from shared.federation.trust import PURPOSE, believe
from shared.plugins.channel_testing import MESSAGE, Answer, ChannelConformance, Provider, a_host
from shared.plugins.spec import (
    BadCredentials,
    Channel,
    Delivered,
    Ignored,
    Outcome,
    Rejected,
    RetryLater,
    WebhookRequest,
)
from shared.plugins.testing import BridgeCase, BridgeConformance
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.bridges_health import KEYS, bridges_health
from tests.unit.federation.letters import GLASGOW, LINK, LONDON, STRANGER

FIXTURES = Path(__file__).parent / "fixtures" / "peer"
NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
FILE = "file:/var/lib/relay/secrets/london/peer.json"
PATH = "/bridges/peer"


def sign(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As the peer does; with anything else than its file, as a stranger."""
    key = LONDON if secrets.get(FILE) == LINK.model_dump_json() else STRANGER
    headers = {"content-type": "application/json", "x-relay-signature": signed(key, PURPOSE, body)}
    return WebhookRequest("POST", f"https://glasgow.example{PATH}", headers, body, NOW)


CASE = BridgeCase(
    bridge=PeerBridge,
    settings={"link": FILE, "within": [-4.6, 55.7, -4.0, 56.0]},
    secrets={FILE: LINK.model_dump_json()},
    bodies={path.name: path.read_bytes() for path in sorted(FIXTURES.iterdir())},
    sign=sign,
    private=("marker-one", "marker-two", "marker-name"),
)
NEWS = json.loads(CASE.bodies["news.json"])


class TestPeerBridge(BridgeConformance):
    case = CASE

    def test_a_peer_is_one_sender_for_each_of_its_incidents(self) -> None:
        news, answer = (self.one(CASE.bodies[name]) for name in ("news.json", "answer.json"))
        assert (news.sender, news.contact, news.text) == ("london/i51", None, NEWS["text"])
        assert news.passed_on is not None
        assert (news.passed_on.about, news.passed_on.answers) == ("i51", None)
        assert answer.passed_on is not None
        assert (answer.passed_on.answers, answer.passed_on.says) == ("i9", "over")
        assert answer.text == "london: over. marker-name two were let go"

    def test_a_test_of_the_link_is_no_report(self) -> None:
        body = json.dumps({**NEWS, "says": "test"}).encode()
        assert CASE.make().parse(CASE.signed(body)) == Ignored("test")


@dataclass
class Door:
    """Glasgow's front door, with London as its peer."""

    client: TestClient[Any, Any]
    bus: MemoryBus

    async def post(self, body: bytes, **headers: str) -> tuple[int, str]:
        signed_headers = {**dict(sign(body, CASE.secrets).headers), **headers}
        async with self.client.post(PATH, data=body, headers=signed_headers) as response:
            text = await response.text()
            return response.status, json.loads(text)["code"] if response.status >= 400 else text

    async def tell(self, **changed: Any) -> tuple[int, str]:
        return await self.post(json.dumps({**NEWS, **changed}).encode())

    async def stored(self) -> int:
        return await self.bus.last_seq("REPORTS")


class FixedClock:
    def now(self) -> datetime:
        return NOW


@contextlib.asynccontextmanager
async def door(folder: Path, bus: MemoryBus | None = None, secrets: Any = None) -> AsyncIterator[Door]:
    bus = bus or MemoryBus(FixedClock())
    spool = Spool(folder, max_bytes=1_000)
    app = make_app(
        bus=bus,
        clock=FixedClock(),
        master=MasterKey(bytes(32)),
        spool=spool,
        settings=IngestSettings(),
        bridges={"peer": CASE.make() if secrets is None else replace(CASE, secrets=secrets).make()},
        keys=KEYS,
    )
    async with TestClient(TestServer(app)) as client:
        yield Door(client, bus)
    await spool.close()


async def test_fourteen_attacks_by_a_bad_peer_are_refused_and_counted(tmp_path: Path) -> None:
    sound = json.dumps(NEWS).encode()
    away = {"lat": 51.5, "lon": 0.0, "radius_m": 40}
    async with door(tmp_path) as glasgow:
        assert (await glasgow.post(sound))[0] == 200
        answers = [
            await glasgow.post(sound),
            await glasgow.post(
                sound.replace(b"two vans", b"ten vans"), **dict(sign(sound, CASE.secrets).headers)
            ),
            await glasgow.post(sound, **{"x-relay-signature": signed(STRANGER, PURPOSE, sound)}),
            await glasgow.post(sound, **{"x-relay-signature": ""}),
            await glasgow.tell(sequence=11, audience="leeds"),
            await glasgow.tell(sequence=12, sender="leeds", via=["leeds"]),
            await glasgow.tell(sequence=13, at="2026-06-22T14:20:00Z", until="2026-06-22T14:29:00Z"),
            await glasgow.tell(sequence=14, at="2026-06-22T15:20:00Z", until="2026-06-22T15:29:00Z"),
            await glasgow.tell(sequence=15, until="2026-06-23T14:46:18Z"),
            await glasgow.tell(sequence=16, via=["glasgow", "london"]),
            await glasgow.tell(sequence=17, via=["leeds", "york", "hull", "london"]),
            await glasgow.tell(sequence=18, where=away),
            await glasgow.tell(sequence=19, text="x" * 17_000),
            await glasgow.tell(sequence=20, says="end"),
        ]
        assert answers == [
            (409, "replayed"),
            (403, "bad_signature"),
            (403, "bad_signature"),
            (403, "bad_signature"),
            (403, "wrong_audience"),
            (403, "wrong_sender"),
            (403, "expired"),
            (403, "from_the_future"),
            (403, "window_too_long"),
            (422, "loop"),
            (422, "too_many_hops"),
            (422, "outside_area"),
            (413, "too_large"),
            (422, "bad_letter"),
        ]
        assert await glasgow.stored() == 1
        counts = (await bridges_health(glasgow.client))["counts"]
        refused = {name: n for name, n in counts.items() if ".refused." in name}
        assert sum(refused.values()) == 14, refused
        assert refused["bridge.peer.refused.bad_signature"] == 3


async def test_news_told_again_in_another_letter_is_one_report_before_and_after_a_restart(
    tmp_path: Path,
) -> None:
    bus = MemoryBus(FixedClock())
    async with door(tmp_path, bus) as glasgow:
        assert [(await glasgow.tell(sequence=n))[0] for n in (1, 2)] == [200, 200]
    async with door(tmp_path, bus) as glasgow:
        assert (await glasgow.tell(sequence=1))[0] == 200, "what it heard is forgotten, what is stored is not"
        assert await glasgow.stored() == 1


async def test_a_revoked_peer_is_refused_from_the_next_letter_on(tmp_path: Path) -> None:
    secrets = dict(CASE.secrets)
    async with door(tmp_path, secrets=secrets) as glasgow:
        assert (await glasgow.tell())[0] == 200
        secrets[FILE] = LINK.model_copy(update={"state": "revoked"}).model_dump_json()
        body = json.dumps({**NEWS, "sequence": 2}).encode()
        signature = signed(LONDON, PURPOSE, body)
        assert await glasgow.post(body, **{"x-relay-signature": signature}) == (403, "revoked")


TO_GLASGOW = Link.model_validate(
    {
        **LINK.model_dump(),
        "hub": "glasgow",
        "us": "london",
        "our_key": public_of(LONDON),
        "key": public_of(GLASGOW),
    }
)
FACTS = {"report": MESSAGE.text, "reported_at": "2026-06-22T14:45:02+00:00", "statement": "", "peers": []}
WHERE = {"label": "Albert Drive", "lat": 55.842, "lon": -4.279, "radius_m": 40}
TOLD = replace(MESSAGE, data={**MESSAGE.data, "place": WHERE, "facts": FACTS})


class TestPeerChannel(ChannelConformance):
    plugin = PeerChannel
    answers = (
        Answer(200, Delivered(), body=b"stored 1\n", exact=True),
        Answer(302, Rejected("http_302"), headers={"Location": "http://127.0.0.1:1/"}, exact=True),
        Answer(403, BadCredentials(), body=b'{"code":"revoked"}', exact=True),
        Answer(409, RetryLater("replayed"), body=b'{"code":"replayed"}', exact=True),
        Answer(413, Rejected("too_large"), body=b'{"code":"too_large"}', exact=True),
        Answer(422, Rejected("loop"), body=b'{"code":"loop"}', exact=True),
        Answer(422, Rejected("http_422"), body=b'{"code":"<script>"}', exact=True),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
        Answer(503, RetryLater("http_503", 5.0), headers={"Retry-After": "5"}, exact=True),
    )
    secrets: ClassVar[Mapping[str, str]] = {"env:KEY": LONDON}
    message = TOLD
    knows_copies = True

    def settings(self, provider: Provider) -> dict[str, Any]:  # noqa: ARG002 - it stands in the file
        return {"link": "env:LINK", "key": "env:KEY"}

    def secrets_at(self, provider: Provider) -> Mapping[str, str]:
        link = TO_GLASGOW.model_copy(update={"url": provider.url + PATH}).model_dump_json()
        return {**self.secrets, "env:LINK": link}

    async def _send(self, channel: Channel) -> Outcome:
        return await channel.send(channel.recipients()[0], TOLD, key="a1-x-0")

    async def test_each_attempt_is_another_letter_of_the_same_id(
        self, channel: Channel, provider: Provider
    ) -> None:
        for _ in range(2):
            await self._send(channel)
        letters = [Letter.model_validate_json(got.raw) for got in provider.received]
        assert [letter.sequence for letter in letters] == [1, 2]
        assert {letter.id for letter in letters} == {"a1-x-0"}
        for got in provider.received:
            signature = got.headers["x-relay-signature"]
            assert is_signed(public_of(LONDON), PURPOSE, got.raw.encode(), signature)

    async def test_the_other_hub_believes_it(self, channel: Channel, provider: Provider) -> None:
        await self._send(channel)
        got = provider.received[-1]
        letter = believe(got.raw.encode(), got.headers["x-relay-signature"], LINK, datetime.now(UTC))
        assert isinstance(letter, Letter)
        assert (letter.sender, letter.about, letter.says) == ("london", "i1", "unconfirmed")

    async def test_what_is_for_our_own_people_is_not_passed_on(
        self, channel: Channel, provider: Provider
    ) -> None:
        for kind in ("DIGEST", "DRILL UNCONFIRMED", "NO_NEWS", "DUTY"):
            outcome = await channel.send("glasgow", replace(TOLD, kind=kind), key="k")
            assert outcome == Rejected("not_for_peers")
        assert not provider.received

    async def test_a_test_of_the_channel_goes_all_the_way(self, channel: Channel, provider: Provider) -> None:
        test = replace(MESSAGE, kind="TEST", thread=None, data={})
        assert isinstance(await channel.send("glasgow", test, key="k"), Delivered)
        assert json.loads(provider.received[-1].raw)["says"] == "test"


@pytest.mark.parametrize("state", ["invited", "revoked"])
async def test_nothing_is_written_to_a_peer_whose_link_does_not_stand(state: str) -> None:
    link = TO_GLASGOW.model_copy(update={"state": state}).model_dump_json()
    async with a_host({"env:LINK": link, "env:KEY": LONDON}) as host:
        channel = PeerChannel(PeerSettings(link="env:LINK", key="env:KEY"), host)
        assert await channel.send("glasgow", TOLD, key="k") == Rejected("peer_not_open")
