"""The Mastodon bridge against a stand-in of a server: what is a report, what is missed, who is told what."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.bridges.mastodon import Mastodon as Bridge
from services.ingest.bridges.mastodon import report_of, words_of
from shared.clock import SystemClock
from shared.contracts.reports import ReportContact
from shared.plugins.channel_testing import KnownSecrets, a_host
from shared.plugins.html_text import text_of_html
from shared.plugins.spec import (
    Delivered,
    Ignored,
    IncomingReport,
    Reads,
    Rejected,
    WritesBack,
)
from shared.plugins.testing import ReadingCase, ReadingConformance
from shared.testing.bus import MemoryBus
from tests.rigs.mastodon import TOKEN, US, Mastodon
from tests.rigs.reading import reading

FIXTURES = Path(__file__).parent / "fixtures/mastodon"
NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
SECRETS = {"env:TOKEN": TOKEN}
JUST_NOW = datetime.now(UTC).isoformat()


class Account:
    """The stand-in as the suite speaks to it: each message is a post that mentions us."""

    def __init__(self) -> None:
        self.server = Mastodon()
        self.numbers = itertools.count(34900000)

    async def start(self) -> None:
        await self.server.__aenter__()

    async def say(self, message: bytes) -> None:
        try:
            said = json.loads(message)
        except (ValueError, RecursionError):
            said = message.decode("latin-1")
        sound = isinstance(said, dict) and str(said.get("id")) in {"34975861", "34975862"}
        spoilt = {"id": str(next(self.numbers)), "type": "mention", "status": said}
        self.server.mentions.append(said if sound else spoilt)

    async def break_off(self) -> None:
        self.server.breaks_after = 0

    async def stop(self) -> None:
        await self.server.__aexit__(None, None, None)


def mention(number: str) -> bytes:
    """The captured one, written just now: what is older than thirteen days is none."""
    said = captured("mention")
    status = {**said["status"], "id": number, "created_at": JUST_NOW}
    return json.dumps({**said, "id": number, "status": status}).encode()


class TestConformance(ReadingConformance):
    case: ClassVar[ReadingCase]

    @classmethod
    def setup_class(cls) -> None:
        cls.case = ReadingCase(
            bridge=Bridge,
            source=Account,
            settings=lambda at: {"server": at.server.url, "token": "env:TOKEN"},
            messages={"first": mention("34975861"), "second": mention("34975862")},
            secrets=SECRETS,
            private=("marker-one", "marker-name"),
            adjust=lambda made: setattr(made, "every_s", 0.01),
        )


def bridge(url: str, *, token: str = TOKEN) -> Bridge:
    settings = Bridge.Settings.model_validate({"server": url, "token": "env:TOKEN", "hashtags": ["raid"]})
    made = Bridge(settings, KnownSecrets({"env:TOKEN": token}))  # type: ignore[arg-type]  # validated
    made.every_s = 0.01
    return made


def captured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return found


def read(status: Mapping[str, Any], *, mentioned: bool = True) -> IncomingReport | str:
    found = report_of(status, US, NOW, mentioned=mentioned)
    return found.reason if isinstance(found, Ignored) else found


# --- one post --------------------------------------------------------------------------------------


def test_a_private_mention_is_its_words_its_writer_and_its_moment() -> None:
    report = read(captured("mention")["status"])
    assert isinstance(report, IncomingReport)
    assert (
        report.text
        == "Two vans & six officers\nin Ridley Road, by the market\nhttps://maps.example/x?a=1&b=2"
    )
    assert report.sender == report.contact == "ada@far.example"
    assert (report.language, report.read_by) == ("pt", "servers")
    assert report.observed_at == datetime(2026, 6, 22, 14, 45, tzinfo=UTC)


def test_a_hashtag_is_a_report_of_somebody_who_did_not_write_to_us() -> None:
    report = read(captured("hashtag"), mentioned=False)
    assert isinstance(report, IncomingReport)
    assert report.text == "police\nRaid in Ashwin St, E8 #raid"
    assert (report.sender, report.contact, report.read_by) == ("ben", None, "everybody")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"account": {**US, "bot": False}}, "own_message"),
        ({"account": {"id": "5", "acct": "mirror", "bot": True}}, "from_a_bot"),
        ({"reblog": {"id": "4", "content": "<p>raid</p>"}}, "boost"),
        ({"created_at": "2026-06-08T10:00:00.000Z"}, "too_old"),
        ({"content": "<p></p>"}, "no_text"),
        ({"content": '<p><span class="h-card">@<span>relay</span></span></p>'}, "no_text"),
        ({"account": None}, "no_message"),
        ({"id": 7}, "no_message"),
    ],
)
def test_what_is_no_report_is_named(change: dict[str, Any], why: str) -> None:
    assert read(captured("mention")["status"] | change) == why


@pytest.mark.parametrize(
    ("visibility", "who"),
    [
        ("public", "everybody"),
        ("unlisted", "everybody"),
        ("private", "followers"),
        ("direct", "servers"),
        ("mutuals_only", "followers"),
        (None, "followers"),
    ],
)
def test_who_can_read_a_post_stays_with_it(visibility: Any, who: str) -> None:
    report = read(captured("mention")["status"] | {"visibility": visibility})
    assert isinstance(report, IncomingReport)
    assert report.read_by == who


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<p>one</p><p>two<br>three<br/>four</p>", "one\ntwo\nthree\nfour"),
        ("@relay@hub.example: MINE D7K", "MINE D7K"),
        ("ask @relayed or @RELAY, now", "ask @relayed or now"),
        ("a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c d"),
        ("<script>alert(1)</script><style>p{}</style>raid", "raid"),
        ("<a href='x'>raid", "raid"),
    ],
)
def test_html_becomes_words(content: str, text: str) -> None:
    assert words_of({"content": content}, "relay") == text


def test_what_the_parser_gives_up_on_keeps_its_words() -> None:
    assert text_of_html("raid <![foo[bar]]> in Ridley Road").split() == ["raid", "in", "Ridley", "Road"]


@given(html=st.text(alphabet="<>![]&;-/'\"= apbr\n", max_size=200))
def test_any_html_is_read_and_not_raised(html: str) -> None:
    text_of_html(html)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data())
def test_a_spoilt_post_is_named_and_not_raised(data: st.DataObject) -> None:
    status = captured("mention")["status"]
    key = data.draw(st.sampled_from(sorted(status)))
    found = report_of(status | {key: data.draw(_JSON)}, US, NOW, mentioned=True)
    assert isinstance(found, IncomingReport | Ignored)


# --- reading ---------------------------------------------------------------------------------------


def test_it_is_a_bridge_that_reads_and_writes_back() -> None:
    made = bridge("http://127.0.0.1:1")
    assert isinstance(made, Reads)
    assert isinstance(made, WritesBack)
    assert TOKEN not in repr(made)
    assert all((made.spec.set_up, made.spec.while_away, made.spec.who_else_reads))


async def test_a_mention_is_one_report_and_one_direct_answer_that_says_who_reads(tmp_path: Path) -> None:
    async with Mastodon() as server, reading(tmp_path, bridge(server.url), secrets=SECRETS) as host:
        server.mention("@relay two vans in Dalston Lane", visibility="public")
        await host.until(lambda: server.posted)
        (report,) = await host.reports()
        assert report.content.text == "two vans in Dalston Lane"
        assert report.content.sender_is == "account"
        assert report.contact == ReportContact(address="ada@far.example")
        assert "ada" not in str(report.content)
        (answer,) = server.posted
        assert answer["visibility"] == "direct"
        assert answer["status"].endswith(
            "Everybody can read your post; delete it if it puts anyone at risk.\n\n@ada@far.example"
        )
        assert len(answer["status"]) <= 500


async def test_whoever_only_used_the_hashtag_is_not_written_to(tmp_path: Path) -> None:
    async with Mastodon() as server, reading(tmp_path, bridge(server.url), secrets=SECRETS) as host:
        server.tag("raid in Ridley Road #raid", visibility="public")
        await host.until(lambda: host.accepted == 1)
        asked = len(server.asked)
        await host.until(lambda: len(server.asked) > asked + 6)
        assert server.posted == []
        assert host.accepted == 1


async def test_all_that_came_while_away_is_read_however_many_pages(tmp_path: Path) -> None:
    async with Mastodon() as server:
        for number in range(95):
            server.mention(f"van number {number}")
        async with reading(tmp_path, bridge(server.url)) as host:
            await host.until(lambda: host.accepted == 95)
            server.mention("one more")
            await host.until(lambda: host.accepted == 96)
            assert host.standing["state"] == "CONNECTED"
            assert host.counts["accepted.duplicate"] == 0


async def test_a_break_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with Mastodon() as server:
        for number in range(95):
            server.mention(f"van number {number}")
        server.breaks_after = 3
        async with reading(tmp_path, bridge(server.url)) as host:
            await host.until(lambda: host.accepted == 95)
            await host.until(lambda: host.standing["state"] == "CONNECTED")
            assert len(await host.reports()) == 95


async def test_a_new_start_tells_all_again_and_nothing_is_stored_twice(tmp_path: Path) -> None:
    bus = MemoryBus(SystemClock())
    async with Mastodon() as server:
        server.mention("two vans in Dalston Lane")
        async with reading(tmp_path / "a", bridge(server.url), bus=bus, secrets=SECRETS) as host:
            await host.until(lambda: len(server.posted) == 1)
        server.mention("and a third")
        async with reading(tmp_path / "b", bridge(server.url), bus=bus, secrets=SECRETS) as host:
            await host.until(lambda: len(server.posted) == 2)
            assert len(await host.reports()) == 2


async def test_a_post_that_another_server_passes_on_late_is_found(tmp_path: Path) -> None:
    """It stands below newer ones that were read before."""
    async with Mastodon() as server, reading(tmp_path, bridge(server.url)) as host:
        server.tag("newer")
        await host.until(lambda: host.accepted == 1)
        server.tag("older, and late", ago=timedelta(minutes=20))
        await host.until(lambda: host.accepted == 2)


async def test_what_is_older_than_the_log_remembers_is_not_asked_for(tmp_path: Path) -> None:
    async with Mastodon() as server:
        for number in range(60):
            server.tag(f"old {number}", ago=timedelta(days=20, minutes=number))
        server.tag("new")
        async with reading(tmp_path, bridge(server.url)) as host:
            await host.until(lambda: host.accepted == 1)
            await host.until(lambda: sum("timelines" in call for call in server.asked) > 4)
            assert not any("timelines" in call and "max_id" in call for call in server.asked)


@pytest.mark.parametrize(
    ("status", "headers", "state", "reason"),
    [
        (401, {}, "BAD_CREDENTIALS", "bad_credentials"),
        (403, {}, "BAD_CREDENTIALS", "bad_credentials"),
        (429, {"Retry-After": "30"}, "RATE_LIMITED", "http_429"),
        (429, {"X-RateLimit-Reset": "2999-01-01T00:00:00.000Z"}, "RATE_LIMITED", "http_429"),
        (503, {}, "TRANSIENT_DISCONNECT", "http_503"),
        (301, {"Location": "http://127.0.0.1:1/"}, "TRANSIENT_DISCONNECT", "http_301"),
        (204, {}, "TRANSIENT_DISCONNECT", "http_204"),
    ],
)
async def test_what_the_server_refuses_is_shown_and_mends_itself(
    status: int, headers: dict[str, str], state: str, reason: str, tmp_path: Path
) -> None:
    async with Mastodon() as server:
        server.refuses = web.Response(status=status, headers=headers)
        server.mention("two vans in Dalston Lane")
        async with reading(tmp_path, bridge(server.url)) as host:
            await host.until(lambda: host.standing["state"] == state)
            assert host.standing["reason"] == reason
            server.refuses = None
            await host.until(lambda: host.accepted == 1)
            assert host.standing["state"] == "CONNECTED"


async def test_a_wrong_token_and_a_server_that_is_away_are_told_apart(tmp_path: Path) -> None:
    async with Mastodon() as server:
        async with reading(tmp_path / "a", bridge(server.url, token="wrong")) as host:
            await host.until(lambda: host.standing["state"] == "BAD_CREDENTIALS")
        url = server.url
    async with reading(tmp_path / "b", bridge(url)) as host:
        await host.until(lambda: host.standing.get("reason") == "unreachable")


async def test_an_answer_names_one_account_and_nobody_else() -> None:
    async with Mastodon() as server, a_host(SECRETS) as host:
        made = bridge(server.url)
        told = await made.write_back("ada@far.example", "Where? ask @eve", host, key="k")
        assert told == Delivered("9")
        assert server.posted[0]["status"] == "Where? ask @ eve\n\n@ada@far.example"
        for bad in ("no account", "ada @eve", ""):
            assert await made.write_back(bad, "x", host, key="k") == Rejected("bad_address")
        assert len(server.posted) == 1
