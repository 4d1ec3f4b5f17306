"""The weights of correlation, read once from `weights.toml`: sign → logarithm of the odds it is worth."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from math import exp
from typing import Final

DECISIVE: Final = frozenset({"another", "elsewhere", "unlinked", "other_business"})
"""Signs that decide alone and are not fitted: a merged pair silences a real raid."""


@cache
def weights() -> Mapping[str, float]:
    """All weights by name, with `bias`: of [set by hand, fitted] the fitted one."""
    text = resources.files(__package__).joinpath("weights.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text).items()
    return {name: float(value[-1] if isinstance(value, list) else value) for name, value in table}


def score(signs: Mapping[str, float]) -> float:
    """The sum of weighted signs. Raises `KeyError` for a sign without a weight."""
    table = weights()
    return table["bias"] + sum([table[name] * value for name, value in signs.items()])


def probability(log_odds: float) -> float:
    """0 to 1; the odds' logarithm is bounded so that nothing overflows."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, log_odds))))
