"""Signal, by a stand-in that keeps signal-cli's protocol: sending, writing back, reading."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from services.ingest.bridges.signal import Signal
from services.notifier.channels.signal import SignalChannel
from services.notifier.directory import Directory
from shared.clock import SystemClock
from shared.contracts.groups import ChannelDefinition
from shared.contracts.reports import ReportContact
from shared.errors import SettingsError
from shared.plugins.channel_testing import (
    MESSAGE,
    Answer,
    ChannelConformance,
    KnownSecrets,
    Provider,
    a_host,
)
from shared.plugins.event_stream import Event
from shared.plugins.signal_cli import Daemon
from shared.plugins.spec import (
    BadCredentials,
    Bridge,
    Delivered,
    Ignored,
    IncomingReport,
    Outcome,
    Reads,
    Rejected,
    RetryLater,
    Unknown,
    WritesBack,
)
from shared.testing.bus import MemoryBus
from shared.words.chat_talk import told_in_chat
from tests.rigs.bridges_health import bridges_health
from tests.rigs.reading import ReadingHost, reading
from tests.rigs.signal import GROUP, Person, SignalCli

ACCOUNT = "+447700900555"
SECRETS = {"env:ACCOUNT": ACCOUNT}
ADA = Person("Ada marker-name", "+447700900417")
BEN = Person("Ben", None)
NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
KEY = "a1-x-0"


def rpc(result: Any = None, *, error: Any = None, key: str = KEY) -> bytes:
    part = {"result": result} if error is None else {"error": error}
    return json.dumps({"jsonrpc": "2.0", **part, "id": key}).encode()


def results(*types: str, **more: Any) -> dict[str, Any]:
    people = [{"recipientAddress": {"uuid": f"u{n}"}, "type": t, **more} for n, t in enumerate(types)]
    return {"timestamp": 1_700_000_000_123, "results": people}


def failed(*types: str, code: int = -1, **more: Any) -> bytes:
    data = {"response": results(*types, **more)}
    return rpc(error={"code": code, "message": "Failed to send message", "data": data})


def refused(code: int, message: str = "Specified account does not exist") -> bytes:
    return rpc(error={"code": code, "message": message, "data": None})


SENT = rpc(results("SUCCESS"))
ANSWERS = (
    Answer(200, Delivered("1700000000123"), body=SENT, exact=True),
    Answer(200, Delivered("1700000000123"), body=rpc(results()), exact=True),
    Answer(
        200,
        Delivered("1700000000123"),
        body=rpc(results("SUCCESS", "RATE_LIMIT_FAILURE", "UNREGISTERED_FAILURE")),
        exact=True,
    ),
    Answer(200, Delivered(None), body=rpc({"timestamp": "soon"}), exact=True),
    Answer(200, Rejected("unregistered"), body=failed("UNREGISTERED_FAILURE"), exact=True),
    Answer(200, Rejected("unregistered"), body=rpc(results("UNREGISTERED_FAILURE")), exact=True),
    Answer(200, Rejected("untrusted_identity"), body=failed("IDENTITY_FAILURE", code=-4), exact=True),
    Answer(200, Unknown("network_failure"), body=failed("NETWORK_FAILURE"), exact=True),
    Answer(200, Unknown("network_failure"), body=failed("RATE_LIMIT_FAILURE", "NETWORK_FAILURE")),
    Answer(
        200,
        RetryLater("rate_limited", 300.0),
        body=failed("RATE_LIMIT_FAILURE", code=-5, retryAfterSeconds=300),
        exact=True,
    ),
    Answer(200, RetryLater("rate_limited"), body=failed("RATE_LIMIT_FAILURE", code=-5), exact=True),
    Answer(
        200,
        RetryLater("captcha_needed", 86_400.0),
        body=failed("RATE_LIMIT_FAILURE", code=-5, token="f00-marker", retryAfterSeconds=86_400),
        exact=True,
    ),
    Answer(
        200,
        RetryLater("captcha_needed"),
        body=failed("NETWORK_FAILURE", token="f00-marker", retryAfterSeconds=-1),
        exact=True,
    ),
    Answer(200, RetryLater("not_sent"), body=failed("INVALID_PRE_KEY_FAILURE"), exact=True),
    Answer(200, RetryLater("rate_limited"), body=refused(-5), exact=True),
    Answer(200, RetryLater("captcha_needed"), body=refused(-6), exact=True),
    Answer(200, Rejected("refused_by_signal"), body=refused(-1, "Group not found"), exact=True),
    Answer(200, Rejected("untrusted_identity"), body=refused(-4), exact=True),
    Answer(200, BadCredentials(), body=refused(-32602), exact=True),
    Answer(200, BadCredentials(), body=refused(-32600), exact=True),
    Answer(200, BadCredentials(), body=refused(-32603, "Failed: [401] (AuthorizationFailedException)")),
    Answer(200, Unknown("signal_error"), body=refused(-32603, "[429] Rate limit exceeded"), exact=True),
    Answer(200, Unknown("signal_error"), body=refused(-3, "no network"), exact=True),
    Answer(200, Unknown("not_understood"), body=b"<html>", exact=True),
    Answer(200, Unknown("not_understood"), body=rpc(results("SUCCESS"), key="another"), exact=True),
    Answer(200, Unknown("not_understood"), body=b'{"id": "a1-x-0"}', exact=True),
    Answer(201, Unknown("not_understood"), body=b"", exact=True),
    Answer(404, Rejected("http_404"), exact=True),
    Answer(415, Rejected("http_415"), exact=True),
    Answer(421, Rejected("http_421"), exact=True),
    Answer(503, RetryLater("http_503", 7.0), headers={"Retry-After": "7"}, exact=True),
)


class TestSignalChannel(ChannelConformance):
    plugin = SignalChannel
    secrets: ClassVar[Mapping[str, str]] = SECRETS
    answers = ANSWERS

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {"account": "env:ACCOUNT", "to": [f"group:{GROUP}", ADA.number], "daemon": provider.url}

    async def start_provider(self) -> Provider:
        daemon = SignalCli(ACCOUNT, groups={GROUP: [ADA, BEN]})
        await daemon.start()
        return daemon


@pytest.fixture
async def daemon() -> AsyncIterator[SignalCli]:
    async with SignalCli(ACCOUNT, groups={GROUP: [ADA, BEN]}) as daemon:
        yield daemon


async def send(daemon: SignalCli, address: str, text: str = "hello", account: str = ACCOUNT) -> Outcome:
    async with ClientSession() as http:
        return await Daemon(daemon.url, account).send(http, address, text, key=KEY)


@pytest.mark.parametrize(
    ("address", "params"),
    [
        (f"group:{GROUP}", {"groupId": GROUP}),
        ("+447700900417", {"recipient": ["+447700900417"]}),
        (ADA.aci, {"recipient": [ADA.aci]}),
        ("u:ada.417", {"username": ["ada.417"]}),
    ],
)
async def test_each_kind_of_address_is_sent_to(
    daemon: SignalCli, address: str, params: dict[str, Any]
) -> None:
    outcome = await send(daemon, address)
    assert outcome == Delivered(str(daemon.sent[0].timestamp))
    (call,) = daemon.calls
    assert call["params"] == {"account": ACCOUNT, "message": "hello", **params}
    assert (call["jsonrpc"], call["method"], call["id"]) == ("2.0", "send", KEY)


@pytest.mark.parametrize(
    ("address", "account", "means"),
    [
        ("group:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ACCOUNT, Rejected("refused_by_signal")),
        (BEN.aci, ACCOUNT, Rejected("unregistered")),
        (ADA.aci, "+447700900999", BadCredentials()),
        ("group:not an id", ACCOUNT, Rejected("bad_address")),
        ("", ACCOUNT, Rejected("bad_address")),
    ],
)
async def test_what_signal_cli_refuses_is_told_apart(
    daemon: SignalCli, address: str, account: str, means: Outcome
) -> None:
    daemon.unregistered.add(BEN.aci)
    assert await send(daemon, address, account=account) == means
    assert daemon.sent == []


async def test_a_group_partly_reached_is_delivered_and_the_log_says_so(daemon: SignalCli) -> None:
    daemon.unregistered.add(BEN.aci)
    with capture_logs() as logs:
        assert isinstance(await send(daemon, f"group:{GROUP}"), Delivered)
    (entry,) = [e for e in logs if e["event"] == "signal_group_partly_reached"]
    assert (entry["reached"], entry["of"]) == (1, 2)
    assert BEN.aci not in json.dumps(logs)


async def test_the_daemons_own_words_go_along(daemon: SignalCli) -> None:
    outcome: Any = await send(daemon, "group:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    assert outcome.words.startswith("Group not found")


async def test_over_a_unix_socket_it_sends_and_reads(tmp_path: Path) -> None:
    async with SignalCli(ACCOUNT, socket=tmp_path / "s") as daemon:
        assert isinstance(await send(daemon, ADA.aci), Delivered)
        async with hosting(tmp_path / "spool", daemon) as host:
            await daemon.write(ADA, "two vans in Dalston Lane")
            await host.until(lambda: host.accepted == 1)
        await daemon.stop()
        assert await send(daemon, ADA.aci) == RetryLater("unreachable")


@pytest.mark.parametrize(
    "address",
    [
        "http://signal:7583",
        "http://192.0.2.7:7583",
        "http://0.0.0.0:7583",
        "https://127.0.0.1:7583",
        "http://127.0.0.1.example.org:7583",
        "http://user@127.0.0.1:7583",
        "http://127.0.0.1:7583/api/v1",
        "http://127.0.0.1:7583?account=x",
        "127.0.0.1:7583",
        "http://[::",
        "ftp://localhost",
        "unix:relative/socket",
        "",
    ],
)
@pytest.mark.parametrize("plugin", [Signal, SignalChannel])
def test_a_daemon_that_others_could_reach_is_refused_with_the_remedy(plugin: Any, address: str) -> None:
    settings = {**plugin.spec.example, "daemon": address}
    with pytest.raises(ValidationError, match=r"--http=127\.0\.0\.1:7583|unix:/path/to/socket"):
        plugin.Settings.model_validate(settings)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:7583",
        "http://127.0.0.1:7583/",
        "http://127.8.0.1:1",
        "http://[::1]:7583",
        "http://localhost:7583",
        "unix:/run/signal/http.sock",
    ],
)
def test_a_daemon_on_this_machine_is_taken(address: str) -> None:
    assert Signal.Settings.model_validate({**Signal.spec.example, "daemon": address})


@pytest.mark.parametrize("bad", ["ada", "+44 7700 900417", "group:", "group:a b", "u:ada", "07700900417"])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(bad: str) -> None:
    with pytest.raises(ValidationError, match="listGroups"):
        SignalChannel.Settings.model_validate({"account": "env:ACCOUNT", "to": [bad]})


async def test_recipients_are_counted_although_no_secret_can_be_read(daemon: SignalCli) -> None:
    """They are frozen then: whoever is not counted would never be told."""
    settings = {"account": "env:ACCOUNT", "to": ["env:GROUP", ADA.aci, BEN.aci], "daemon": daemon.url}
    definition = ChannelDefinition(id="chat", kind="signal", audience="verifiers", settings=settings)
    async with a_host({}) as host:
        directory = Directory({"signal": SignalChannel}, host)
        assert isinstance(directory.channel("hackney", 1, definition), BadCredentials)
        assert directory.addresses("hackney", 1, [definition]) == {"chat": 3}


async def test_a_secret_that_is_no_account_or_no_address_is_told_and_not_sent(daemon: SignalCli) -> None:
    secrets = {"env:ACCOUNT": "marker-one", "env:GROUP": "marker-two"}
    for names, means in (
        ({"account": "env:ACCOUNT", "to": [ADA.aci]}, BadCredentials),
        ({"account": "env:OURS", "to": ["env:GROUP"]}, Rejected),
    ):
        async with a_host({**secrets, "env:OURS": ACCOUNT}) as host:
            settings = SignalChannel.Settings.model_validate({**names, "daemon": daemon.url})
            channel = SignalChannel(settings, host)  # type: ignore[arg-type]  # validated above
            outcome = await channel.send(channel.recipients()[0], MESSAGE, key=KEY)
        assert isinstance(outcome, means)
        assert "marker" not in repr(outcome)
    assert daemon.calls == []


async def test_an_account_that_is_none_is_refused_and_not_repeated() -> None:
    bad = KnownSecrets({"env:ACCOUNT": "marker-one"})
    settings = Signal.Settings.model_validate({"account": "env:ACCOUNT"})
    with pytest.raises(SettingsError, match="phone number") as caught:
        Signal(settings, bad)  # type: ignore[arg-type]  # validated above
    assert "marker-one" not in str(caught.value)


def test_the_channels_account_is_the_operators_to_give() -> None:
    with pytest.raises(ValidationError):
        SignalChannel.Settings.model_validate({"account": ACCOUNT, "to": [ADA.number]})


# --- reading ---------------------------------------------------------------------------------------


def bridge(url: str, account: str = ACCOUNT) -> Signal:
    settings = Signal.Settings.model_validate({"account": "env:ACCOUNT", "daemon": url})
    return Signal(settings, KnownSecrets({"env:ACCOUNT": account}))  # type: ignore[arg-type]  # validated


def hosting(
    folder: Path, daemon: SignalCli, *, account: str = ACCOUNT, bus: MemoryBus | None = None
) -> AbstractAsyncContextManager[ReadingHost]:
    """The front door with Signal's reader at work."""
    return reading(folder, bridge(daemon.url, account), bus=bus)


