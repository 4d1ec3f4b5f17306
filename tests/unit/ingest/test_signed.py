"""A bridge out of process signs its reports: what is its own is stored, all else is refused and charged."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.ingest.keys import ClientKey, ClientKeys, load_keys
from shared.contracts.reports import ReportContent
from shared.errors import SettingsError
from tests.unit.ingest.front_door import NOW, FrontDoor, front_door

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))
BODY = json.dumps({"text": "Vans in Ashwin St E8 3DL marker-text", "sender": "river:ada"}).encode()
STAMP = int(NOW.timestamp())


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def keys(*rights: str) -> ClientKeys:
    given = {"name": "river", "ed25519": public(PRIVATE), "bridge": "river", "rights": rights}
    hashed = {"name": "hashed", "sha256": "0" * 64}
    return ClientKeys([ClientKey.model_validate(given), ClientKey.model_validate(hashed)])


def headers(key: Ed25519PrivateKey = PRIVATE, body: bytes = BODY, **changed: str) -> dict[str, str]:
    said = {"id": "m-1", "timestamp": str(STAMP), **changed}
    signature = base64.b64encode(key.sign(f"{said['id']}.{said['timestamp']}.".encode() + body)).decode()
    return {
        "Authorization": f"Signed {changed.get('client', 'river')}",
        "Content-Type": "application/json",
        "webhook-id": said["id"],
        "webhook-timestamp": said["timestamp"],
        "webhook-signature": f"v1a,{signature}",
    }


async def post(door: FrontDoor, given: dict[str, str], body: bytes = BODY) -> tuple[int, dict[str, Any]]:
    async with door.client.post("/v1/reports", data=body, headers=given) as response:
        return response.status, await response.json(content_type=None)


async def test_what_is_signed_is_stored_as_its_bridges_report(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=keys("name_senders")) as door:
        answers = [await post(door, headers()) for _ in range(2)]
        assert [(status, said["duplicate"]) for status, said in answers] == [(202, False), (202, True)]
        (stored,) = await door.stored()
        assert isinstance(stored.content, ReportContent)
        assert stored.bridge == "river"


async def test_a_repetition_is_signed_anew_and_stays_the_same_report(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=keys("name_senders")) as door:
        assert (await post(door, headers()))[0] == 202
        status, said = await post(door, headers(timestamp=str(STAMP + 200)))
        assert (status, said["duplicate"]) == (202, True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (headers(OTHER), "bad_signature"),
        (headers(client="nobody"), "bad_signature"),
        (headers(client="hashed"), "bad_signature"),
        (headers(client="rivér"), "bad_signature"),
        (headers(body=BODY + b" "), "bad_signature"),
        ({**headers(), "webhook-id": "m-2"}, "bad_signature"),
        ({**headers(), "webhook-timestamp": str(STAMP + 1)}, "bad_signature"),
        ({**headers(), "webhook-signature": ""}, "bad_signature"),
        ({**headers(), "webhook-signature": "v1a,???"}, "bad_signature"),
        (
            {**headers(), "webhook-signature": headers()["webhook-signature"].replace("v1a", "v1")},
            "bad_signature",
        ),
        (
            {**headers(), "webhook-signature": "v1a,AAAA " * 9 + headers()["webhook-signature"]},
            "bad_signature",
        ),
        (headers(id=""), "bad_signature"),
        (headers(id="x" * 129), "bad_signature"),
        (headers(timestamp=str(STAMP - 301)), "stale_timestamp"),
        (headers(timestamp=str(STAMP + 301)), "stale_timestamp"),
        (headers(timestamp="9" * 400), "stale_timestamp"),
        (headers(timestamp="soon"), "stale_timestamp"),
        (headers(timestamp=""), "stale_timestamp"),
    ],
)
async def test_what_is_not_its_own_is_refused(given: dict[str, str], code: str, tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=keys("name_senders")) as door:
        status, said = await post(door, given)
        assert (status, said["code"]) == (401, code)
        assert "marker-text" not in json.dumps(said)
        assert await door.stored() == []


async def test_a_signature_of_two_stands_while_a_key_is_changed(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=keys("name_senders")) as door:
        both = f"{headers(OTHER)['webhook-signature']} {headers()['webhook-signature']}"
        assert (await post(door, {**headers(), "webhook-signature": both}))[0] == 202


async def test_to_name_senders_needs_the_right_and_to_set_times_another(tmp_path: Path) -> None:
    async with front_door(tmp_path / "a", keys=keys()) as door:
        status, said = await post(door, headers())
        assert (status, said["code"]) == (403, "right_missing")
        assert "name_senders" in said["detail"]
    async with front_door(tmp_path / "b", keys=keys("name_senders")) as door:
        body = json.dumps({"text": "vans", "received_at": NOW.isoformat()}).encode()
        status, said = await post(door, headers(body=body), body)
        assert (status, said["code"]) == (403, "right_missing")


async def test_who_tries_signatures_in_bulk_is_held_up_by_their_address(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=keys(), ingest_client_burst=2, ingest_client_per_s=0.1) as door:
        assert [(await post(door, headers(OTHER)))[0] for _ in range(3)] == [401, 401, 429]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{name: a}", "one of the two"),
        (f"{{name: a, sha256: '{'0' * 64}', ed25519: '{public(PRIVATE)}'}}", "one of the two"),
        ("{name: a, ed25519: short}", "key 1: ed25519"),
    ],
)
def test_a_key_is_a_hash_or_a_public_half(entry: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(f"- {entry}\n")
    with pytest.raises(SettingsError, match=says):
        load_keys(file)


def test_two_entries_share_no_public_half(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text("".join(f"- {{name: {name}, ed25519: '{public(PRIVATE)}'}}\n" for name in "ab"))
    with pytest.raises(SettingsError, match="its ed25519 is taken"):
        load_keys(file)
