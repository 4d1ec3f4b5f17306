"""What a letter means for the hub that believes it. Pure."""

from shared.contracts.peers import PassedOn
from shared.federation.letter import IN_THE_REPORTS_WORDS, Letter


def passed_on(letter: Letter) -> PassedOn | None:
    """Whose word it is; None for a test of the link."""
    if letter.says == "test":
        return None
    return PassedOn(
        hub=letter.sender, about=letter.about, via=letter.via, answers=letter.answers, says=letter.says
    )


def words_of(letter: Letter) -> str:
    """What verifiers read: a report's own words, or whose word it is and what they say.

    Words that are to be judged name no hub: it may be called like a place.
    """
    if letter.says in IN_THE_REPORTS_WORDS and letter.answers is None:
        return letter.text
    said = letter.says.replace("_", " ")
    return f"{letter.sender}: {said}. {letter.text}".strip()