def test_it_is_a_bridge_that_reads_and_writes_back_and_takes_no_webhook() -> None:
    made = bridge("http://127.0.0.1:1")
    assert isinstance(made, Reads)
    assert isinstance(made, WritesBack)
    assert not isinstance(made, Bridge)
    assert ACCOUNT not in repr(made)
    assert all((made.spec.set_up, made.spec.while_away, made.spec.who_else_reads))


async def test_a_private_message_is_one_report_and_gets_one_receipt(
    daemon: SignalCli, tmp_path: Path
) -> None:
    async with hosting(tmp_path, daemon) as host:
        envelope = await daemon.write(ADA, "two vans in Dalston Lane")
        await host.until(lambda: daemon.said(ADA.aci))
        (report,) = await host.reports()
        assert report.content.text == "two vans in Dalston Lane"
        assert report.content.sender_is == "account"
        assert report.contact == ReportContact(address=ADA.aci)
        assert report.reply_to is None
        assert report.content.observed_at == datetime.fromtimestamp(
            envelope["serverReceivedTimestamp"] / 1000, UTC
        )
        assert ADA.aci not in str(report.content)
        assert host.standing["state"] == "CONNECTED"
        assert (await bridges_health(host.client))["bridges"]["signal"]["state"] == "CONNECTED"
        async with host.client.get("/health") as response:
            assert (await response.json())["bridges"] == {"CONNECTED": 1}
        async with host.client.post("/bridges/signal", json={}) as response:
            assert response.status == 404
    assert len(daemon.said(ADA.aci)) == 1


