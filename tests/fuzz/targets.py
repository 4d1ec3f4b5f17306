"""What is fuzzed: for each name a function that takes any bytes and raises for a finding."""

import io
import json
import string
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode
from xml.etree import ElementTree as ET

from standardwebhooks.webhooks import Webhook

from alert_relay.conformance.ours import CAPTURED
from alert_relay.conformance.signing import (
    NOW,
    PUBLIC,
    sign_android,
    sign_twilio,
    sign_vonage,
    sign_whatsapp,
)
from alert_relay.groupfile import read_group_files
from alert_relay.postbox import Postbox
from services.console.decide.group.upload import read_upload
from services.ingest.bridges.email import Email
from services.ingest.bridges.mastodon import Mastodon, report_of
from services.ingest.bridges.signal import Signal
from services.ingest.bridges.xmpp import Xmpp
from services.ingest.bridges.xmpp_stanzas import Us, from_archive, heard, report_in
from services.notifier.channels.kannel import KannelChannel
from services.notifier.channels.sms_gateway import SmsGatewayChannel
from services.notifier.channels.twilio import TwilioChannel
from services.notifier.channels.vonage import VonageChannel
from services.notifier.channels.whatsapp import WhatsAppChannel
from services.notifier.decide.list_file import rows
from shared.areas import AreaError
from shared.errors import SettingsError
from shared.federation.invite import InvitationError, Line
from shared.federation.link import link_from
from shared.http import Problem
from shared.plugins.bounces import ReturnPath, come_back
from shared.plugins.bridge_file import read_bridges
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.event_stream import EventReader
from shared.plugins.imap_mailbox import Mail
from shared.plugins.spec import ChannelHost, DeliveryReceipt, GivesReceipts, WebhookRequest
from shared.plugins.untrusted import object_in
from tests.fuzz.front_door import ALL, FrontDoor
from tests.rigs.mastodon import US
from tests.unit.notifier.test_list_file import KNOWN

Target = Callable[[bytes], None]
HERE: Final = Path(__file__).parent
FIXTURES: Final = HERE.parent / "conformance" / "fixtures"
_IN_URLS: Final = string.punctuation.replace("#", "")
"""A server passes on no other characters."""
_ROOM: Final = "raids@rooms.example"
RETURN: Final = ReturnPath.of("relay@hub.example", "made-up", "hackney/mail")
_SECRETS: Final = {
    **{f"env:{name}": "made-up-secret" for name in ("TOKEN", "KEY", "SIGNATURE", "APP", "VERIFY", "MAIL")},
    "env:ACCOUNT": "+447700900555",
}
_KNOWN_SECRETS: Final = KnownSecrets(_SECRETS)
_CHANNELS: Final[Mapping[str, tuple[type[Any], dict[str, str], Any]]] = {
    "twilio": (TwilioChannel, {"auth_token": "env:TOKEN"}, sign_twilio),
    "vonage": (
        VonageChannel,
        {"api_secret": "env:TOKEN", "signature_secret": "env:SIGNATURE"},
        sign_vonage,
    ),
    "sms-gateway": (SmsGatewayChannel, {"password": "env:TOKEN", "signing_key": "env:KEY"}, sign_android),
    "whatsapp": (
        WhatsAppChannel,
        {"token": "env:TOKEN", "app_secret": "env:APP", "verify_token": "env:VERIFY"},
        sign_whatsapp,
    ),
}


@cache
def door() -> FrontDoor:
    """One front door a process."""
    return FrontDoor()


@cache
def _opened(kind: str) -> GivesReceipts:
    plugin, secrets, _ = _CHANNELS[kind]
    settings = plugin.Settings.model_validate({**plugin.spec.example, **secrets})
    made: GivesReceipts = plugin(settings, ChannelHost(http=None, secrets=_KNOWN_SECRETS))  # type: ignore[arg-type]
    return made


def _receipts(kind: str, body: bytes) -> None:
    signed: WebhookRequest = _CHANNELS[kind][2](body, _SECRETS)
    for request in (signed, replace(signed, body=body)):
        _hear(_opened(kind), request)


def _hear(channel: GivesReceipts, request: WebhookRequest) -> None:
    found = channel.receipts(request)
    if isinstance(found, list):
        assert all(isinstance(one, DeliveryReceipt) for one in found)


@cache
def _kannel() -> KannelChannel:
    settings = KannelChannel.Settings.model_validate(
        {**KannelChannel.spec.example, "password": "env:TOKEN", "to": ["env:ACCOUNT"]}
    )
    return KannelChannel(settings, ChannelHost(http=None, secrets=_KNOWN_SECRETS))  # type: ignore[arg-type]


