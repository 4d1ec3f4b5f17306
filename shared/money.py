"""Sums of money as people read them."""

import math


def pounds(pence: float) -> str:
    """`£3.20`; a fraction of a penny counts as one, lest something that costs be shown as free."""
    return f"£{math.ceil(round(pence, 2)) / 100:.2f}"