async def test_a_number_is_never_needed(daemon: SignalCli, tmp_path: Path) -> None:
    async with hosting(tmp_path, daemon) as host:
        await daemon.write(BEN, "two vans in Dalston Lane")
        await daemon.write(ADA, "MINE D7K", group=GROUP)
        await daemon.write(ADA, "JOIN-AB2C-3DEF")
        await host.until(lambda: host.accepted == 3)
        _, in_group, private = await host.reports()
        assert in_group.content.sender == private.content.sender


ALERT = "UNCONFIRMED D7K. For verifiers only.\nSat 14 May 16:30, Hackney"


@pytest.mark.parametrize(
    ("text", "to", "taken"),
    [
        ("MINE D7K", "", "MINE D7K"),
        ("voy D7K", "", "voy D7K"),
        ("GO", ALERT, "GO D7K"),
        ("seen two vans", ALERT, "seen D7K two vans"),
        ("list", "@us", "list"),
        ("two vans in Dalston Lane", "@us", "two vans in Dalston Lane"),
        ("#raid two vans in Dalston Lane", "", "#raid two vans in Dalston Lane"),
        ("yes", "D7K: this would go out now, over 2 channel(s):", "yes D7K"),
        ("who takes D7K?", "", None),
        ("MINE", "", None),
        ("I cannot today, sorry", "", None),
        ("he lives at 4 marker-one Road", "", None),
    ],
)
async def test_of_a_groups_talk_only_what_is_meant_for_us_passes(
    daemon: SignalCli, tmp_path: Path, text: str, to: str, taken: str | None
) -> None:
    """`to` is what it answers, or says that it mentions us."""
    quoted = to.removeprefix("@us")
    if quoted:
        await send(daemon, f"group:{GROUP}", quoted)
    async with hosting(tmp_path, daemon) as host:
        answering = daemon.last() if quoted else None
        await daemon.write(ADA, text, group=GROUP, answering=answering, mentions_us=to == "@us")
        await host.until(lambda: host.accepted + host.counts["bridge.signal.ignored.group_talk"] == 1)
        found = await host.reports()
        assert [report.content.text for report in found] == ([taken] if taken is not None else [])
        assert all(report.contact is None for report in found)
    assert daemon.said(GROUP) == ([quoted] if quoted else [])


