"""Two operators and two lines: what opens a link, and what never does."""

from datetime import timedelta
from typing import Any

import pytest

from shared.federation.invite import (
    HOLDS,
    InvitationError,
    Line,
    accept,
    complete,
    fingerprint,
    invite,
    revoke,
)
from shared.federation.link import Link, encoded, public_of
from tests.unit.federation.letters import GLASGOW, LONDON, NOW, STRANGER

HERE = "https://london.example/bridges/peer-glasgow"
THERE = "https://glasgow.example/bridges/peer-london"


def invited(secret: str = "once") -> tuple[Link, str]:  # noqa: S107 - made up
    return invite(hub="glasgow", us="london", url=HERE, private=LONDON, secret=secret, by="Ada", now=NOW)


def accepted(line: str, key: str = GLASGOW) -> tuple[Link, str]:
    return accept(Line.read(line), url=THERE, private=key, by="Bob", now=NOW)


def completed(link: Link, line: str, **late: Any) -> Link:
    return complete(link, Line.read(line), by="Ada", now=NOW + timedelta(**late))


def test_a_line_there_and_a_line_back_open_both_ends() -> None:
    waiting, line = invited()
    theirs, back = accepted(line)
    ours = completed(waiting, back)
    assert (waiting.state, ours.state, theirs.state) == ("invited", "open", "open")
    assert (ours.key, ours.url, ours.us) == (theirs.our_key, THERE, theirs.hub)
    assert (theirs.key, theirs.url, theirs.us) == (ours.our_key, HERE, ours.hub)
    assert [(s.what, s.by) for s in ours.history] == [("invited", "Ada"), ("accepted", "Ada")]


def test_an_answer_is_good_once() -> None:
    waiting, line = invited()
    back = accepted(line)[1]
    with pytest.raises(InvitationError, match="answered already"):
        completed(completed(waiting, back), back)


def test_a_second_invitation_ends_the_first() -> None:
    back = accepted(invited("first")[1])[1]
    with pytest.raises(InvitationError, match="another invitation"):
        completed(invited("second")[0], back)


def test_an_expired_invitation_opens_nothing_at_either_end() -> None:
    waiting, line = invited()
    back = accepted(line)[1]
    late = HOLDS + timedelta(seconds=1)
    with pytest.raises(InvitationError, match="expired"):
        accept(Line.read(line), url=THERE, private=GLASGOW, by="Bob", now=NOW + late)
    with pytest.raises(InvitationError, match="expired"):
        completed(waiting, back, seconds=late.total_seconds())


def test_a_revoked_invitation_opens_nothing() -> None:
    waiting, line = invited()
    with pytest.raises(InvitationError, match="revoked"):
        completed(revoke(waiting, by="Ada", now=NOW), accepted(line)[1])


def test_an_answer_by_another_hub_opens_nothing() -> None:
    waiting, line = invited()
    said = Line.read(accepted(line)[1]).model_copy(update={"sender": "leeds", "key": public_of(STRANGER)})
    with pytest.raises(InvitationError, match="not written by glasgow"):
        completed(waiting, said.written(STRANGER))


def test_an_answer_without_the_secret_opens_nothing() -> None:
    waiting, line = invited()
    said = Line.read(accepted(line)[1]).model_copy(update={"secret": "guessed"})
    with pytest.raises(InvitationError, match="another invitation"):
        completed(waiting, said.written(GLASGOW))


def test_a_line_is_for_one_end_only() -> None:
    _, line = invited()
    with pytest.raises(InvitationError, match="for that hub"):
        accepted(accepted(line)[1])


@pytest.mark.parametrize("spoil", [lambda s: s[:-3], lambda s: s[5:], lambda _: "", lambda s: s + "x"])
def test_half_a_line_is_none(spoil: Any) -> None:
    with pytest.raises(InvitationError):
        Line.read(spoil(invited()[1]))


def test_a_line_with_another_key_in_it_is_none() -> None:
    said = Line.read(invited()[1]).model_copy(update={"key": public_of(STRANGER)})
    with pytest.raises(InvitationError, match="changed on its way"):
        Line.read(said.written(LONDON))


def test_no_private_key_leaves_the_hub() -> None:
    waiting, line = invited()
    theirs, back = accepted(line)
    for text in (line, back, waiting.model_dump_json(), theirs.model_dump_json()):
        assert LONDON not in text
        assert GLASGOW not in text
        assert encoded(b"once") not in waiting.model_dump_json()


def test_two_people_can_read_a_key_to_each_other() -> None:
    assert fingerprint(public_of(LONDON)) != fingerprint(public_of(GLASGOW))
    assert len(fingerprint(public_of(LONDON)).split()) == 5
