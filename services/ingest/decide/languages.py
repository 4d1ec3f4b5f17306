"""Which of our languages a person reads: what they chose, else what their browser says."""

from collections.abc import Sequence


def choose_language(chosen: str | None, accept: str, available: Sequence[str]) -> str:
    """One of `available` (the first is the default).

    `chosen` is what the person picked on the page; `accept` an Accept-Language header.
    """
    wanted = [chosen or "", *_by_preference(accept)]
    primary = (tag.split("-", 1)[0].strip().lower() for tag in wanted)
    return next((tag for tag in primary if tag in available), available[0])


def _by_preference(accept: str) -> list[str]:
    weighed = []
    for part in accept[:500].split(","):
        tag, _, rest = part.partition(";")
        weighed.append((-_weight(rest), tag))
    return [tag for _, tag in sorted(weighed, key=lambda pair: pair[0])]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
