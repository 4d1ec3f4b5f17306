"""From a keyword to the command that it stands for, with what the free text says. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.router.decide.state import Incident
from shared.contracts import desk
from shared.contracts.desk import IncidentCommand, Statement, Tally
from shared.words.desk_tally import tally_in
from shared.words.desk_words import Keyword, beginnings, fold

if TYPE_CHECKING:
    from services.router.decide.chat_talk import Talk

MOST_WORDS: Final = 1_000
"""Characters that a statement takes."""


@dataclass(frozen=True, slots=True)
class Act:
    """A keyword and its free text, by somebody, about an incident."""

    keyword: Keyword
    words: str
    talk: "Talk"
    incident: Incident


def alone(talk: "Talk") -> list[Incident]:
    """What a keyword without a code may mean: the incidents that they are on, else all that are open."""
    now = talk.draft.now
    found = talk.open()
    on = [i for i in found if i.claim and i.claim.member == talk.member and i.claim.until > now]
    return on or found


def act_of(act: Act, *, reach: int = 0) -> IncidentCommand:
    """The command; `reach` is how many a confirmation goes to."""
    base = act.talk.base(act.incident)
    if act.keyword == "CONFIRM":
        ask, words = _ask_in(act.words)
        return desk.Confirm(**base, ask=ask, reach=reach, statement=_said(words))
    return _COMMANDS[act.keyword](base, act.words)


def _said(words: str) -> Statement:
    return Statement(text=words[:MOST_WORDS])


def _ask_in(words: str) -> tuple[desk.Ask, str]:
    """The one thing that is asked, where it stands first ("WITNESSES two vans"), and the rest."""
    first, _, rest = words.partition(" ")
    word = fold(first).strip(".,:;!")
    return ("WITNESSES", rest.strip()) if word in beginnings("WITNESSES") else ("NONE", words)


def _over(base: dict[str, Any], words: str) -> desk.End:
    counts, nothing_else = tally_in(words)
    return desk.End(**base, tally=Tally(**counts), statement=_said("" if nothing_else else words))


_COMMANDS: Final[dict[Keyword, Callable[[dict[str, Any], str], IncidentCommand]]] = {
    "MINE": lambda base, _: desk.Claim(**base),
    "GO": lambda base, _: desk.Attend(**base, step="going"),
    "THERE": lambda base, _: desk.Attend(**base, step="there"),
    "SEEN": lambda base, words: desk.Seen(**base, statement=_said(words)),
    "NOTE": lambda base, words: desk.Note(**base, statement=_said(words)),
    "NOT": lambda base, words: desk.Reject(**base, outcome="not_confirmed", statement=_said(words)),
    "POLICE": lambda base, words: desk.Reject(
        **base, outcome="other_agency", agency="police", statement=_said(words)
    ),
    "ENOUGH": lambda base, words: desk.Update(**base, ask="ENOUGH", statement=_said(words)),
    "OVER": _over,
}
