"""One behaviour suite for the read model, run on Redis and on its twin in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis.asyncio as redis

from shared.errors import StaleProjectionError, StateUnavailableError
from shared.exercises import RUNNING
from shared.ports import Changes, Progress, Put, ReadModel
from shared.state import Exercises, RedisState, ReportStates, open_state
from shared.testing.servers import RedisServer, start_redis
from shared.testing.state import MemoryState
from tests.rigs.console import until

FIRST = Progress("e1", {"DECISIONS": 1, "LEDGER": 0}, ready=False)
SECOND = Progress("e1", {"DECISIONS": 2, "LEDGER": 5}, ready=True)


@pytest.fixture(params=["memory", "redis"])
async def state(request: pytest.FixtureRequest) -> AsyncIterator[MemoryState | RedisState]:
    if request.param == "memory":
        yield MemoryState()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    await flush(server)
    async with open_state(server.url) as found:
        yield found


async def flush(server: RedisServer) -> None:
    client = redis.Redis.from_url(server.url)
    await client.flushall()
    await client.aclose()


async def test_an_empty_model_has_no_progress_and_nothing_else(state: ReadModel) -> None:
    assert await state.progress() is None
    assert await state.get("a", "b") == [None, None]
    assert await state.get() == []
    assert await state.names("i") == []


async def test_a_commit_writes_reads_back_and_advances(state: ReadModel) -> None:
    changes = Changes(
        puts={"a": Put("Ää"), "b": Put("2", life_s=100)},
        scores={"i": {"x": 1.0, "y": 3.0, "z": 2.0}},
    )
    await state.commit(changes, before=None, after=FIRST)
    assert await state.progress() == FIRST
    assert await state.get("b", "none", "a") == ["2", None, "Ää"]
    assert await state.names("i") == ["y", "z", "x"]
    assert await state.names("i", limit=2) == ["y", "z"]
    assert await state.names("i", limit=0) == []


async def test_what_the_public_sees_is_counted_with_the_progress(state: ReadModel) -> None:
    counted = Progress("e1", {"DECISIONS": 1, "LEDGER": 0}, ready=True, public=3)
    await state.commit(Changes({"a": Put("1")}), before=None, after=counted)
    assert await state.progress() == counted
    with pytest.raises(StaleProjectionError):
        await state.commit(Changes({"a": Put("2")}), before=replace(counted, public=2), after=SECOND)
    assert await state.get("a") == ["1"]


async def test_a_commit_of_every_kind_of_change_at_once(state: ReadModel) -> None:
    kept = Changes({f"k{n}": Put("1") for n in range(3000)}, scores={"i": {f"x{n}": n for n in range(3000)}})
    await state.commit(kept, before=None, after=FIRST)
    everything = Changes(
        puts={"a": Put("new"), "b": Put("short", life_s=100)},
        deletes=frozenset(f"k{n}" for n in range(2999)),
        scores={"i": {**{f"x{n}": None for n in range(2999)}, "y": 0.5}, "j": {"z": 1e9}},
        drops={"none": "k"},
    )
    await state.commit(everything, before=FIRST, after=SECOND)
    assert await state.get("a", "b", "k0", "k2999") == ["new", "short", None, "1"]
    assert (await state.names("i"), await state.names("j")) == (["x2999", "y"], ["z"])


async def test_a_progress_of_another_version_wants_rebuilding(redis_server: RedisServer) -> None:
    await flush(redis_server)
    client = redis.Redis.from_url(redis_server.url)
    await client.set("relay:progress", '{"epoch": "e", "positions": {}, "ready": true}')
    await client.aclose()
    async with open_state(redis_server.url) as found:
        assert await found.progress() is None
        await found.clear()
        await found.commit(Changes(), before=None, after=FIRST)
        assert await found.progress() == FIRST


async def test_deletes_and_taking_out_of_an_index(state: ReadModel) -> None:
    await state.commit(Changes({"a": Put("1")}, scores={"i": {"x": 1, "y": 2}}), before=None, after=FIRST)
    await state.commit(
        Changes(deletes=frozenset({"a", "never"}), scores={"i": {"x": None, "y": 9}}),
        before=FIRST,
        after=SECOND,
    )
    assert await state.get("a") == [None]
    assert await state.names("i") == ["y"]


async def test_however_many_look_at_once_all_are_answered(state: ReadModel) -> None:
    await state.commit(Changes({"a": Put("x")}), before=None, after=FIRST)
    assert await asyncio.gather(*(state.get("a") for _ in range(500))) == [["x"]] * 500


async def test_what_leaves_an_index_in_the_commit_that_drops_it_stays(state: ReadModel) -> None:
    puts = {"report:left": Put("x"), "report:stayed": Put("x")}
    scores = {"of": {"left": 1.0, "stayed": 2.0}}
    await state.commit(Changes(puts, scores=scores), before=None, after=FIRST)
    leaving = Changes({"report:left": Put("y")}, scores={"of": {"left": None}}, drops={"of": "report:"})
    await state.commit(leaving, before=FIRST, after=SECOND)
    assert await state.names("of") == []
    assert await state.get("report:left", "report:stayed") == ["y", None]


async def test_a_drop_deletes_an_index_and_what_it_names(state: ReadModel) -> None:
    puts = {f"report:{n}": Put("x") for n in range(1200)}
    scores = {"of": {str(n): float(n) for n in range(1200)}}
    await state.commit(Changes({**puts, "other": Put("1")}, scores=scores), before=None, after=FIRST)
    await state.commit(Changes(drops={"of": "report:"}), before=FIRST, after=SECOND)
    assert await state.names("of") == []
    assert await state.get("report:0", "report:1199", "other") == [None, None, "1"]


@pytest.mark.parametrize("wrong", [None, SECOND])
async def test_whoever_is_not_where_he_thinks_changes_nothing(
    state: ReadModel, wrong: Progress | None
) -> None:
    await state.commit(Changes({"a": Put("1")}), before=None, after=FIRST)
    with pytest.raises(StaleProjectionError):
        await state.commit(Changes({"a": Put("2")}), before=wrong, after=SECOND)
    assert await state.get("a") == ["1"]
    assert await state.progress() == FIRST


async def test_of_two_that_race_one_wins(state: ReadModel) -> None:
    async def attempt(n: int) -> bool:
        try:
            await state.commit(Changes({"a": Put(str(n))}), before=None, after=FIRST)
        except StaleProjectionError:
            return False
        return True

    won = await asyncio.gather(*(attempt(n) for n in range(8)))
    assert won.count(True) == 1
    assert await state.get("a") == [str(won.index(True))]


async def test_clear_forgets_everything(state: ReadModel) -> None:
    changes = Changes({f"k{n}": Put("1") for n in range(700)}, scores={"i": {"x": 1}})
    await state.commit(changes, before=None, after=FIRST)
    await state.clear()
    assert await state.progress() is None
    assert await state.get("k1", "k699") == [None, None]
    assert await state.names("i") == []


async def test_watchers_hear_of_every_commit(state: ReadModel) -> None:
    news = state.watch()
    await asyncio.wait_for(anext(news), 5)
    await state.commit(Changes(), before=None, after=FIRST)
    await asyncio.wait_for(anext(news), 5)
    await state.commit(Changes(), before=FIRST, after=SECOND)
    await asyncio.wait_for(anext(news), 5)


async def test_brief_values_are_kept_taken_once_and_forgotten(state: MemoryState | RedisState) -> None:
    brief = state.ephemeral
    await brief.put("a", "Ää", life_s=100)
    await brief.put("a", "anew", life_s=100)
    assert await brief.get("a", "none") == ["anew", None]
    assert await brief.get() == []
    taken = await asyncio.gather(*(brief.take("a") for _ in range(5)))
    assert sorted(filter(None, taken)) == ["anew"]
    assert await brief.take("a") is None
    await brief.put("b", "1", life_s=100)
    await brief.delete("b", "never")
    await brief.delete()
    assert await brief.get("b") == [None]


async def test_brief_values_end(state: MemoryState | RedisState) -> None:
    brief = state.ephemeral
    await brief.put("a", "1", life_s=1)
    assert await brief.count("n", life_s=1) == 1

    async def ended() -> bool:
        return await brief.get("a") == [None] and await brief.count("n", life_s=1) == 1

    await until(ended)


async def test_counting_at_once_counts_each(state: MemoryState | RedisState) -> None:
    counted = await asyncio.gather(*(state.ephemeral.count("n", life_s=100) for _ in range(9)))
    assert sorted(counted) == list(range(1, 10))
    assert await state.ephemeral.count("other", life_s=100) == 1


async def test_a_rebuild_leaves_brief_values_alone(state: MemoryState | RedisState) -> None:
    await state.commit(Changes({"a": Put("document")}), before=None, after=FIRST)
    await state.ephemeral.put("a", "brief", life_s=100)
    assert await state.get("a") == ["document"]
    await state.clear()
    assert await state.ephemeral.get("a") == ["brief"]


REPORTS = [
    pytest.param({}, None, id="nothing known"),
    pytest.param({"report:r1": "{}"}, "noted", id="held or ignored"),
    pytest.param(
        {"report:r1": '{"incident":"i1"}', "incident:i1": '{"status":"likely"}'},
        "with_volunteers",
        id="open",
    ),
    pytest.param(
        {"report:r1": '{"incident":"i1"}', "incident:i1": '{"status":"officers_left"}'}, "ended", id="ended"
    ),
    pytest.param({"report:r1": '{"incident":"i1"}'}, "ended", id="forgotten"),
    pytest.param(
        {
            "report:r1": '{"incident":"i1"}',
            "incident:i1": '{"status":"merged","merged_into":"i2"}',
            "incident:i2": '{"status":"confirmed"}',
        },
        "with_volunteers",
        id="merged into an open one",
    ),
]


@pytest.mark.parametrize(("documents", "expected"), REPORTS)
async def test_what_became_of_a_report(
    state: ReadModel, documents: dict[str, str], expected: str | None
) -> None:
    await state.commit(Changes({k: Put(v) for k, v in documents.items()}), before=None, after=FIRST)
    assert await ReportStates(state).report_state("r1") == expected  # type: ignore[arg-type]


async def test_of_exercises_nothing_is_said_while_the_model_is_only_being_filled(state: ReadModel) -> None:
    begun = {"id": "x", "group": "g", "begun_at": "2026-06-22T14:00:00Z", "until": "2026-06-22T18:00:00Z"}
    changes = Changes({"exercise:x": Put(json.dumps({**begun, "speed": 1.0}))}, scores={RUNNING: {"x": 1.0}})
    await state.commit(changes, before=None, after=FIRST)  # its end may stand further on in the log
    exercises, now = Exercises(state), datetime(2026, 6, 22, 15, tzinfo=UTC)
    for ask in (lambda: exercises.one("x"), lambda: exercises.running(now)):
        with pytest.raises(StateUnavailableError):
            await ask()
    await state.commit(Changes(), before=FIRST, after=SECOND)
    assert await exercises.running(now) == [await exercises.one("x")]


async def test_redis_away_is_said_in_our_words_and_it_comes_back_empty(tmp_path: Path) -> None:
    server = await asyncio.to_thread(start_redis, tmp_path)
    try:
        async with open_state(server.url) as state:
            await state.commit(Changes({"a": Put("1")}), before=None, after=FIRST)
            news = state.watch()
            await asyncio.wait_for(anext(news), 5)
            await asyncio.to_thread(server.kill)
            await _each_verb_is_unavailable(state)
            await asyncio.to_thread(server.restart)
            assert await state.progress() is None
            await asyncio.wait_for(anext(news), 5)
            await state.commit(Changes(), before=None, after=FIRST)
            await asyncio.wait_for(anext(news), 5)
    finally:
        server.stop()


async def _each_verb_is_unavailable(state: RedisState) -> None:
    for verb in (
        lambda: state.get("a"),
        lambda: state.names("i"),
        state.progress,
        state.clear,
        lambda: state.commit(Changes(), before=FIRST, after=SECOND),
        lambda: state.ephemeral.put("a", "1", life_s=1),
        lambda: state.ephemeral.get("a"),
        lambda: state.ephemeral.take("a"),
        lambda: state.ephemeral.delete("a"),
        lambda: state.ephemeral.count("a", life_s=1),
    ):
        with pytest.raises(StateUnavailableError):
            await verb()


async def test_a_unix_socket_will_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    from shared.servers import find_redis_server, redis_args
    from shared.testing.servers import Process

    folder = Path(str(tmp_path_factory.getbasetemp()))
    socket = folder / "r.sock"
    args = [str(find_redis_server()), *redis_args(folder, unix_socket=socket)]
    server = Process(args=args, log=folder / "redis.log", ready=socket.exists)
    await asyncio.to_thread(server.start)
    try:
        async with open_state(f"unix://{socket}") as state:
            assert await state.progress() is None
    finally:
        server.stop()
