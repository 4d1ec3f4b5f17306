"""The files of deploy/nats, run by the real nats-server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import nats
import pytest

from shared.bus import NatsBus, connect, ensure_streams
from shared.bus.streams import STREAMS
from shared.errors import BusError, BusRefusedError, BusUnavailableError, StaleWriterError
from shared.ports import Outgoing
from shared.servers import NATS_ENV, find_nats_server
from shared.testing.servers import NatsServer, free_port, healthy

DEPLOY = Path(__file__).parents[2] / "deploy" / "nats"
SMALL = dict.fromkeys(STREAMS, 16 * 1024 * 1024)
USERS = ("admin", "ingest", "router", "notifier", "console")
PASSWORDS = {f"NATS_{user.upper()}_PASSWORD": f"{user}Pass1" for user in USERS}


def deployed(file: str, store: Path, env: dict[str, str]) -> NatsServer:
    """A server as described by one of the files; not started."""
    store.mkdir(parents=True)
    port, monitor = free_port(), free_port()
    return NatsServer(
        args=[str(find_nats_server()), "--config", str(DEPLOY / file)],
        log=store / "nats.log",
        ready=lambda: healthy(monitor),
        env={
            **NATS_ENV,
            **PASSWORDS,
            "NATS_HOST": "127.0.0.1",
            "NATS_NAME": store.name,
            "NATS_PORT": str(port),
            "NATS_MONITOR": f"127.0.0.1:{monitor}",
            "NATS_STORE": str(store),
            **env,
        },
        url=f"nats://127.0.0.1:{port}",
        monitoring_url=f"http://127.0.0.1:{monitor}",
        store_dir=store,
    )


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = deployed("single.conf", tmp_path_factory.mktemp("deploy") / "one", {})
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def as_user(user: str, *servers: NatsServer) -> AsyncIterator[NatsBus]:
    bus = await connect(
        [server.url for server in servers],
        name=user,
        user=user,
        password=f"{user}Pass1",
        monitoring_url=",".join(server.monitoring_url for server in servers),
    )
    async with bus:
        if user == "admin":
            await made(bus, replicas=len(servers))
        yield bus


async def made(bus: NatsBus, *, replicas: int) -> None:
    """Make the streams; what is asked while three nodes still choose who leads them is answered by none."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ensure_streams(bus, max_bytes=SMALL, replicas=replicas)
            except BusUnavailableError:
                await asyncio.sleep(0.1)


ONE_OF_EACH = {
    "REPORTS": "reports.v1.form",
    "DESK": "desk.v1.hackney.confirm",
    "DECISIONS": "decisions.v1.told",
    "LEDGER": "ledger.v1.hackney",
    "KEYS": "keys.v1.hour",
    "SUBSCRIBERS": "subscribers.v1.asked",
}
MAY_PUBLISH = {
    "admin": set[str](),
    "ingest": {"REPORTS", "KEYS", "SUBSCRIBERS"},
    "router": {"DECISIONS", "KEYS"},
    "notifier": {"LEDGER", "SUBSCRIBERS"},
    "console": {"DESK", "KEYS"},
}


@pytest.mark.parametrize("user", USERS)
async def test_each_user_publishes_its_own_subjects_and_no_others(single: NatsServer, user: str) -> None:
    async with as_user("admin", single), as_user(user, single) as bus:
        for stream, subject in ONE_OF_EACH.items():
            message = Outgoing(subject, f"{user}-{stream}", b"")
            if stream in MAY_PUBLISH[user]:
                assert (await bus.publish(message)).stream == stream
            else:
                with pytest.raises(BusRefusedError, match=f"{user} may not publish to {subject}"):
                    await bus.publish(message)
        for other in USERS:
            letter = Outgoing(f"dead.v1.{other}", f"{user}-dead-{other}", b"")
            if other == user != "admin":
                await bus.publish(letter)
            else:
                with pytest.raises(BusRefusedError):
                    await bus.publish(letter)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    "verb",
    [
        "STREAM.DELETE.REPORTS",
        "STREAM.PURGE.DECISIONS",
        "STREAM.MSG.DELETE.DECISIONS",
        "STREAM.MSG.DELETE.LEDGER",
    ],
)
async def test_nobody_deletes_or_purges(single: NatsServer, user: str, verb: str) -> None:
    async with as_user("admin", single), as_user(user, single) as bus:
        with pytest.raises(BusRefusedError, match="may not"):
            await bus._link.api(verb, {"seq": 1})