async def test_a_quote_of_somebody_else_gives_no_code(daemon: SignalCli, tmp_path: Path) -> None:
    async with hosting(tmp_path, daemon) as host:
        quote = {"id": 1, "authorNumber": BEN.number, "authorUuid": BEN.aci, "text": ALERT}
        group = {"groupId": GROUP, "type": "DELIVER"}
        await daemon.happens(ADA, {"dataMessage": {"message": "GO", "quote": quote, "groupInfo": group}})
        await host.until(lambda: host.counts["bridge.signal.ignored.group_talk"])


async def test_a_desk_word_is_answered_in_its_group_a_report_nowhere(
    daemon: SignalCli, tmp_path: Path
) -> None:
    async with hosting(tmp_path, daemon) as host:
        await daemon.write(ADA, "MINE D7K", group=GROUP)
        await daemon.write(ADA, "#raid two vans", group=GROUP)
        await host.until(lambda: host.accepted == 2)
        desk, report = await host.reports()
        assert desk.reply_to == ReportContact(address=f"group:{GROUP}")
        assert (report.reply_to, report.contact) == (None, None)
    made = bridge(daemon.url)
    async with a_host({}) as host_of_channels:
        outcome = await made.write_back(f"group:{GROUP}", "D7K is yours", host_of_channels, key=KEY)
    assert isinstance(outcome, Delivered)
    assert daemon.said(GROUP) == ["D7K is yours"]


