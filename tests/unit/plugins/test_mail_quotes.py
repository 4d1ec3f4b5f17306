"""Their own words are left, what their mail program adds is not: by its form, in whatever language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plugins.mail_quotes import without_quotes, without_signature

US = "reports@hub.example"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("two vans", "two vans"),
        (
            "two vans\n\nOn Sat, 14 May 2022 at 18:42, Relay <reports@hub.example> wrote:\n> Where?\n",
            "two vans",
        ),
        ("2 vans\nOn Sat, 14 May 2022 at 18:42, Relay wrote:\n> Where?\n", "2 vans"),
        (
            "two vans\n\nOn Sat, 14 May 2022 at 18:42, Relay\n<reports@hub.example> wrote:\n\n> Where?",
            "two vans",
        ),
        ("iki minibüs\n\n14 May 2022 Cmt, Relay <reports@hub.example> şunu yazdı:\n> Nerede?", "iki minibüs"),
        ("两辆面包车\n\n2022年5月14日 Relay <reports@hub.example> 写道：\n> 在哪里？", "两辆面包车"),
        ("two vans\n\nAm 14.05.2022 schrieb Relay <REPORTS@hub.example>:\nWhere exactly?", "two vans"),
        ("two vans\n\n-----Original Message-----\nFrom: Relay\nWhere?", "two vans"),
        ("two vans\n\n________________________________\nVon: Relay\nWhere?", "two vans"),
        (
            "two vans\n\nFrom: Relay <r@hub.example>\nSent: 14 May\nTo: Ada\nSubject: Re\n\nWhere?",
            "two vans",
        ),
        ("> Where exactly?\nRidley Road\n> How many?\nsix", "Ridley Road\nsix"),
        ("On Sat, 14 May 2022, Relay wrote:\n> Where exactly?\n\nRidley Road", "Ridley Road"),
        ("Where: Ridley Road\nWhen: now\nHow many: six", "Where: Ridley Road\nWhen: now\nHow many: six"),
        ("They say:\nnobody may leave", "They say:\nnobody may leave"),
        ("- two vans\n- six officers\n--- at the market", "- two vans\n- six officers\n--- at the market"),
        ("> only what we wrote", ""),
    ],
)
def test_what_is_quoted_goes_and_nothing_else(text: str, own: str) -> None:
    assert without_quotes(text, US) == own


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("two vans\n-- \nAda Example\nDalston", "two vans"),
        ("MINE D7K\n\nSent from my iPhone", "MINE D7K"),
        ("MINE D7K\n\nEnvoyé de mon iPhone", "MINE D7K"),
        ("MINE D7K\n\nSamsung Galaxy'den gönderildi", "MINE D7K"),
        ("MINE D7K\n\nGet Outlook for Android", "MINE D7K"),
        ("MINE D7K\n\n发自我的iPhone", "MINE D7K"),
        ("They took\n\nher iPhone and her keys", "They took\n\nher iPhone and her keys"),
        ("They said it was\nSent from an iPhone", "They said it was\nSent from an iPhone"),
        ("- two vans\n- six officers", "- two vans\n- six officers"),
        ("", ""),
    ],
)
def test_a_signature_goes_and_nothing_else(text: str, own: str) -> None:
    assert without_signature(text) == own


@given(text=st.text(alphabet=">:-_@ \nab1.：", max_size=300))
def test_whatever_is_left_was_there(text: str) -> None:
    lines = {line.strip() for line in text.split("\n")}
    left = without_signature(without_quotes(text, US))
    assert {line.strip() for line in left.split("\n")} <= lines | {""}


@pytest.mark.parametrize("line", ["> ", "a:\n", "On 1 ", "-", "_", ":", "\n", "a: b@c\n> x\n"])
def test_a_text_made_to_keep_us_busy_does_not(line: str) -> None:
    """Twenty thousand characters, each line of which could begin or end something: it ends, that is all."""
    without_signature(without_quotes(line * (20_000 // len(line)), US))
