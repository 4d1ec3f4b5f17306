"""The numbers of people held, as one truth: what was said at an end, and what became known afterwards. Pure.

Router and console both count by this, so that a page, a preview and a message never say different numbers.
"""

from collections.abc import Iterable

from shared.contracts.aftercare import Fate
from shared.contracts.desk import Tally


def tally_of_people(said: Tally, fates: Iterable[Fate]) -> Tally:
    """Let go as it was said; taken as many as are followed up, but for those who may have been let go.

    "Not known" at an end means nobody saw whether they were taken: once it is known what became of somebody,
    they count as taken.
    """
    followed = list(fates)
    unknown = min(said.unknown, followed.count("unknown"))
    return Tally(let_go=said.let_go, taken=len(followed) - unknown, unknown=unknown)
