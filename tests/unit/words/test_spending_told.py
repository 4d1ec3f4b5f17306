"""What verifiers are told of their money: marked, named, in pounds, and short in every language."""

import pytest

from shared.contracts.groups import GroupDefinition
from shared.words import MIN_CHARS
from shared.words.channel_test import channel_test_texts
from shared.words.spending_told import spending_told_message, spending_told_texts
from tests.integration.notifier_rig import an_alert

LONGEST = GroupDefinition(id="hackney", name="Hackney and Tower Hamlets Anti Raids Net")
ALERT = an_alert(kind="SPENDING", body=None, incident_id=None, code=None, status=None)


def test_every_language_that_a_test_speaks_has_both() -> None:
    assert set(spending_told_texts()) == set(channel_test_texts())
    assert all(set(texts) == {"near", "full"} for texts in spending_told_texts().values())


@pytest.mark.parametrize("spent", [40_004.0, 50_000.0])
@pytest.mark.parametrize("language", [*channel_test_texts(), "xx"])
def test_it_names_the_group_and_the_pounds_and_fits(language: str, spent: float) -> None:
    message = spending_told_message(ALERT, LONGEST, language, spent=spent, cap=50_000.0)
    assert message.text.startswith("MONEY ")
    assert LONGEST.name in message.text
    assert "£500.00" in message.text
    assert ("£400.04" in message.text) is (spent < 50_000)
    assert len(message.text) <= MIN_CHARS
    assert message.language == ("en" if language == "xx" else language)
