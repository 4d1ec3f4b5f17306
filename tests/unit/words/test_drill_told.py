"""What verifiers are told of an exercise's beginning and end: marked, and short in every language."""

from typing import Any

import pytest

from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import GroupDefinition
from shared.words import MIN_CHARS, drill_told_message
from shared.words.channel_test import channel_test_texts
from shared.words.drill_told import DRILL_TOLD, drill_told_texts
from tests.integration.notifier_rig import an_alert

LONGEST = GroupDefinition(id="hackney", name="Hackney and Tower Hamlets Anti Raids Net")


def told(kind: str, **more: Any) -> AlertRaised:
    return an_alert(kind=kind, body=None, incident_id=None, code=None, status=None, drill=True, **more)


def test_every_language_that_a_test_speaks_has_both() -> None:
    assert set(drill_told_texts()) == set(channel_test_texts())
    assert all(set(texts) == {"begun", "ended"} for texts in drill_told_texts().values())


@pytest.mark.parametrize("kind", sorted(DRILL_TOLD))
@pytest.mark.parametrize("language", [*channel_test_texts(), "xx"])
def test_it_is_marked_named_and_fits_every_channel(language: str, kind: str) -> None:
    message = drill_told_message(told(kind), LONGEST, language)
    assert message.text.startswith("DRILL ")
    assert message.subject.startswith("DRILL ")
    assert LONGEST.name in message.text
    assert len(message.text) <= MIN_CHARS
    assert message.language == ("en" if language == "xx" else language)
    assert (message.data["drill"], message.urgent) == (True, False)


def test_a_groups_name_cannot_make_it_look_like_something_else() -> None:
    nasty = GroupDefinition(id="hackney", name="Us\u202e\r\nCONFIRMED\n{at}@everyone")
    text = drill_told_message(told("DRILL_BEGUN"), nasty, "en").text
    assert "\n" not in text
    assert "\u202e" not in text
