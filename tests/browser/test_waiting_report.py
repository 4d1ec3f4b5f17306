"""A report without network in a real Chromium: it waits, goes once, and leaves nothing behind."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from services.ingest.app import make_app
from services.ingest.door import DOOR
from services.ingest.spool import Spool
from shared.clock import SystemClock
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportReceived
from shared.exercises import Exercise, path_of
from shared.http import site
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.browser import a_phone, needs_chromium, no_violations
from tests.rigs.console import until
from tests.rigs.exercises import Exercises

pytestmark = [pytest.mark.browser, needs_chromium]

TRACES = """async () => ({
  databases: (await indexedDB.databases()).length,
  buckets: navigator.storageBuckets ? (await navigator.storageBuckets.keys()).length : 0,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  stored: localStorage.length + sessionStorage.length + document.cookie.length,
})"""
NONE = {"databases": 0, "buckets": 0, "caches": 0, "workers": 0, "stored": 0}


EXERCISE = path_of(MasterKey(bytes(32)), "d1")


@dataclass
class Phone:
    """A phone with the form open, and the hub that it writes to."""

    page: Page
    origin: str
    bus: MemoryBus
    counts: Counter[str]
    """What the hub accepted, and how."""

    async def once(self) -> bool:
        """Whether exactly one report was sent, and not even a harmless copy of it."""
        return self.counts == {"accepted.stored": 1}

    async def write(self, path: str = "") -> None:
        """Fill in the form, and have the worker ready as it is when a person has typed for a second."""
        await self.page.goto(self.origin + path)
        await self.page.get_by_label("What do you see?").fill("Six officers, one van")
        await self.page.get_by_label("Where is it?").fill("Ashwin Street E8")
        await self.page.wait_for_function(
            "async () => (await navigator.serviceWorker.getRegistration('/static/'))?.active"
        )

    async def send(self) -> None:
        await self.page.get_by_role("button", name="Send report").click()

    async def waits(self) -> None:
        await expect(self.page.get_by_role("heading", name="Your report is waiting")).to_be_visible()

    async def arrived(self) -> None:
        await expect(self.page.get_by_role("heading", name="Your report has arrived")).to_be_visible()

    async def network_goes(self) -> None:
        await self.page.context.set_offline(offline=True)

    async def network_is_back(self) -> None:
        await self.page.context.set_offline(offline=False)

    async def traces(self) -> Any:
        return await self.page.evaluate(TRACES)

    async def leaves_nothing(self) -> None:
        async def gone() -> bool:
            return bool(await self.traces() == NONE)

        await until(gone)


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    bus, spool, exercises = MemoryBus(), Spool(tmp_path, max_bytes=10), Exercises()
    now = SystemClock().now()
    exercises.known["d1"] = Exercise("d1", "hackney", now, now + timedelta(hours=4))
    app = make_app(
        bus=bus, clock=SystemClock(), master=MasterKey(bytes(32)), spool=spool, exercises=exercises
    )
    async with site(app, "127.0.0.1", 0) as port, a_phone(javascript=True) as page:
        yield Phone(page, f"http://127.0.0.1:{port}", bus, app[DOOR].counts)
    await spool.close()


async def test_a_waiting_report_goes_once_when_the_network_is_back_and_leaves_nothing(phone: Phone) -> None:
    await phone.write()
    await phone.network_goes()
    await phone.send()
    await phone.waits()
    await expect(phone.page.get_by_text("it is kept on this phone, but not after")).to_be_visible()
    await no_violations(phone.page)
    assert (await phone.traces())["buckets"] == 1
    assert not phone.counts
    await phone.network_is_back()
    await phone.arrived()
    assert await phone.once()
    await phone.leaves_nothing()


@pytest.mark.parametrize("drill", [True, False])
async def test_what_waits_of_one_form_goes_there_and_is_never_shown_under_anothers_head(
    phone: Phone, *, drill: bool
) -> None:
    written, other = (EXERCISE, "/") if drill else ("/", EXERCISE)
    await phone.write(written)
    await phone.network_goes()
    await phone.page.locator("#send").click()
    await phone.waits()
    await phone.page.goto("about:blank")
    await phone.network_is_back()
    await phone.page.goto(phone.origin + other)
    await until(phone.once)
    await expect(phone.page.locator("#writing")).to_be_visible()
    await expect(phone.page.locator("#waiting")).to_be_hidden()
    entry = await phone.bus.get("REPORTS", 1)
    stored = decode(entry) if entry else None
    assert isinstance(stored, ReportReceived)
    assert stored.drill == drill


async def test_who_only_looks_leaves_nothing_behind(phone: Phone) -> None:
    await phone.page.goto(phone.origin)
    await expect(phone.page.get_by_role("button", name="Add my location")).to_be_visible()
    assert await phone.traces() == NONE


async def test_a_report_that_is_sent_at_once_is_never_kept(phone: Phone) -> None:
    await phone.write()
    await phone.send()
    await phone.arrived()
    assert await phone.once()
    await phone.leaves_nothing()


async def test_it_can_be_forgotten(phone: Phone) -> None:
    await phone.write()
    await phone.network_goes()
    await phone.send()
    await phone.waits()
    await phone.page.get_by_role("button", name="Forget it").press("Enter")
    await expect(phone.page.get_by_text("The report is forgotten")).to_be_focused()
    assert await phone.page.get_by_label("What do you see?").input_value() == ""
    await phone.leaves_nothing()
    await phone.network_is_back()
    await no_violations(phone.page)
    assert not phone.counts


async def test_it_survives_the_page_and_goes_at_the_next_visit(phone: Phone) -> None:
    await phone.write()
    await phone.network_goes()
    await phone.send()
    await phone.waits()
    await phone.page.goto("about:blank")
    await phone.network_is_back()
    await phone.page.goto(phone.origin)
    await phone.arrived()
    assert await phone.once()
    await phone.leaves_nothing()


async def test_what_cannot_be_taken_just_now_waits_too(phone: Phone) -> None:
    await phone.write()
    phone.bus.go_away()
    await phone.send()
    await phone.waits()
    assert phone.counts["refused.cannot_store"] >= 1
    phone.bus.come_back()
    await phone.page.get_by_role("button", name="Try now").click()
    await phone.arrived()
    # The browser may have woken the worker as well: whoever was second sent a copy, and only a copy.
    assert phone.counts["accepted.stored"] == 1
    await phone.leaves_nothing()


async def test_an_answer_lost_on_the_way_makes_no_second_report(phone: Phone) -> None:
    await phone.write()

    async def lose(route: Any) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await phone.page.route("**/?lang=*", lose)
    await phone.send()
    await phone.waits()
    assert phone.counts["accepted.stored"] == 1
    await phone.page.unroute("**/?lang=*")
    await phone.page.get_by_role("button", name="Try now").click()
    await phone.arrived()
    assert phone.counts["accepted.stored"] == 1
    assert phone.counts["accepted.duplicate"] >= 1


async def test_what_is_too_old_is_not_sent_and_says_so(phone: Phone) -> None:
    await phone.write()
    await phone.page.evaluate("document.querySelector('form').dataset.keepS = '-1'")
    await phone.network_goes()
    await phone.send()
    await phone.waits()
    await phone.network_is_back()
    await expect(phone.page.get_by_text("could not be sent in time")).to_be_visible()
    assert not phone.counts
    assert (await phone.traces())["buckets"] == 0


@contextlib.asynccontextmanager
async def worker_of(phone: Phone) -> AsyncIterator[tuple[CDPSession, str]]:
    """The browser's own handle on the worker: the session and the registration's id."""
    session = await phone.page.context.new_cdp_session(phone.page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda e: found.extend(r["registrationId"] for r in e["registrations"] if not r["isDeleted"]),
    )
    await session.send("ServiceWorker.enable")

    async def known() -> bool:
        return bool(found)

    await until(known)
    yield session, found[-1]
    await session.detach()


async def test_the_worker_sends_it_when_the_page_is_closed(phone: Phone) -> None:
    await phone.write()
    other = await phone.page.context.new_page()
    await other.goto(f"{phone.origin}/static/form.css")
    await phone.network_goes()
    await phone.send()
    await phone.waits()
    watcher = replace(phone, page=other)
    async with worker_of(watcher) as (session, registration):
        await phone.page.close()
        await watcher.network_is_back()
        wake = {"origin": phone.origin, "registrationId": registration, "tag": "send", "lastChance": False}
        await session.send("ServiceWorker.dispatchSyncEvent", wake)
        await until(watcher.once)
    await watcher.leaves_nothing()
