"""After the officers have left, on real servers: a post stays empty, somebody hears; then it is closed."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from tests.rigs.system import RelaySystem, square

WARD = {"id": "ward", "name": "Ward Watch", "area": square(52.23, -1.53, 0.05)}
STATION = "Ward Road Police Station, back door"
LATE = timedelta(minutes=11)
"""A post that began so long ago: whoever is not there has not come."""


async def taken(relay: RelaySystem) -> str:
    """A raid that a person confirmed, and whose officers have left with nobody knows whom; its code."""
    await relay.deliver_report("immigration raid now, two vans, I see them", sender="a", lat=52.23, lon=-1.53)
    incident = await relay.the_incident("ward")
    await relay.desk("confirm", by="ward", incident=incident["code"])
    await relay.desk("end", by="ward", incident=incident["code"], let_go=1, unknown=1)
    return str(incident["code"])


async def test_an_empty_post_is_seen_and_only_then_is_it_closed(tmp_path: Path) -> None:
    async with RelaySystem(tmp_path) as relay:
        await relay.define_group(WARD)
        code = await taken(relay)
        begins = datetime.now(UTC) - LATE
        times = {"begins": begins.isoformat(), "ends": (begins + timedelta(hours=2)).isoformat()}
        opened = await relay.desk("post", by="ward", incident=code, **times, label=STATION, needed=1)
        joined = await relay.desk("post_join", by="ward", incident=code, post=opened["made"], outside=True)

        def missed() -> bool:
            return any(STATION in m.payload["text"] for m in relay.sink.received(kind="AFTERCARE"))

        await relay.wait_until(missed, "the verifiers hear that somebody has not come")
        assert not relay.sink.received(kind="AFTERCARE", audience="community")

        ending = {"incident": code, "stage": "closed"}
        refused = await relay.as_member("POST", "v1/desk/end", by="ward", json=ending)
        assert (refused.status, refused.body["code"]) == (HTTPStatus.CONFLICT, "not_accounted_for")
        assert relay.sink.received(kind="CLOSED") == []

        here = {"post": opened["made"], "tag": joined["made"]}
        await relay.desk("post_check_in", by="ward", incident=code, **here)
        became = [{"fate": "released"}]
        told = await relay.desk("account", by="ward", incident=code, became=became)
        after = told["incident"]["aftercare"]
        assert (after["fates"], after["posts"][0]["keepers"][0]["who"]) == ({"released": 1}, joined["made"])
        await relay.desk("end", by="ward", **ending)
        audiences = {"verifiers", "community"}
        await relay.wait_until(
            lambda: {m.audience for m in relay.sink.received(kind="CLOSED")} == audiences, "the end is told"
        )
        assert max(relay.sink.copies().values()) == 1


async def test_a_rota_survives_a_router_and_a_flushed_view(tmp_path: Path) -> None:
    async with RelaySystem(tmp_path) as relay:
        await relay.define_group(WARD)
        begins = datetime.now(UTC) + timedelta(minutes=20)
        times = {"begins": begins.isoformat(), "ends": (begins + timedelta(hours=2)).isoformat()}
        offered = await relay.as_member("POST", "v1/duty/offer", by="ward", json=times)
        shift = {"shift": offered.body["made"]}
        await relay.wait_until(lambda: bool(relay.sink.received(kind="DUTY")), "the empty shift is told of")
        await relay.kill("router")
        await relay.restart("console")
        await relay.start("router")
        taken_ = await relay.as_member("POST", "v1/duty/take", by="ward", json=shift)
        assert taken_.body["outcome"] == "applied", taken_.body
        rota = await relay.as_member("GET", "v1/duty", by="ward")
        assert [[t["name"] for t in s["takers"]] for s in rota.body["shifts"]] == [["Dispatcher of ward"]]
        assert len(relay.sink.received(kind="DUTY")) == 1
