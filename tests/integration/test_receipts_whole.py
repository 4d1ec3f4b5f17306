"""A text and its receipt through real processes: router, notifier, console, NATS, Redis, and Kannel."""

from pathlib import Path
from typing import Any

from tests.rigs.kannel import PASSWORD, USER, Kannel, needs_kannel
from tests.rigs.system import RelaySystem

NUMBER = "+447700900123"


@needs_kannel
async def test_what_the_network_says_reaches_whoever_asks_the_desk(tmp_path: Path) -> None:
    kannel = Kannel(tmp_path / "kannel").start()
    env = {"SHARED__KANNEL": PASSWORD}
    try:
        async with RelaySystem(tmp_path / "relay", services=("router", "console"), env=env) as relay:
            relay.add("notifier")
            notifier = relay.processes["notifier"]
            notifier.env = {**notifier.env, "RELAY_NOTIFIER_PUBLIC_URL": relay.urls["notifier"]}
            await relay.start("notifier")
            await define(relay, kannel)
            tested = await relay.as_member("POST", "v1/groups/hackney/channels/texts/test", json={})
            assert tested.status == 200, tested.body

            async def arrived() -> bool:
                got = await relay.as_member("GET", "v1/groups/hackney/channels/texts/test")
                return [a["arrived"] for a in got.body["answers"]] == ["delivered"]

            await relay.wait_until(arrived, "the receipt on the desk")
            assert [part.to for part in kannel.received] == [NUMBER]
            assert kannel.received[0].text.startswith("TEST from Hackney")
            url = f"{relay.urls['notifier']}/receipts/hackney/texts"
            async with relay.http.get(f"{url}?id=x&code=y&status=1") as answer:
                assert (answer.status, (await answer.json())["code"]) == (403, "bad_signature")
            await relay.stop("notifier")
            written = b"".join(p.read_bytes() for p in (tmp_path / "relay").rglob("*") if p.is_file())
            assert b"delivery.receipted.v1" in written
            assert NUMBER.encode() not in written
    finally:
        kannel.stop()


async def define(relay: RelaySystem, kannel: Kannel) -> None:
    settings = {"url": kannel.url, "username": USER, "password": "env:SHARED__KANNEL", "sender": "Hackney"}
    texts: dict[str, Any] = {
        "id": "texts",
        "kind": "kannel",
        "audience": "verifiers",
        "settings": {**settings, "to": [NUMBER]},
    }
    definition = {"id": "hackney", "name": "Hackney", "area": {"outcodes": ["E8"]}}
    body = {"definition": definition, "channels": [texts]}
    answer = await relay.as_member("PUT", "v1/groups/hackney", json=body)
    assert answer.status == 200, answer.body