def message(**more: Any) -> dict[str, Any]:
    return {"dataMessage": {"message": "marker-one", "timestamp": 1, **more}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"editMessage": {"targetSentTimestamp": 1, **message()}}, "late_edit"),
        ({"typingMessage": {"action": "STARTED"}}, "no_message"),
        ({"receiptMessage": {"isDelivery": True}}, "no_message"),
        ({"callMessage": {}}, "no_message"),
        ({"storyMessage": {}}, "no_message"),
        (message(remoteDelete={"timestamp": 1}), "no_words_of_its_own"),
        (message(reaction={"emoji": "x"}), "no_words_of_its_own"),
        (message(sticker={"packId": "x"}), "no_words_of_its_own"),
        (message(message=None, attachments=[{"contentType": "image/jpeg"}]), "no_text"),
        (message(message="\ufffc ", mentions=[]), "no_text"),
        (message(isExpirationUpdate=True), "settings_changed"),
        (message(groupInfo={"groupId": GROUP, "type": "UPDATE"}), "settings_changed"),
        ({"syncMessage": {"sentMessage": {"message": "marker-one"}}}, "own_message"),
    ],
)
async def test_what_is_no_report_is_counted_and_not_stored(
    daemon: SignalCli, tmp_path: Path, content: dict[str, Any], why: str
) -> None:
    async with hosting(tmp_path, daemon) as host:
        await daemon.happens(ADA, content)
        await host.until(lambda: host.counts[f"bridge.signal.ignored.{why}"])
        assert await host.reports() == []


async def test_a_group_that_changes_is_told_once_what_is_taken_there(
    daemon: SignalCli, tmp_path: Path
) -> None:
    changed = message(message=None, groupInfo={"groupId": GROUP, "type": "UPDATE"})
    async with hosting(tmp_path, daemon) as host:
        for _ in range(2):
            await daemon.happens(ADA, changed)
        await daemon.write(ADA, "who brings tea?", group=GROUP)
        await host.until(lambda: host.counts["bridge.signal.ignored.group_talk"])
        assert daemon.said(GROUP) == [told_in_chat("raid")]
        assert await host.reports() == []


async def test_our_own_messages_never_come_back(daemon: SignalCli, tmp_path: Path) -> None:
    async with hosting(tmp_path, daemon) as host:
        await daemon.wrote_elsewhere("MINE D7K")
        await daemon.write(Person("us", ACCOUNT, daemon.aci), "MINE D7K", group=GROUP)
        await host.until(lambda: host.counts["bridge.signal.ignored.own_message"] == 2)
        assert await host.reports() == []


