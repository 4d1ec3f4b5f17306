"""The arithmetic of the benchmark: percentiles, medians with their spread, ratios of rounds.

Pure: numbers in, numbers out. Ratios are taken within a round and then summarised, because the
rounds are interleaved and a slow minute of the machine slows both sides of one ratio.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """What a figure was over the rounds."""

    median: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """The three numbers by name, to four significant digits."""
        return {name: significant(value) for name, value in asdict(self).items()}


def spread(values: Sequence[float]) -> Spread:
    """Median, least and greatest; ValueError if there are none."""
    if not values:
        raise ValueError("no values to summarise")
    return Spread(median(values), min(values), max(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` % of the values don't exceed (nearest rank)."""
    if not values:
        raise ValueError("no values to rank")
    if not 0 < percent <= 100:
        raise ValueError(f"not a percentage: {percent}")
    # Rounded first: 99 % of 1,000 must be the 990th, whatever 0.99 is in binary.
    rank = ceil(round(percent * len(values) / 100, 9))
    return sorted(values)[rank - 1]


def ratio(over: Sequence[float], under: Sequence[float]) -> Spread:
    """The spread of the rounds' ratios; both sequences are of the same rounds, in order."""
    return spread([a / b for a, b in zip(over, under, strict=True)])


def latencies(began: Mapping[int, float], arrived: Mapping[int, Sequence[float]]) -> list[float]:
    """Seconds from each number's scheduled beginning to its first arrival, for those that arrived."""
    return [arrived[n][0] - at for n, at in began.items() if arrived.get(n)]


def losses(began: Mapping[int, float], arrived: Mapping[int, Sequence[float]]) -> tuple[int, int]:
    """How many never arrived, and how many copies came beyond the first."""
    lost = sum(1 for n in began if not arrived.get(n))
    copies = sum(len(arrived.get(n, ())) - 1 for n in began if arrived.get(n))
    return lost, copies


def sustained(began: Mapping[int, float], arrived: Mapping[int, Sequence[float]]) -> float:
    """Deliveries a second from the first post to the last first arrival; the backlog counts as time."""
    firsts = [arrived[n][0] for n in began if arrived.get(n)]
    if not firsts:
        return 0.0
    return len(firsts) / (max(firsts) - min(began.values()))


def significant(value: float) -> float:
    """The value to four significant digits."""
    return float(f"{value:.4g}")
