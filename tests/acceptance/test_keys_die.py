"""Days later, on real servers: what is forgotten can't be opened by whoever has the folder and all keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.words import question
from tests.acceptance.doors import by_form
from tests.acceptance.test_stop_to_nothing import TOKEN, Twilio, text_us
from tests.rigs.byte_search import Attacker, found_in
from tests.rigs.system import RelaySystem, square

GROUP = "ward"
LAT, LON = 52.2318754, -1.5274931
CONTACTS = {"number of an SMS": "+447700900417", "contact in the form": "+447400246813"}
DECIDED = {
    "statement of a dispatcher": "Quillfeather has been told",
    "place of a post": "Quillfeather Lane police station",
}
REPORTED = {
    "text over the API": "Quillfeather by the api",
    "text in the form": "Quillfeather by the form",
    "place typed into the form": "Brambleworth Passage",
}
ALL = CONTACTS | DECIDED | REPORTED
CONTACT_LIFE_H, INCIDENT_LIFE_H, REPORT_LIFE_H = 72, 7 * 24, 14 * 24
LATER = Path(__file__).resolve().parents[1] / "rigs" / "later"
HOUR = 1
"""A key is of its whole hour."""


def environment(folder: Path, twilio: Twilio) -> dict[str, str]:
    """A hub that writes back to the number which it is texted from, and to those left on the form."""
    account = {"auth_token": "env:JOIN_TOKEN", "account_sid": "AC" + "0" * 32, "api": twilio.url}
    number = {**account, "number": "+442079460000"}
    bridges, contacts = folder / "bridges.yaml", folder / "contacts.yaml"
    bridges.write_text(json.dumps([{"id": "sms", "kind": "twilio-sms", "settings": number}]))
    phone = {"kind": "twilio", "settings": {**account, "sender": "+442079460000"}, "answers": "sms"}
    contacts.write_text(json.dumps({"phone": phone}))
    return {
        "RELAY_INGEST_BRIDGES_FILE": str(bridges),
        "RELAY_INGEST_CONTACTS_FILE": str(contacts),
        "JOIN_TOKEN": TOKEN,
    }


async def test_what_is_forgotten_cannot_be_opened_with_all_that_is_left(tmp_path: Path) -> None:
    async with Twilio.open() as twilio:
        async with RelaySystem(tmp_path, env=environment(tmp_path, twilio)) as relay:
            await relay.define_group({"id": GROUP, "name": "Ward", "area": square(52.23, -1.53, 0.05)})
            await ask_back(relay, twilio)
            await an_incident(relay)
            fresh = attacker(relay)
            assert fresh.opens(ALL) == set(ALL), "while the keys live, whoever has all of them reads all"
            contact = fresh.keys_to(CONTACTS)
            assert fresh.holds(contact), "and the search would find a key"

            await live_on(relay, CONTACT_LIFE_H + HOUR)
            await relay.wait_until(lambda: not attacker(relay).opens(CONTACTS), "the contacts are closed")
            then = attacker(relay)
            assert then.holds(contact) == []
            assert then.opens(ALL) == {*DECIDED, *REPORTED}, "nothing else is"

            incident = then.keys_to(DECIDED)
            await live_on(relay, INCIDENT_LIFE_H)
            await relay.wait_until(lambda: not attacker(relay).opens(DECIDED), "the decisions are closed")
            then = attacker(relay)
            assert then.holds(incident) == []
            assert then.opens(ALL) == set(REPORTED), "as they came in, reports live for 14 days"

            reports = then.keys_to(REPORTED)
            await live_on(relay, REPORT_LIFE_H + HOUR)
            await relay.wait_until(lambda: not attacker(relay).opens(ALL), "nothing can be opened")
        then = attacker(relay)
        assert then.holds([*contact, *incident, *reports]) == []
        assert (then.opens(ALL), found_in(tmp_path, ALL)) == (set(), [])
        assert twilio.sent, "the numbers were used"


def attacker(relay: RelaySystem) -> Attacker:
    return Attacker(relay.folder, relay.home.unsafe_key)


async def ask_back(relay: RelaySystem, twilio: Twilio) -> None:
    """By form (it waits in the spool, with its key) and by text, without a place: both are asked for it."""
    await relay.stop("nats")
    await by_form(
        relay,
        f"help, a raid: {REPORTED['text in the form']}",
        where=REPORTED["place typed into the form"],
        write_back="yes",
        contact=CONTACTS["contact in the form"],
    )
    await relay.start("nats")
    await text_us(relay, "help raid", CONTACTS["number of an SMS"], to="sms")
    asked = question("where", "en")
    for number in CONTACTS.values():
        await relay.wait_until(lambda to=number: asked in twilio.to(to), "they are asked")  # type: ignore[misc]


async def an_incident(relay: RelaySystem) -> None:
    """Reported, confirmed, ended, with a post, and closed."""
    await relay.deliver_report(
        f"immigration raid, officers taking people: {REPORTED['text over the API']}",
        lat=LAT,
        lon=LON,
        accuracy_m=20,
        sender="a",
    )
    code = (await relay.the_incident(GROUP))["code"]
    said = {"incident": code, "text": DECIDED["statement of a dispatcher"]}
    await relay.desk("confirm", by=GROUP, ask="WITNESSES", **said)
    await relay.desk("end", by=GROUP, stage="officers_left", **said)
    begins = datetime.now(UTC)
    times = {"begins": begins.isoformat(), "ends": (begins + timedelta(hours=2)).isoformat()}
    await relay.desk("post", by=GROUP, incident=code, **times, label=DECIDED["place of a post"])
    await relay.desk("end", by=GROUP, stage="closed", **said)
    await relay.wait_until(lambda: bool(relay.sink.received(kind="CLOSED")), "the end is told")


async def live_on(relay: RelaySystem, hours: int) -> None:
    """The router, which keeps the keys, is stopped and started so many hours from now."""
    router = relay.processes["router"]
    router.env = {**router.env, "PYTHONPATH": str(LATER), "RELAY_TEST_LATER_H": str(hours)}
    await relay.restart("router")
