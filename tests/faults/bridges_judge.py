"""The judge of bridges under kills: what a source was told is accepted, against what lies in REPORTS.

Whatever somebody writes at a source has a name of its own in its words (`piece 17-1`), so that it is known
again without asking the relay what it takes for the same report.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

_PIECE: Final = re.compile(r"\bpiece (\d+-\d+)\b")


def name_of(number: int, part: int = 1) -> str:
    """What a message is called, or a part of one that its source hands on in parts."""
    return f"{number}-{part}"


def words(name: str) -> str:
    """A message with its name in it."""
    return f"Immigration officers outside a shop, piece {name} of what was seen. "


def names_in(text: str) -> list[str]:
    """The names in a stored report."""
    return _PIECE.findall(text)


@dataclass
class Verdict:
    """What was found. The run was sound if `problems` is empty."""

    said: int
    accepted: int
    """How much its source was told is taken; of a source that is read, all that it holds."""
    stored: int
    lost: int
    doubled: int
    missed: int
    """What never came in, and its source knows that it did not."""
    problems: list[str] = field(default_factory=list)


def judge(
    said: Collection[str], accepted: Collection[str], found: Counter[str], *, redelivers: bool
) -> Verdict:
    """Compare a source's log with the stored reports. `redelivers`: nothing may be missed either."""
    lost = sum(name not in found for name in accepted)
    doubled = sum(times > 1 for times in found.values())
    missed = len(set(said) - set(accepted) - found.keys())
    verdict = Verdict(len(set(said)), len(set(accepted)), len(found), lost, doubled, missed)
    wrong = {
        "were accepted and are not stored": lost,
        "are stored more than once": doubled,
        "never came in although their source tells them again": missed if redelivers else 0,
        "are stored and nobody wrote them": len(found.keys() - set(said)),
    }
    verdict.problems += [f"{count} {what}" for what, count in wrong.items() if count]
    return verdict
