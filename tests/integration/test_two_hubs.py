"""Two hubs as real processes: news goes over, the all-clear comes back, and a broken link costs nothing."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.rigs.system import RelaySystem
from tests.rigs.two_hubs import TwoHubs, two_hubs

RAID = "immigration officers taking people out of the shop, two vans"
THERE: dict[str, Any] = {"lat": 55.8400, "lon": -4.2800, "accuracy_m": 20}
_PLACES = (
    "bakery",
    "nail bar",
    "car wash",
    "restaurant kitchen",
    "building site",
    "barber",
    "takeaway",
    "hotel",
)
_SAID = (
    "immigration officers raiding the {}",
    "home office van outside the {}, officers inside now",
    "immigration raid at the {}, they took a man",
)
STORM = [said.format(place) for said in _SAID for place in _PLACES]


async def test_two_hubs_as_peers(tmp_path: Path) -> None:
    """One pair of hubs for all of it, because two take half a minute to begin."""
    async with two_hubs(tmp_path) as hubs:
        await news_goes_over_and_the_all_clear_comes_back_to_people_who_decide(hubs)
        await a_link_that_breaks_under_load_loses_nothing_and_doubles_nothing(hubs)
        await a_revoked_peer_is_refused_at_once(hubs)


async def news_goes_over_and_the_all_clear_comes_back_to_people_who_decide(hubs: TwoHubs) -> None:
    london, glasgow = hubs.london, hubs.glasgow
    await london.deliver_report(RAID, sender="+447700900123", **THERE)
    heard = await _first(glasgow, "UNCONFIRMED", "southside")
    assert heard["facts"]["report"] == RAID

    there = await glasgow.the_incident("southside")
    await glasgow.desk("confirm", by="southside", incident=there["id"])
    await _first(london, "LIKELY", "border")
    await glasgow.desk("end", by="southside", incident=there["id"], stage="officers_left")
    over = await _first(london, "UPDATE", "border")
    assert over["facts"]["note"] == "said_over"
    here = await london.the_incident("border")
    assert here["status"] == "likely", "a peer's word is evidence: people here end it"


async def a_link_that_breaks_under_load_loses_nothing_and_doubles_nothing(hubs: TwoHubs) -> None:
    wire, quarter = hubs.to_glasgow, len(STORM) // 4
    before = len(await hubs.glasgow.incidents("southside"))
    await _storm(hubs, 0, quarter)
    wire.becomes("swallows")
    await _storm(hubs, quarter, 2 * quarter)
    await hubs.london.wait_until(lambda: wire.swallowed >= 1, "a letter arrives and its answer is lost")
    wire.becomes("cut")
    await hubs.london.kill("notifier")
    await _storm(hubs, 2 * quarter, 3 * quarter)
    await hubs.london.start("notifier")
    wire.becomes("whole")
    await _storm(hubs, 3 * quarter, len(STORM))

    async def all_there() -> bool:
        return len(await hubs.glasgow.incidents("southside")) == before + len(STORM)

    await hubs.glasgow.wait_until(all_there, "all are there", within_s=180)
    reports = [
        i["reports"] for i in await hubs.glasgow.incidents("southside") if i["status"] == "unconfirmed"
    ]
    assert reports == [1] * len(STORM), "each once"


async def a_revoked_peer_is_refused_at_once(hubs: TwoHubs) -> None:
    await hubs.revoke_london()
    here = await hubs.london.the_incident("border")
    await hubs.london.desk("end", by="border", incident=here["id"], stage="officers_left")

    async def refused() -> bool:
        return "revoked" in await hubs.refusals_at_glasgow()

    await hubs.london.wait_until(refused, "what comes after is refused and counted")


async def _first(hub: RelaySystem, kind: str, group: str) -> Mapping[str, Any]:
    """The first message of that kind to the group's verifiers, once it is there."""
    await hub.wait_until(lambda: bool(hub.sink.received(kind=kind, group=group)), f"{group} hears {kind}")
    return hub.sink.received(kind=kind, group=group)[0].payload


async def _storm(hubs: TwoHubs, begin: int, end: int) -> None:
    """Reports from all over the city, each of another raid."""
    await asyncio.gather(*(hubs.london.deliver_report(STORM[n], **_spot(n)) for n in range(begin, end)))


def _spot(n: int) -> dict[str, Any]:
    lat, lon = 55.78 + n % 8 * 0.014, -4.41 + n // 8 * 0.06
    return {"sender": f"s{n}", "lat": lat, "lon": lon, "accuracy_m": 15}
