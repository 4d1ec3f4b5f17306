"""What a provider said is shown without what nobody may see, and is in no log."""

from typing import Any

import pytest

from services.notifier.decide.said import MOST, words_of
from shared.plugins.http_outcomes import from_status, words_in
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

TOKEN = "12345:made-up-bot-token"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Unauthorized", "Unauthorized"),
        ("Bad Request: chat not found", "Bad Request: chat not found"),
        (f"no bot {TOKEN} here", "no bot *** here"),
        ("chat -1001234567890 not found", "chat -*** not found"),
        ("call +44 7700 900123 now", "call *** now"),
        ("<rota@group.example>: no such user", "(***): no such user"),
        ("key sk_live_9f8a7b6c5d4e3f2a1b0c is bad", "key *** is bad"),
        ("one\r\nFAKE: two\x00\u202ethree", "one FAKE: twothree"),
        ("5.7.1 denied", "5.7.1 denied"),
        ("\x00\u200b", None),
        ("", None),
    ],
)
def test_secrets_addresses_numbers_and_controls_are_taken_out(said: str, shown: str | None) -> None:
    assert words_of(Rejected("http_400", words=said), {TOKEN, "env"}) == shown


def test_a_flood_of_words_is_cut() -> None:
    found = words_of(RetryLater("http_500", words="very sorry " * 10_000))
    assert found is not None
    assert len(found) <= MOST


@pytest.mark.parametrize("outcome", [Delivered("17"), Unknown("timeout"), Rejected("http_400")])
def test_who_says_nothing_is_quoted_with_nothing(outcome: Outcome) -> None:
    assert words_of(outcome) is None


def test_words_are_in_no_repr_and_change_no_decision() -> None:
    outcome = BadCredentials(words="hush")
    assert "hush" not in repr(outcome)
    assert outcome == BadCredentials()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b'{"ok":false,"error_code":401,"description":"Unauthorized"}', "Unauthorized"),
        (b'{"code":40301,"http":403,"error":"forbidden","link":"https://x"}', "forbidden"),
        (b'{"error":{"message":"invalid key","type":"auth"}}', "invalid key"),
        (b'{"title":"Not here","status":404}', "Not here"),
        (b"quota exceeded", "quota exceeded"),
        (b"<html><style>p{}</style><h1>403 Forbidden</h1></html>", "403 Forbidden"),
        (b"{}", None),
        (b'{"description":{}}', None),
        (b"[1]", None),
        (b"", None),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 4_000, "[" * 4_000),
    ],
)
def test_the_sentence_in_an_answer_is_found(answer: bytes, words: str | None) -> None:
    assert words_in(answer) == words


@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_every_refusal_carries_the_providers_words(status: int) -> None:
    outcome: Any = from_status(status, {}, b'{"description":"so it is"}')
    assert outcome.words == "so it is"
