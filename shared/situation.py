"""The situation that words are chosen for: what most reports say of it, and whose law holds there. Pure.

One rule for router and console, so that a preview says what is sent. Where it is not certain there is
none: words for every situation are better than those for the wrong one.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from shared.contracts.situation import Jurisdiction, Setting

_AREA: Final = re.compile(r"[A-Z]{1,2}(?=\d)")
_AREAS: Final[dict[Jurisdiction, str]] = {
    "england-wales": (
        "AL B BA BB BD BH BL BN BR BS CA CB CF CH CM CO CR CT CV CW DA DE DH DL DN DT DY E EC EN EX FY GL GU"
        " HA HD HG HP HR HU HX IG IP KT L LA LD LE LL LN LS LU M ME MK N NE NG NN NP NR NW OL OX PE PL PO PR"
        " RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TF TN TQ TR TS TW UB W WA WC WD WF WN WR"
        " WS WV YO"
    ),
    "scotland": "AB DD DG EH FK G HS IV KA KW KY ML PA PH ZE",
    "northern-ireland": "BT",
}
"""The postcode areas that lie in one jurisdiction; those of the Borders (TD) lie in two."""
_ACROSS_THE_BORDER: Final = frozenset({"CA6", "DG14", "DG16"})


def most_said(settings: Iterable[Setting | None]) -> Setting | None:
    """The setting that more reports name than any other; None where none does."""
    named = Counter(setting for setting in settings if setting)
    most = max(named.values(), default=0)
    first = [setting for setting, times in named.items() if times == most]
    return first[0] if len(first) == 1 else None


def jurisdiction_at(outcode: str | None) -> Jurisdiction | None:
    """Whose law holds in a postcode district; None where that is not certain."""
    district = (outcode or "").upper()
    area = _AREA.match(district)
    if area is None or district in _ACROSS_THE_BORDER:
        return None
    return next((name for name, areas in _AREAS.items() if area[0] in areas.split()), None)
