"""Where postcode districts are, as far as this installation knows by itself: for drawing, never for judging.

The router's own starter list, read as a file: services share data, no code.
"""

import csv
from functools import cache
from pathlib import Path
from typing import Final

import shared.gazetteer
from services.console.decide.group.facts import Districts

FILE: Final = Path(shared.gazetteer.__path__[0]) / "data" / "starter_outcodes.csv"


@cache
def known_districts() -> Districts:
    """Every district with its middle, as (lat, lon)."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {r["postcode"]: (float(r["latitude"]), float(r["longitude"])) for r in csv.DictReader(file)}