@pytest.mark.parametrize(
    ("kind", "why"),
    [("UntrustedIdentityException", "untrusted_sender"), ("ProtocolNoSessionException", "undecryptable")],
)
async def test_what_cannot_be_decrypted_is_counted_for_the_operator(
    daemon: SignalCli, tmp_path: Path, kind: str, why: str
) -> None:
    told = {
        "account": ACCOUNT,
        "exception": {"message": "marker-one", "type": kind},
        "envelope": {"sourceUuid": ADA.aci, "timestamp": 5},
    }
    async with hosting(tmp_path, daemon) as host:
        await daemon.tell(told)
        await host.until(lambda: host.counts[f"bridge.signal.ignored.{why}"])


async def test_what_the_daemon_tells_again_is_one_report_and_one_receipt(
    daemon: SignalCli, tmp_path: Path
) -> None:
    async with hosting(tmp_path, daemon) as host:
        await daemon.write(ADA, "two vans in Dalston Lane")
        await host.until(lambda: daemon.said(ADA.aci))
        await daemon.restart(repeats_last=True)
        await host.until(lambda: host.counts["accepted.duplicate"] == 1)
        await daemon.write(ADA, "another thing in Dalston Lane")
        await host.until(lambda: len(daemon.said(ADA.aci)) == 2)
        assert len(await host.reports()) == 2
        assert host.standing["state"] == "CONNECTED"


async def test_after_a_break_it_asks_for_what_came_since(daemon: SignalCli, tmp_path: Path) -> None:
    async with hosting(tmp_path, daemon) as host:
        await daemon.write(ADA, "one in Dalston Lane")
        await host.until(lambda: host.accepted == 1)
        daemon.drop_listeners()
        await host.until(lambda: daemon.connections == 2)
        await daemon.write(BEN, "two in Dalston Lane")
        await host.until(lambda: host.accepted == 2)
        assert host.counts["accepted.duplicate"] == 0
    assert daemon.said_last[0] == "0"
    assert re.fullmatch(r"\d+-1", daemon.said_last[1])


async def test_what_came_while_we_were_away_comes_when_we_are_back(daemon: SignalCli, tmp_path: Path) -> None:
    bus = MemoryBus(SystemClock())
    async with hosting(tmp_path / "a", daemon, bus=bus) as host:
        await daemon.write(ADA, "one in Dalston Lane")
        await host.until(lambda: host.accepted == 1)
    await daemon.write(BEN, "two in Dalston Lane")
    async with hosting(tmp_path / "b", daemon, bus=bus) as host:
        await host.until(lambda: host.accepted + host.counts["accepted.duplicate"] == 2)
        texts = [report.content.text for report in await host.reports()]
    assert texts == ["one in Dalston Lane", "two in Dalston Lane"]


async def test_streams_that_break_under_load_lose_and_double_nothing(
    daemon: SignalCli, tmp_path: Path
) -> None:
    async with hosting(tmp_path, daemon) as host:
        for n in range(120):
            await daemon.write(BEN if n % 2 else ADA, f"number {n} in Dalston Lane")
            before = daemon.connections
            if n % 40 == 39:  # what it had not handed over is on its disk, what it had is stored
                await host.until(lambda n=n: host.accepted == n + 1)  # type: ignore[misc]  # bound now
                await daemon.restart(repeats_last=True)
            elif n % 11 == 10:
                daemon.drop_listeners()
            else:
                continue
            await host.until(lambda before=before: daemon.connections > before)  # type: ignore[misc]  # bound now
        await host.until(lambda: host.accepted == 120)
        texts = [report.content.text for report in await host.reports()]
    assert sorted(texts) == sorted(f"number {n} in Dalston Lane" for n in range(120))
    assert daemon.connections > 12


async def test_a_daemon_that_is_away_or_does_not_know_us_shows_and_is_tried_again(
    daemon: SignalCli, tmp_path: Path
) -> None:
    await daemon.stop()
    async with hosting(tmp_path, daemon) as host:
        await host.until(lambda: host.standing.get("reason") == "unreachable")
        await daemon.start()
        await host.until(lambda: host.standing["state"] == "CONNECTED")
        await daemon.write(ADA, "two vans in Dalston Lane")
        await host.until(lambda: host.accepted == 1)


