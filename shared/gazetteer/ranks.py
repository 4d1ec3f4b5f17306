"""How much a place of a name matters beside others of that name; higher wins.

The steps are coarse on purpose. Importance may settle what "Newport" means, but between two
villages, or between a road and a shop, only the rest of a report can.
"""

from collections.abc import Mapping
from typing import Final

from shared.gazetteer.port import Kind

RANK: Final[Mapping[Kind, int]] = {
    "city": 50,
    "borough": 40,
    "area": 20,
    "station": 10,
    "landmark": 10,
    "street": 10,
}
TOWN: Final = 30
APPROXIMATE: Final = 5
"""A place known only by its district: below every place of that name whose position is its own."""
NATURE: Final = 5
"""Hills, woods and waters, whose names are often ordinary words."""
OWN: Final = 100
"""Added where the operator's own file names a place: it is there to be preferred."""

RADIUS_M: Final[Mapping[Kind, float]] = {
    "street": 180.0,
    "landmark": 120.0,
    "station": 150.0,
    "area": 1_200.0,
    "borough": 5_000.0,
    "city": 8_000.0,
}
"""What covers a place of which only the centre is known."""
