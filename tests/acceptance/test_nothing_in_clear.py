"""After a run full of marked words, names, numbers and places, none of them lies on disk in clear."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats
import pytest

from tests.acceptance.doors import by_android, by_form, by_sms, by_telegram, telegram_update
from tests.faults.raw_log import RawLog
from tests.rigs.byte_search import found_in, names_below
from tests.rigs.sink import SECRET_ENV, URL_ENV
from tests.rigs.system import RelaySystem, square

LAT, LON = 52.2318754, -1.5274931
MARKS = {
    "text over the API": "Quillfeather by the api",
    "text in the form": "Quillfeather by the form",
    "place typed into the form": "Brambleworth Passage",
    "contact in the form": "+447400246813",
    "text of an SMS": "Quillfeather by twilio",
    "number of an SMS": "+447700900417",
    "the number as people write it": "07700900417",
    "text over Android": "Quillfeather by android",
    "number over Android": "+447700900862",
    "text over Telegram": "Quillfeather by telegram",
    "chat of Telegram": "770055443318",
    "sender over the API": "Quillfeather Senior",
    "text in the spool": "Quillfeather in the spool",
    "text of a refused report": "Quillfeather refused",
    "text of a conflicting report": "Quillfeather conflicting",
    "statement of a dispatcher": "Quillfeather has been told",
    "place of a post": "Quillfeather Lane police station",
    "note of a shift": "Quillfeather was seen at six",
    "name of a member": "Hieronymus Quillfeather",
    "address of a channel": "quillfeather-address",
    "latitude": str(LAT),
    "longitude": str(LON),
    "text after the spool": "Quillfeather afterwards",
}
CONTROL = "Controlmark in clear"
GROUP = "ward"


@pytest.mark.parametrize(
    "hidden",
    [
        CONTROL.encode(),
        CONTROL.upper().encode(),
        CONTROL.encode("utf-16-le"),
        CONTROL.encode().hex().encode(),
        base64.b64encode(b"x" + CONTROL.encode() + b"yz"),
        base64.urlsafe_b64encode(b'{"a":"' + CONTROL.encode()),
    ],
)
def test_the_search_can_find(tmp_path: Path, hidden: bytes) -> None:
    (tmp_path / "file").write_bytes(b"\x00\xffbefore" + hidden + b"after")
    assert found_in(tmp_path, {"control": CONTROL}) == ["control in file"]


async def test_no_mark_lies_on_disk(tmp_path: Path) -> None:
    env = {"RELAY_INGEST_CONTACTS_FILE": str(contacts_file(tmp_path))}
    async with RelaySystem(tmp_path, env=env) as relay:
        await define_marked_group(relay)
        await report_by_every_door(relay)
        await confirm_and_end(relay)
        await keep_watch_afterwards(relay)
        await report_while_nats_is_away(relay)
        await everything_settled(relay)
        await plant_control(relay)
        arrived = " ".join(m.payload["text"] for m in relay.sink.received())
    assert "Quillfeather" in arrived, "the marks went through the relay, and came out where they should"
    searched = names_below(tmp_path)
    assert {"ingest.log", "router.log", "notifier.log", "console.log", "nats.log"} <= searched
    assert any(name.endswith(".blk") for name in searched)
    control = found_in(tmp_path / "nats", {"control": CONTROL})
    assert control, "what lies in a stream in clear is found: the store is neither compressed nor unread"
    assert found_in(tmp_path, MARKS) == []


def contacts_file(folder: Path) -> Path:
    """A hub that would text those who leave a number on the form; nothing listens there."""
    file = folder / "contacts.yaml"
    settings = {"url": "http://127.0.0.1:9", "username": "relay", "password": "env:NONE", "sender": "Hub"}
    file.write_text(json.dumps({"phone": {"kind": "kannel", "settings": settings, "answers": "sms"}}))
    return file


async def define_marked_group(relay: RelaySystem) -> None:
    definition = {"id": GROUP, "name": "Ward Watch", "area": square(52.23, -1.53, 0.05)}
    address = f"/{GROUP}/verifiers?{MARKS['address of a channel']}"
    channels = [
        {
            "id": f"hook-{audience}",
            "kind": "webhook",
            "audience": audience,
            "settings": {"url": f"env:{URL_ENV}", "path": path, "secret": f"env:{SECRET_ENV}"},
        }
        for audience, path in (("verifiers", address), ("community", f"/{GROUP}/community"))
    ]
    body = {"definition": definition, "channels": channels}
    put = await relay.as_member("PUT", f"v1/groups/{GROUP}", json=body)
    assert put.status in {200, 201}, put.body
    member = {"name": MARKS["name of a member"], "roles": {GROUP: "dispatcher"}}
    added = await relay.as_member("POST", "v1/members", json=member)
    relay.tokens[GROUP] = added.body["token"]


async def report_by_every_door(relay: RelaySystem) -> None:
    said = "immigration raid, officers taking people:"
    first = await relay.post_report(
        f"{said} {MARKS['text over the API']}",
        lat=LAT,
        lon=LON,
        accuracy_m=20,
        key="marked",
        sender=MARKS["sender over the API"],
    )
    form = await by_form(
        relay,
        f"{said} {MARKS['text in the form']}",
        where=MARKS["place typed into the form"],
        there="now",
        write_back="yes",
        contact=MARKS["contact in the form"],
    )
    assert "they may write to you" in form.body, "the contact is kept"
    sms = await by_sms(relay, f"{said} {MARKS['text of an SMS']}", sender=MARKS["number of an SMS"])
    android = await by_android(
        relay, f"{said} {MARKS['text over Android']}", sender=MARKS["number over Android"]
    )
    update = telegram_update(
        f"{said} {MARKS['text over Telegram']}", chat=int(MARKS["chat of Telegram"]), number=77
    )
    telegram = await by_telegram(relay, update)
    refused = await relay.post_report(MARKS["text of a refused report"], lat=200, lon=0)
    conflicting = await relay.post_report(MARKS["text of a conflicting report"], key="marked")
    statuses = [a.status for a in (first, form, sms, android, telegram, refused, conflicting)]
    assert statuses == [202, 200, 200, 200, 200, 422, 409]


async def confirm_and_end(relay: RelaySystem) -> None:
    incidents: list[str] = []

    async def shown() -> bool:
        incidents[:] = [incident["id"] for incident in await relay.incidents(GROUP)]
        return bool(incidents)

    await relay.wait_until(shown, "the group sees the incident")
    statement = MARKS["statement of a dispatcher"]
    await relay.desk("confirm", by=GROUP, incident=incidents[0], ask="WITNESSES", text=statement)
    await relay.desk("end", by=GROUP, incident=incidents[0], stage="officers_left", text=statement)


async def keep_watch_afterwards(relay: RelaySystem) -> None:
    """A post for whoever was taken, and a shift with its note."""
    now = datetime.now(UTC)
    times = {"begins": now.isoformat(), "ends": (now + timedelta(hours=1)).isoformat()}
    (incident,) = await relay.incidents(GROUP)
    await relay.desk("post", by=GROUP, incident=incident["id"], **times, label=MARKS["place of a post"])
    offered = await relay.as_member("POST", "v1/duty/offer", by=GROUP, json=times)
    note = {"shift": offered.body["made"], "text": MARKS["note of a shift"]}
    await relay.as_member("POST", "v1/duty/take", by=GROUP, json={"shift": note["shift"]})
    left = await relay.as_member("POST", "v1/duty/note", by=GROUP, json=note)
    assert left.body["outcome"] == "applied", left.body


async def report_while_nats_is_away(relay: RelaySystem) -> None:
    """The marked report lies in the spool, and there too not in clear."""
    await relay.stop("nats")
    await relay.deliver_report(MARKS["text in the spool"], lat=LAT, lon=LON, accuracy_m=20)
    spool = relay.folder / "spool-ingest"
    assert sum(path.stat().st_size for path in spool.iterdir()) > len(MARKS["text in the spool"])
    assert found_in(spool, MARKS) == []
    await relay.kill("ingest")
    await relay.start("nats")
    await relay.start("ingest")
    await relay.deliver_report(MARKS["text after the spool"], lat=LAT, lon=LON, accuracy_m=20)


async def everything_settled(relay: RelaySystem) -> None:
    log = RawLog(relay.nats.url)

    async def done() -> bool:
        await log.catch_up()
        return len(log.records["REPORTS"]) >= 7 and log.at_rest()

    await relay.wait_until(done, "all seven reports are decided and told")


async def plant_control(relay: RelaySystem) -> None:
    """A message in clear, as a broken service would store it."""
    async with await nats.connect(relay.nats.url) as client:
        await client.jetstream().publish("dead.v1.control", CONTROL.encode())