@pytest.mark.parametrize(("multi", "reason"), [(True, "no_such_account"), (False, "other_account")])
async def test_another_account_than_the_daemons_is_bad_credentials(
    tmp_path: Path, reason: str, *, multi: bool
) -> None:
    async with SignalCli("+447700900556", multi=multi) as daemon, hosting(tmp_path, daemon) as host:
        await daemon.write(ADA, "two vans in Dalston Lane")
        await host.until(lambda: host.standing.get("reason") == reason)
        assert host.accepted == 0


async def test_nothing_private_in_logs_or_health(daemon: SignalCli, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with hosting(tmp_path, daemon) as host:
            await daemon.write(ADA, "marker-one in Dalston Lane")
            await daemon.write(ADA, "marker-two of the group", group=GROUP)
            await daemon.tell({"account": ACCOUNT, "envelope": "marker-one"})
            await host.until(lambda: daemon.said(ADA.aci))
            async with host.client.get("/health") as response:
                health = await response.text()
    shown = json.dumps(logs, default=str) + health
    private = ("marker-", ACCOUNT, ADA.aci, "7700900417", GROUP)
    assert not [word for word in private if word in shown]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
GOOD: dict[str, Any] = {
    "account": ACCOUNT,
    "envelope": {
        "sourceNumber": ADA.number,
        "sourceUuid": ADA.aci,
        "timestamp": int(NOW.timestamp() * 1000),
        "serverReceivedTimestamp": int(NOW.timestamp() * 1000) + 40,
        "dataMessage": {
            "message": "GO \ufffc",
            "mentions": [{"number": ACCOUNT, "uuid": None, "start": 3, "length": 1}],
            "quote": {"authorNumber": ACCOUNT, "text": ALERT},
            "groupInfo": {"groupId": GROUP, "type": "DELIVER"},
        },
    },
}


def read(data: str | None, name: str = "receive") -> IncomingReport | Ignored:
    return bridge("http://127.0.0.1:1").report_in(Event("1", name, data), NOW)


def test_a_good_event_is_a_report() -> None:
    found = read(json.dumps(GOOD))
    assert isinstance(found, IncomingReport)
    assert (found.text, found.source, found.reply_to) == ("GO D7K", GROUP, f"group:{GROUP}")
    assert found.source_id == f"{ADA.aci}:{GOOD['envelope']['timestamp']}"
    assert found.chat is None


def test_a_groups_name_comes_along() -> None:
    info = {"groupId": GROUP, "groupName": "E8 neighbours", "type": "DELIVER"}
    message = {**GOOD["envelope"]["dataMessage"], "groupInfo": info}
    found = read(json.dumps({**GOOD, "envelope": {**GOOD["envelope"], "dataMessage": message}}))
    assert isinstance(found, IncomingReport)
    assert found.chat == "E8 neighbours"


def test_what_is_older_than_the_logs_memory_is_not_taken() -> None:
    old = int((NOW - timedelta(days=13, minutes=1)).timestamp() * 1000)
    envelope = {**GOOD["envelope"], "timestamp": old, "serverReceivedTimestamp": old}
    assert read(json.dumps({**GOOD, "envelope": envelope})) == Ignored("too_old")


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (None, "receive", "too_long"),
        ("{", "receive", "not_json"),
        ("[" * 100_000, "receive", "not_json"),
        ("[]", "receive", "not_json"),
        ("{}", "message", "other_event"),
        ("{}", "receive", "other_account"),
    ],
)
def test_an_event_that_is_none_says_why(data: str | None, name: str, why: str) -> None:
    assert read(data, name) == Ignored(why)


@given(data=st.data())
def test_a_spoilt_event_is_answered_not_raised(data: st.DataObject) -> None:
    def spoil(value: Any) -> Any:
        if isinstance(value, dict) and value and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(value)))
            return {**value, key: spoil(value[key])}
        return data.draw(_JSON)

    found = read(json.dumps(spoil(GOOD)))
    if isinstance(found, IncomingReport):
        assert all(isinstance(value, str) for value in (found.text, found.sender, found.source_id))
    else:
        assert re.fullmatch(r"[a-z_]+", found.reason)