async def test_only_the_router_erases_and_only_keys_and_reports(single: NatsServer) -> None:
    async with (
        as_user("admin", single),
        as_user("ingest", single) as ingest,
        as_user("router", single) as router,
    ):
        for n, (stream, subject) in enumerate([("KEYS", "keys.v1.k"), ("REPORTS", "reports.v1.sms")]):
            stored = await ingest.publish(Outgoing(subject, f"erase-{n}", b"sealed"))
            with pytest.raises(BusRefusedError, match="ingest may not"):
                await ingest.erase(stream, stored.seq)
            assert await router.erase(stream, stored.seq)


async def test_every_service_can_read_what_it_works_on(single: NatsServer) -> None:
    reads = {
        "ingest": ["KEYS"],
        "router": ["REPORTS", "DESK", "DECISIONS", "KEYS"],
        "notifier": ["DECISIONS", "LEDGER", "KEYS", "SUBSCRIBERS"],
        "console": [name for name in STREAMS if name != "SUBSCRIBERS"],
    }
    async with as_user("admin", single):
        for writer, stream in [
            ("router", "KEYS"),
            ("ingest", "REPORTS"),
            ("console", "DESK"),
            ("router", "DECISIONS"),
            ("notifier", "LEDGER"),
            ("ingest", "SUBSCRIBERS"),
        ]:
            async with as_user(writer, single) as bus:
                await bus.publish(Outgoing(ONE_OF_EACH[stream], f"read-{stream}", b""))
        async with as_user("router", single) as bus:
            await bus.publish(Outgoing("dead.v1.router", "read-DEAD", b""))
        for user, streams in reads.items():
            async with as_user(user, single) as bus:
                for stream in streams:
                    assert await bus.last_seq(stream) > 0
                    async with asyncio.timeout(10), aclosing(bus.read(stream)) as entries:
                        await anext(entries)


async def test_ingest_reads_no_decisions(single: NatsServer) -> None:
    async with as_user("admin", single), as_user("ingest", single) as bus:
        with pytest.raises(BusRefusedError):
            await bus.last_seq("DECISIONS")
        with pytest.raises(BusError):
            async with aclosing(bus.read("DECISIONS")) as entries:
                await anext(entries)


async def test_the_notifier_reads_what_is_to_be_sent_and_no_report(single: NatsServer) -> None:
    async with (
        as_user("admin", single),
        as_user("ingest", single) as ingest,
        as_user("notifier", single) as bus,
    ):
        stored = await ingest.publish(Outgoing("reports.v1.sms", "for-the-router-alone", b"sealed"))
        with pytest.raises(BusRefusedError, match="notifier may not"):
            await bus.get("REPORTS", stored.seq)
        with pytest.raises(BusError):
            async with aclosing(bus.read("REPORTS")) as entries:
                await anext(entries)
        assert await bus.last("DESK", "desk.v1.*.kill_switch") is None
        for stream in ("DECISIONS", "LEDGER", "KEYS"):
            await bus.get(stream, 1)


@pytest.mark.parametrize("user", ["ingest", "router", "console"])
async def test_who_the_subscribers_are_the_notifier_alone_reads_writes_and_erases(
    single: NatsServer, user: str
) -> None:
    async with (
        as_user("admin", single),
        as_user("ingest", single) as ingest,
        as_user("notifier", single) as notifier,
        as_user(user, single) as bus,
    ):
        stored = await ingest.publish(Outgoing("subscribers.v1.asked", f"asked-by-{user}", b"sealed"))
        with pytest.raises(BusRefusedError, match=f"{user} may not"):
            await bus.get("SUBSCRIBERS", stored.seq)
        with pytest.raises(BusRefusedError, match=f"{user} may not"):
            await bus.publish(Outgoing("subscribers.v1.kept", f"kept-{user}", b""))
        with pytest.raises(BusRefusedError, match=f"{user} may not"):
            await bus.publish(Outgoing("subscribers.v1.imported", f"imported-{user}", b""))
        with pytest.raises(BusRefusedError, match=f"{user} may not"):
            await bus.erase("SUBSCRIBERS", stored.seq)
        with pytest.raises(BusError):
            async with aclosing(bus.read("SUBSCRIBERS")) as entries:
                await anext(entries)
        assert await notifier.erase("SUBSCRIBERS", stored.seq)


