"""The spool under crashes, damage, a full disk and two processes."""

import asyncio
import errno
import os
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.spool import Spool
from services.ingest.submission import BODY_TAG
from shared.errors import SettingsError, SpoolFullError
from shared.ports import Outgoing

AT = datetime(2026, 5, 14, 12, tzinfo=UTC)
MAX = 1_000_000


def message(number: int, body: bytes = b"{}") -> Outgoing:
    return Outgoing(
        subject="reports.v1.api", msg_id=f"r{number}", body=body, headers={BODY_TAG: f"tag{number}"}
    )


async def filled(folder: Path, messages: list[Outgoing]) -> bytes:
    """A spool's file after these were written and the process died."""
    spool = Spool(folder, max_bytes=MAX)
    await asyncio.gather(*(spool.append(m, at=AT) for m in messages))
    await spool.close()
    return (folder / "spool.log").read_bytes()


def survivors(folder: Path) -> tuple[list[Outgoing], int]:
    """What the next process finds waiting, and how many lines it set aside."""

    async def look() -> tuple[list[Outgoing], int]:
        spool = Spool(folder, max_bytes=MAX)
        found = await spool.oldest(1_000), spool.set_aside
        await spool.close()
        return found

    return asyncio.run(look())


async def test_what_was_written_waits_in_order_over_a_restart(tmp_path: Path) -> None:
    messages = [message(n, os.urandom(30)) for n in range(20)]
    await filled(tmp_path, messages)
    spool = Spool(tmp_path, max_bytes=MAX)
    assert await spool.oldest(100) == messages
    assert (spool.depth, spool.oldest_at(), spool.body_tag("r3")) == (20, AT, "tag3")
    await spool.close()


bodies = st.lists(st.binary(max_size=40), min_size=1, max_size=6)


@given(bodies=bodies, data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_crash_at_any_byte_loses_nothing_that_was_whole(bodies: list[bytes], data: st.DataObject) -> None:
    messages = [message(n, body) for n, body in enumerate(bodies)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = asyncio.run(filled(folder, messages))
        cut = data.draw(st.integers(0, len(raw)))
        (folder / "spool.log").write_bytes(raw[:cut])
        whole = raw[:cut].count(b"\n")
        assert survivors(folder) == (messages[:whole], 0)
        # What comes after the crash is not glued to the torn line.
        asyncio.run(filled(folder, [message(99)]))
        assert survivors(folder) == ([*messages[:whole], message(99)], 0)


@given(bodies=bodies, data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_byte_costs_at_most_its_own_lines_and_is_shown(
    bodies: list[bytes], data: st.DataObject
) -> None:
    messages = [message(n, body) for n, body in enumerate(bodies)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = asyncio.run(filled(folder, messages))
        place = data.draw(st.integers(0, len(raw) - 2))
        spoilt = bytes([raw[place] ^ data.draw(st.integers(1, 255))])
        (folder / "spool.log").write_bytes(raw[:place] + spoilt + raw[place + 1 :])
        hit = raw[:place].count(b"\n")
        hits = {hit, hit + 1} if raw[place : place + 1] == b"\n" else {hit}
        waiting, aside = survivors(folder)
        assert waiting == [m for n, m in enumerate(messages) if n not in hits]
        assert aside >= 1
        assert survivors(folder) == (waiting, aside)


async def test_a_crash_in_the_middle_of_a_drain_sends_again(tmp_path: Path) -> None:
    messages = [message(n) for n in range(3)]
    await filled(tmp_path, messages)
    spool = Spool(tmp_path, max_bytes=MAX)
    await spool.done(["r0", "r1"])
    await spool.close()
    again = Spool(tmp_path, max_bytes=MAX)
    assert await again.oldest(10) == messages
    await again.done([m.msg_id for m in messages])
    assert (again.depth, again.size, (tmp_path / "spool.log").stat().st_size) == (0, 0, 0)
    await again.append(message(7), at=AT)
    assert await again.oldest(10) == [message(7)]
    await again.close()


async def test_two_processes_never_share_a_spool(tmp_path: Path) -> None:
    first = Spool(tmp_path, max_bytes=MAX)
    with pytest.raises(SettingsError, match="another process uses this spool"):
        Spool(tmp_path, max_bytes=MAX)
    await first.close()
    await Spool(tmp_path, max_bytes=MAX).close()


async def test_a_full_spool_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=700)
    results = await asyncio.gather(
        *(spool.append(message(n, b"x" * 100), at=AT) for n in range(5)), return_exceptions=True
    )
    refused = [r for r in results if isinstance(r, SpoolFullError)]
    assert refused
    assert spool.depth == 5 - len(refused)
    assert spool.size <= 700
    await spool.close()


async def test_the_same_id_is_written_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=MAX)
    await asyncio.gather(*(spool.append(message(1), at=AT) for _ in range(5)))
    assert spool.depth == 1
    assert (tmp_path / "spool.log").read_bytes().count(b"\n") == 1
    await spool.close()


async def test_a_failing_disk_refuses_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, max_bytes=MAX)
    await spool.append(message(1), at=AT)
    real, calls = os.write, []

    def half(fd: int, data: bytes) -> int:
        calls.append(fd)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "full")
        return real(fd, bytes(data)[:5])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(SpoolFullError):
            await spool.append(message(2), at=AT)
    await spool.append(message(3), at=AT)
    assert await spool.oldest(10) == [message(1), message(3)]
    await spool.close()
    assert (tmp_path / "spool.log").read_bytes().count(b"\n") == 2


async def test_a_failing_disk_while_the_last_one_is_settled_leaves_no_empty_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, max_bytes=MAX)
    await spool.append(message(1), at=AT)
    failing, go_on = threading.Event(), threading.Event()

    def full(_fd: int, _data: bytes) -> int:
        failing.set()
        go_on.wait(5)
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        refused = asyncio.create_task(spool.append(message(2), at=AT))
        await asyncio.to_thread(failing.wait, 5)
        settled = asyncio.create_task(spool.done(["r1"]))
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(SpoolFullError):
            await refused
        await settled
    assert (spool.depth, spool.news.is_set()) == (0, False)
    await spool.append(message(3), at=AT)
    assert spool.news.is_set()
    assert (tmp_path / "spool.log").read_bytes().count(b"\n") == 1
    assert await spool.oldest(10) == [message(3)]
    await spool.close()


async def test_many_lines_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, max_bytes=MAX)
    real, synced = os.fsync, []

    def counting(fd: int) -> None:
        synced.append(fd)
        real(fd)

    monkeypatch.setattr(os, "fsync", counting)
    await asyncio.gather(*(spool.append(message(n), at=AT) for n in range(100)))
    assert 1 <= len(synced) <= 10
    await spool.close()
