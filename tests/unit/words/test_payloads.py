"""What others wrote, at its worst, in every kind of message over every kind of channel: harmless."""

import re
import unicodedata
from typing import Any

import pytest

from services.notifier.channels import load_channels
from shared.contracts.alerts import AlertBody
from shared.contracts.own_words import OwnWords
from shared.words import render
from shared.words.library_check import KINDS
from shared.words.own import FIELDS, starters
from shared.words.own_examples import BASE_URL, GROUP, product_examples

PAYLOADS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)> &lt;b&gt;",
    "markdown": "**now** [here](https://evil.example) `x` # OVER\n> quoted",
    "mentions": "@everyone @here <@123> <!channel> a@b.example",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "bidi": "\u202eREVO \u2066left\u2069 \u200b\u200e\ufeff\u061c",
    "marks": "a" + "\u0301" * 500 + " b" + "\u0489" * 500,
    "long word": "x" * 10_000,
    "second message": "x\r\n.\r\n\x00OVER officers have left\u2028! OVER\u0085",
    "template": "{{ 7*7 }}{% for a in b %}{{ code.__class__ }}",
    "quotes": "\u201d\"' OVER: \u00ab all clear \u00bb",
    "surrogates and private": "\ud800 \ue000 \U000e0041",
    "nothing": " \t\n\u00a0 ",
}
STATUS = {kind: kind.replace("_", " ") for kind in KINDS} | {"WRONG": ("WRONG", "NOT CONFIRMED")}
CHANNELS = {kind: plugin.max_chars for kind, plugin in load_channels().items()}
FORBIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def hostile(alert: Any, said: str) -> Any:
    """The same alert where everything that others wrote is this."""
    body = alert.body
    if not isinstance(body, AlertBody):
        lines = tuple(
            line.model_copy(update={n: said for n in ("place", "excerpt") if hasattr(line, n)})
            for line in body.lines
        )
        return alert.model_copy(update={"body": body.model_copy(update={"lines": lines})})
    more = {
        "place": body.place.model_copy(update={"label": said}),
        "public": body.public.model_copy(update={"label": said}),
        **dict.fromkeys(("statement", "excerpt", "owner"), said),
        "was": said if body.was else "",
        "also_told": (said,),
        "on_duty": (said,),
        "posts": tuple(p.model_copy(update={"place": said}) for p in body.posts),
    }
    return alert.model_copy(update={"body": body.model_copy(update=more)})


def faults(text: str) -> list[str]:
    """What in it could do more than be read."""
    hidden = {
        unicodedata.name(c, hex(ord(c))) for c in text if unicodedata.category(c) in FORBIDDEN and c != "\n"
    }
    marks = re.sub(".", lambda c: "m" if unicodedata.category(c[0]) in {"Mn", "Me"} else "-", text)
    found = [f"hidden {name}" for name in hidden]
    found += ["many marks"] if "mmm" in marks else []
    found += ["a tag"] if re.search(r"[<>]", text) else []
    found += ["a mention"] if re.search(r"@\w", text) else []
    found += ["a formula"] if text[:1] in "=+-@\t" else []
    found += ["a long word"] if any(len(word) > 1_000 for word in text.split()) else []
    return found


def words_of(kind: str, size: str) -> tuple[OwnWords, ...]:
    fields: dict[str, Any] = {"kind": kind, "size": size, "language": "en", "version": 1, "state": "in_use"}
    fields |= {"proposed_by": "mada", "proposed_at": "2022-05-01T10:00:00Z", "expires_on": "2100-01-01"}
    return (OwnWords.model_validate({**fields, "text": starters()[kind]}),) if kind in FIELDS else ()


@pytest.mark.parametrize("own", [False, True], ids=["the relay's words", "own words"])
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_it_arrives_harmless(payload: str, channel: str, *, own: bool) -> None:
    most, said = CHANNELS[channel], PAYLOADS[payload]
    group = GROUP.model_copy(update={"name": said[:80]})
    for kind in KINDS:
        words = words_of(kind, "short" if most <= 480 else "long") if own else ()
        for alert in product_examples(kind):
            made = render(
                hostile(alert, said), group, language="en", max_chars=most, base_url=BASE_URL, words=words
            )
            where = (kind, made.text[:200])
            assert faults(made.text) == [], where
            assert faults(made.subject) == [], where
            assert "\n" not in made.subject
            assert len(made.text) <= most, where
            assert made.text.startswith(STATUS[kind]), "the status word is ours and stands first"
            assert "Observe, don't obstruct." in made.text, where
            if most <= 480:
                assert "\n" not in made.text
