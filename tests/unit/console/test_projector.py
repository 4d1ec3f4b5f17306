"""The projector over the twins: it survives losing the read model, a twin of itself, and bad messages."""

import asyncio
import json
from pathlib import Path
from typing import Any

from services.console.projector import Projector, Rhythm
from shared.contracts.base import KeyId
from shared.ports import Changes, Outgoing, Progress
from shared.sealing import Keyring
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig, console_rig, until


def memory(rig: Rig) -> MemoryState:
    assert isinstance(rig.state, MemoryState)
    return rig.state


def content(state: MemoryState) -> Any:
    documents = {key: json.loads(text) for key, text in state.documents.items()}
    return documents, {name: index for name, index in state.indexes.items() if index}


async def story(rig: Rig, reports: int = 50) -> None:
    await rig.group("hackney")
    await rig.member("Ada", hackney="dispatcher")
    await rig.incident()
    for n in range(reports):
        await rig.report("i1", f"r{n}")
    await rig.delivered(await rig.confirmed("i1", "D7K", "six officers"))


async def test_a_flush_at_any_moment_ends_in_the_same_picture(rig: Rig) -> None:
    await story(rig)
    before = content(memory(rig))
    progress = await rig.state.progress()
    memory(rig).flush()
    await rig.shown()
    assert content(memory(rig)) == before
    after = await rig.state.progress()
    assert progress is not None
    assert after is not None
    assert after.epoch != progress.epoch


async def test_flushes_in_the_middle_of_a_storm(rig: Rig) -> None:
    await story(rig, 0)
    for n in range(100):
        await rig.report("i1", f"r{n}")
        if n % 20 == 10:
            memory(rig).flush()
    await rig.shown()
    incident = json.loads(memory(rig).documents["incident:i1"])
    assert incident["reports"] == 101
    assert len(await rig.state.names("reports:i1")) == 101


async def test_two_projectors_count_nothing_twice(rig: Rig) -> None:
    stop = asyncio.Event()
    second = asyncio.create_task(rig.projector().work(stop))
    await story(rig, 100)
    counts = json.loads(memory(rig).documents["counts"])
    stop.set()
    await second
    assert json.loads(memory(rig).documents["incident:i1"])["reports"] == 101
    assert counts["deliveries"] == {"feed.community.delivered": 1}


async def test_a_read_model_of_another_log_is_thrown_away(tmp_path: Path) -> None:
    state = MemoryState()
    async with console_rig(MemoryBus(), state, tmp_path) as rig:
        await story(rig)
    async with console_rig(MemoryBus(), state, tmp_path) as rig:
        await rig.group("leeds")
        await rig.shown()
        assert await rig.state.names("groups") == ["leeds"]
        assert "incident:i1" not in state.documents


async def test_it_waits_while_redis_or_nats_is_away(rig: Rig) -> None:
    memory(rig).go_away()
    await rig.group("hackney")
    await asyncio.sleep(0)
    memory(rig).come_back()
    await rig.shown()
    assert isinstance(rig.bus, MemoryBus)
    rig.bus.go_away()
    memory(rig).flush()
    rig.bus.come_back()
    await rig.shown()
    assert await rig.state.names("groups") == ["hackney"]


async def test_what_cannot_be_read_is_named_and_counted_and_the_rest_goes_on(rig: Rig) -> None:
    await rig.bus.publish(Outgoing("incidents.v1.opened", "x1", b"{not json"))
    await rig.group("hackney")
    await rig.shown()
    assert await rig.state.names("groups") == ["hackney"]
    assert json.loads(memory(rig).documents["counts"])["unreadable"] == {"DECISIONS": 1}
    letter = await rig.bus.last("DEAD", "dead.v1.console")
    assert letter is not None
    assert json.loads(letter.body)["stream"] == "DECISIONS"


async def test_one_spoilt_message_among_several_costs_only_itself(rig: Rig) -> None:
    await rig.incident()
    await rig.shown()
    held = await rig.bus.get("DECISIONS", await rig.bus.last_seq("DECISIONS"))
    assert held is not None
    first = json.loads(held.body)
    parts = first if isinstance(first, list) else [first]
    again = {**parts[0], "id": "TEST.x.0", "incident_id": "i9", "code": "K9K", "where": None}
    body = json.dumps([{"type": "incident.opened.v1", "id": "bad"}, again]).encode()
    await rig.bus.publish(Outgoing("decisions.v1.noted", "several", body))
    await rig.shown()
    assert "incident:i9" in memory(rig).documents
    assert json.loads(memory(rig).documents["counts"])["unreadable"] == {"DECISIONS": 1}