async def test_nobody_listens_to_anothers_replies(single: NatsServer) -> None:
    troubles: list[str] = []
    refused = asyncio.Event()

    async def note(error: Exception) -> None:
        troubles.append(str(error))
        refused.set()

    async with await nats.connect(single.url, user="ingest", password="ingestPass1", error_cb=note) as spy:
        await spy.subscribe("_INBOX_router.>")
        async with asyncio.timeout(5):
            await refused.wait()
    assert "permissions violation" in troubles[0]


async def test_a_wrong_password_is_one_clear_sentence(single: NatsServer) -> None:
    with pytest.raises(BusUnavailableError, match=r"(?i)authorization.*credentials"):
        await connect(
            single.url,
            name="x",
            user="ingest",
            password="wrong",
            monitoring_url=single.monitoring_url,
            patience_s=1,
        )


# --- three nodes ------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[NatsServer]]:
    ports = [free_port() for _ in range(3)]
    routes = {
        f"NATS_ROUTE_{n}": f'"nats://route:routePass1@127.0.0.1:{port}"' for n, port in enumerate(ports, 1)
    }
    nodes = [
        deployed(
            "cluster.conf",
            tmp_path / f"node{n}",
            {**routes, "NATS_CLUSTER_PORT": str(port), "NATS_ROUTE_PASSWORD": "routePass1"},
        )
        for n, port in enumerate(ports, 1)
    ]
    with contextlib.ExitStack() as stack:
        for node in nodes:
            stack.callback(node.stop)
            # A node alone is not healthy: it waits for a leader. So start all, then wait for all.
            ready, node.ready = node.ready, lambda: True
            node.start()
            node.ready = ready
        yield nodes


@pytest.mark.faults
async def test_three_nodes_lose_one_and_go_on(three: list[NatsServer]) -> None:
    async with asyncio.timeout(30):
        while not all([await asyncio.to_thread(node.ready) for node in three]):  # noqa: ASYNC110 - all
            await asyncio.sleep(0.05)
    async with as_user("admin", *three) as admin:
        config = (await admin._info("REPORTS"))["config"]
        assert config["num_replicas"] == 3
        leader = (await admin._info("REPORTS"))["cluster"]["leader"]
    async with as_user("ingest", *three) as ingest, as_user("router", *three) as router:
        for n in range(50):
            await ingest.publish(Outgoing("reports.v1.form", f"r{n}", b"%d" % n), patience_s=30)
        next(node for node in three if node.store_dir.name == leader).kill()
        for n in range(50, 100):
            await ingest.publish(Outgoing("reports.v1.form", f"r{n}", b"%d" % n), patience_s=30)
        seen: list[bytes] = []
        async with asyncio.timeout(30), aclosing(router.read("REPORTS")) as entries:
            while len(seen) < 100:
                seen.append((await anext(entries)).body)
    assert seen == [b"%d" % n for n in range(100)]


async def test_the_fence_holds_on_three_nodes(three: list[NatsServer]) -> None:
    async with asyncio.timeout(30):
        while not all([await asyncio.to_thread(node.ready) for node in three]):  # noqa: ASYNC110 - all
            await asyncio.sleep(0.05)
    async with as_user("admin", *three), as_user("router", *three) as one, as_user("router", *three) as two:

        async def attempt(bus: NatsBus, writer: int, after: int) -> int | None:
            try:
                return await bus.append(Outgoing("decisions.v1.noted", f"{writer}-{after}", b""), after=after)
            except StaleWriterError:
                return None

        # An append is never repeated by the bus, so the new stream must have its leader first.
        await one.publish(Outgoing("decisions.v1.told", "first", b""), patience_s=30)
        last = 1
        for _ in range(10):
            tried = await asyncio.gather(
                *(attempt(bus, w, last) for w, bus in enumerate((one, two, one, two)))
            )
            (last,) = [seq for seq in tried if seq]
