"""The cases of the bridges that come with the relay: what `relay bridge check NAME` tries, and our tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from alert_relay.conformance.signing import (
    sign_android,
    sign_kannel,
    sign_matrix,
    sign_telegram,
    sign_twilio,
    sign_vonage,
    sign_whatsapp,
    unsigned_vonage,
)
from services.ingest.bridges.android_sms import AndroidSms
from services.ingest.bridges.kannel import KannelBridge
from services.ingest.bridges.matrix import Matrix
from services.ingest.bridges.telegram import Telegram
from services.ingest.bridges.twilio_sms import TwilioSms
from services.ingest.bridges.vonage import VonageBridge
from services.ingest.bridges.whatsapp_cloud import WhatsAppCloud
from shared.plugins.conformance.bridge_case import BridgeCase

CAPTURED: Final = Path(__file__).parent / "captured"
PRIVATE: Final = ("marker-one", "marker-two", "marker-name", "7700900", "700900123")


def bodies(kind: str) -> dict[str, bytes]:
    """What was captured of a source, by the files' names."""
    return {path.name: path.read_bytes() for path in sorted((CAPTURED / kind).iterdir())}


def _taught(bridge: Matrix) -> None:
    """As if it had asked the homeserver who is in the room and what is answered."""
    bridge.rooms.known["!direct7700900123:example.org"] = "private"
    bridge.rooms.quotes["$alert-of-ours"] = "UNCONFIRMED D7K. Ashwin St E8. Reply MINE D7K."


KANNEL = BridgeCase(
    bridge=KannelBridge,
    settings={"webhook_password": "env:WEBHOOK"},
    secrets={"env:WEBHOOK": "webhook-password-of-the-test"},
    bodies=bodies("kannel"),
    sign=sign_kannel,
    private=PRIVATE,
)
VONAGE = BridgeCase(
    bridge=VonageBridge,
    settings={"signature_secret": "env:SIGNATURE"},
    secrets={"env:SIGNATURE": "signature-secret-of-the-test"},
    bodies=bodies("vonage"),
    sign=sign_vonage,
    private=PRIVATE,
    unsigned=unsigned_vonage,
)
TWILIO = BridgeCase(
    bridge=TwilioSms,
    settings={"auth_token": "env:TOKEN"},
    secrets={"env:TOKEN": "12345-token-of-the-test"},
    bodies=bodies("twilio-sms"),
    sign=sign_twilio,
    private=PRIVATE,
)
ANDROID = BridgeCase(
    bridge=AndroidSms,
    settings={"signing_key": "env:KEY"},
    secrets={"env:KEY": "signing-key-of-the-test"},
    bodies=bodies("android-sms"),
    sign=sign_android,
    private=PRIVATE,
)
TELEGRAM = BridgeCase(
    bridge=Telegram,
    settings={"secret_token": "env:SECRET", "bot_username": "example_relay_bot"},
    secrets={"env:SECRET": "secret-token-of-the-test"},
    bodies=bodies("telegram"),
    sign=sign_telegram,
    private=PRIVATE,
)
MATRIX = BridgeCase(
    bridge=Matrix,
    settings={
        "homeserver": "http://127.0.0.1:9",
        "user_id": "@relay:example.org",
        "hs_token": "env:HS",
        "as_token": "env:AS",
        "desk_rooms": ["!verifiers:example.org"],
    },
    secrets={"env:HS": "hs-token-of-the-test", "env:AS": "as-token-of-the-test"},
    bodies=bodies("matrix"),
    sign=sign_matrix,
    private=PRIVATE,
    teach=_taught,
)
WHATSAPP = BridgeCase(
    bridge=WhatsAppCloud,
    settings={
        "phone_number_id": "106540352242922",
        "app_secret": "env:APP",
        "verify_token": "env:VERIFY",
    },
    secrets={"env:APP": "app-secret-of-the-test", "env:VERIFY": "verify-token-of-the-test"},
    bodies=bodies("whatsapp-cloud"),
    sign=sign_whatsapp,
    private=(*PRIVATE, "13491208655302741918"),
)
CASES: Final = (TWILIO, ANDROID, KANNEL, VONAGE, TELEGRAM, MATRIX, WHATSAPP)
BY_KIND: Final[Mapping[str, BridgeCase]] = {case.bridge.spec.kind: case for case in CASES}
