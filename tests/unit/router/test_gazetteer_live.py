"""A running router takes up a new gazetteer by itself, and none that is broken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from shared.gazetteer import live
from shared.gazetteer.importing import import_gazetteer
from shared.gazetteer.live import LiveGazetteer
from shared.gazetteer.port import Gazetteer
from tests.unit.router.gazetteer_files import open_name

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.02)


def make(out: Path, name: str) -> None:
    tile = out.with_name("tile.csv")
    tile.write_text(open_name(name))
    import_gazetteer([tile], out, now=NOW)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the thing waited for has no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def watched(places: LiveGazetteer) -> AsyncIterator[list[Gazetteer]]:
    """While it is watched, the gazetteers that it has handed over."""
    stop, used = asyncio.Event(), list[Gazetteer]()
    watching = asyncio.create_task(places.watch(stop, used.append))
    yield used
    stop.set()
    async with asyncio.timeout(10):
        await watching


async def test_a_new_file_is_taken_up(tmp_path: Path) -> None:
    out = tmp_path / "gazetteer.db"
    make(out, "Zed Road")
    places = LiveGazetteer(out)
    assert places.current.named("zed road")
    async with watched(places) as used:
        with structlog.testing.capture_logs() as logs:
            make(out, "Wye Road")
            await until(lambda: used)
        assert used == [places.current]
        assert places.current.named("wye road")
        assert not places.current.named("zed road")
        assert [line["event"] for line in logs] == ["gazetteer_opened"]
        assert places.state() == {
            "gazetteer": str(out),
            "gazetteer_built_at": NOW.isoformat(),
            "gazetteer_problem": None,
        }


async def test_a_broken_file_leaves_the_old_one_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "gazetteer.db"
    make(out, "Zed Road")
    places = LiveGazetteer(out)
    async with watched(places) as used:
        with structlog.testing.capture_logs() as logs:
            half = out.read_bytes()[: out.stat().st_size // 2]
            (tmp_path / "half").write_bytes(half)
            (tmp_path / "half").replace(out)
            await until(lambda: places.problem)
        assert logs[0]["event"] == "gazetteer_refused"
        assert str(out) in str(places.state()["gazetteer_problem"])
        assert places.current.named("zed road")
        assert not used
        make(out, "Wye Road")
        await until(lambda: used)
        assert places.problem is None


async def test_without_a_file_there_are_the_built_in_places_until_it_comes(tmp_path: Path) -> None:
    out = tmp_path / "gazetteer.db"
    places = LiveGazetteer(out)
    assert places.current.named("ashwin street")
    assert places.problem
    async with watched(places) as used:
        make(out, "Zed Road")
        await until(lambda: used)
        out.unlink()
        await until(lambda: places.problem)
        assert places.current.named("zed road"), "a file that vanishes is still open"


async def test_without_a_setting_nothing_is_watched() -> None:
    places = LiveGazetteer(None)
    async with watched(places) as used:
        await asyncio.sleep(0)
    assert not used
    assert places.state() == {
        "gazetteer": "built-in places",
        "gazetteer_built_at": None,
        "gazetteer_problem": None,
    }


def test_a_file_of_other_rules_for_names_is_used_and_complained_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "gazetteer.db", "Zed Road")
    monkeypatch.setattr("shared.gazetteer.index.fingerprint", lambda: "other")
    places = LiveGazetteer(tmp_path / "gazetteer.db")
    assert places.current.named("zed road")
    assert "make it anew" in str(places.problem)