def _kannel_receipt(body: bytes) -> None:
    query = quote(body, safe=_IN_URLS)
    name = dict(parse_qsl(query)).get("id", "")
    signed = f"{query}&{urlencode({'code': _kannel()._code(name)})}"
    for told in (query, signed):
        _hear(_kannel(), WebhookRequest("GET", f"https://hub.example/receipts/x/y?{told}", {}, b"", NOW))


@cache
def _email() -> Email:
    settings = {
        "address": "reports@hub.example",
        "mailbox": "imap://reports@127.0.0.1:1",
        "password": "env:MAIL",
    }
    return Email(Email.Settings.model_validate(settings), _KNOWN_SECRETS)  # type: ignore[arg-type]


def _mail(body: bytes) -> None:
    door().take(_email().report_in(Mail("1", body, NOW), NOW), Email.spec)


def _bounce(body: bytes) -> None:
    name = RETURN.name_of("a1")
    come_back(body.replace(b"{name}", name.encode()), RETURN)


def _mastodon(body: bytes) -> None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(told, dict):
        status = object_in(told, "status") or told
        for mentioned in (True, False):
            door().take(report_of(status, US, NOW, mentioned=mentioned), Mastodon.spec)


@cache
def _signal_bridge() -> Signal:
    settings = Signal.Settings.model_validate({"account": "env:ACCOUNT"})
    return Signal(settings, _KNOWN_SECRETS)  # type: ignore[arg-type]


def _signal(body: bytes) -> None:
    for event in EventReader(most_bytes=50_000).feed(body):
        door().take(_signal_bridge().report_in(event, NOW), Signal.spec)


def _xmpp(body: bytes) -> None:
    try:
        xml = ET.fromstring(body)  # noqa: S314 - the stream's own parser takes no document types
    except (ET.ParseError, ValueError, LookupError):
        return
    us = Us("relay@hub.example", "raid", lambda room: "relay" if room == _ROOM else "", lambda _r, _n: None)
    for message in (heard(xml), from_archive(xml)):
        if message is not None:
            door().take(report_in(message, us, NOW), Xmpp.spec)


def _list_file(body: bytes) -> None:
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    for _ in rows(io.StringIO(text, newline=""), KNOWN):
        pass


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="relay-fuzz-"))


def _file(body: bytes) -> Path:
    path = _folder() / "group.yaml"
    path.write_bytes(body)
    return path


def _group_file(body: bytes) -> None:
    read_group_files([_file(body)])


def _bridges_file(body: bytes) -> None:
    with suppress(SettingsError):
        read_bridges(_file(body))


def _upload(body: bytes) -> None:
    for swap in (False, True):
        with suppress(AreaError):
            read_upload(body, swap=swap)


def _peer_line(body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    with suppress(InvitationError):
        Line.read(text)
    with suppress(SettingsError):
        link_from(text, "peer.json")


def _standard_webhook(body: bytes) -> None:
    webhook, now = Webhook("whsec_bWFkZS11cA=="), datetime.now(UTC)
    headers = {"webhook-id": "m1", "webhook-timestamp": str(int(now.timestamp()))}
    with suppress(ValueError):  # it signs only what is UTF-8
        headers["webhook-signature"] = webhook.sign("m1", now, body.decode())
    with suppress(Problem):
        Postbox(webhook).take_webhook("/", body, headers)


def _any_request(told: bytes) -> None:
    """A request as it would stand on the wire, line by line; header lines that are none are left out."""
    head, _, body = told.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, _, path = first.partition(" ")
    path = quote(path.encode("latin-1"), safe=_IN_URLS)
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    door().request(WebhookRequest(method, f"{PUBLIC}/{path.lstrip('/')}", headers, body, NOW))


TARGETS: Final[Mapping[str, Target]] = {
    **{f"bridge-{kind}": partial(lambda kind, body: door().webhook(kind, body), kind) for kind in ALL},
    **{f"receipts-{kind}": partial(_receipts, kind) for kind in _CHANNELS},
    "receipts-kannel": _kannel_receipt,
    "request": _any_request,
    "bridge-email": _mail,
    "bridge-mastodon": _mastodon,
    "bridge-signal": _signal,
    "bridge-xmpp": _xmpp,
    "bounce": _bounce,
    "report-json": lambda body: door().report(body),
    "report-form": lambda body: door().form(body),
    "standard-webhook": _standard_webhook,
    "peer-line": _peer_line,
    "subscribers-file": _list_file,
    "group-file": _group_file,
    "bridges-file": _bridges_file,
    "area-upload": _upload,
}


def corpus(name: str) -> list[bytes]:
    """The kept inputs of a target, and the captured requests of its provider."""
    kind = name.removeprefix("bridge-").replace("receipts-whatsapp", "whatsapp")
    folders = (HERE / "corpus" / name, FIXTURES / kind, CAPTURED / kind)
    return [file.read_bytes() for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
