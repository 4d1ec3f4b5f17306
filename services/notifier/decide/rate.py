"""How fast one account may send, where its provider says so: in chunks, each once the last is paid off. Pure.

Chunks are no larger than a second's worth: so no second sees more than twice the rate, and no longer
time more than the rate.
"""


def width(usual: int, per_second: float | None) -> int:
    """How large a chunk may be at most."""
    return usual if per_second is None else max(1, min(usual, int(per_second)))


def free_at(before: float, sent: int, per_second: float, now: float) -> float:
    """When the next chunk may go after so many are sent now; `before` is when this one might have gone."""
    return max(before, now) + sent / per_second