async def test_with_its_key_destroyed_an_incident_is_marked_erased_on_rebuild(rig: Rig) -> None:
    await rig.incident()
    await rig.keyring.destroy(KeyId("incident-i1"))
    fresh = await state_once_ready(rig)
    incident = json.loads(fresh.documents["incident:i1"])
    assert (incident["place"], incident["erased"], incident["code"]) == (None, True, "D7K")


async def test_a_stream_whose_end_aged_away_does_not_keep_it_from_being_ready(rig: Rig) -> None:
    for n in range(3):
        await rig.group(f"g{n}")
    await rig.bus.erase("DECISIONS", 3)
    assert await state_once_ready(rig)


async def test_a_claim_is_passed_by_and_yet_read_past(rig: Rig) -> None:
    claim = Outgoing("ledger.v1.hackney", "c1", b"{}", {"ce-type": "chunk.claimed.v1"})
    await rig.bus.publish(claim)
    await rig.shown()
    progress = await rig.state.progress()
    assert progress is not None
    assert progress.positions["LEDGER"] == 1
    assert memory(rig).documents == {}


async def test_words_for_verifiers_are_not_kept_but_those_for_the_community_are(rig: Rig) -> None:
    await story(rig, 0)
    alerts = [json.loads(text) for key, text in memory(rig).documents.items() if key.startswith("alert:")]
    assert {alert["audience"]: "public" in alert for alert in alerts} == {
        "verifiers": False,
        "community": True,
    }


async def test_only_news_for_the_public_is_counted_as_such(rig: Rig) -> None:
    async def public() -> int:
        await rig.shown()
        progress = await rig.state.progress()
        assert progress is not None
        return progress.public

    await rig.group("hackney")
    await rig.incident()
    before = await public()
    await rig.report("i1", "r9")
    assert await public() == before
    alert = await rig.confirmed("i1", "D7K", "six officers")
    confirmed = await public()
    await rig.delivered(alert)
    assert before < confirmed < await public()


async def test_a_backlog_becomes_few_commits(rig: Rig) -> None:
    await story(rig, 1500)
    await rig.shown()
    state = CountingState()
    assert (await state_once_ready(rig, state)).documents == memory(rig).documents
    assert state.commits < 20


async def test_after_a_backlog_news_is_shown_at_once(rig: Rig) -> None:
    await story(rig, 3000)
    memory(rig).flush()
    await rig.shown()
    began = asyncio.get_running_loop().time()
    await rig.group("leeds")
    await rig.shown()
    assert asyncio.get_running_loop().time() - began < 0.5


async def test_what_comes_in_quick_succession_becomes_few_commits(tmp_path: Path) -> None:
    state = CountingState()
    async with console_rig(MemoryBus(), state, tmp_path, rhythm=Rhythm()) as rig:
        before = state.commits
        began = asyncio.get_running_loop().time()
        for n in range(200):
            await rig.report("i1", f"r{n}")
            await asyncio.sleep(0)
        await rig.shown()
        spent = asyncio.get_running_loop().time() - began
        assert state.commits - before <= 3 + spent / Rhythm().pace_s


class CountingState(MemoryState):
    """Counts its commits."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0

    async def commit(self, changes: Changes, *, before: Progress | None, after: Progress) -> None:
        """Count, and commit."""
        self.commits += 1
        await super().commit(changes, before=before, after=after)


async def state_once_ready(rig: Rig, state: MemoryState | None = None) -> MemoryState:
    """A read model of its own, rebuilt from the rig's log."""
    state, stop = state or MemoryState(), asyncio.Event()
    keyring = Keyring(rig.keyring.master, rig.bus, rig.clock, source="console")
    task = asyncio.create_task(Projector(rig.bus, state, keyring, rig.clock).work(stop))

    async def ready() -> bool:
        progress = await state.progress()
        return progress is not None and progress.ready

    await until(ready)
    stop.set()
    await task
    return state
