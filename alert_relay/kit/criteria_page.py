"""The page of all criteria, made from the suites that are run."""

from typing import Final

from alert_relay.kit.outside import OUTSIDE
from shared.plugins.conformance.called import CALLED
from shared.plugins.conformance.channel import CHANNEL
from shared.plugins.conformance.common import COMMON
from shared.plugins.conformance.criteria import GRADES, Suite
from shared.plugins.conformance.reading import READING

_SUITES: Final = (
    ("Every bridge and channel", COMMON, 0),
    ("A bridge that is called", CALLED, len(COMMON.criteria)),
    ("A bridge that reads its source", READING, len(COMMON.criteria)),
    ("A bridge out of process", OUTSIDE, 0),
    ("A channel", CHANNEL, len(COMMON.criteria)),
)
_HEAD: Final = """# Grades and criteria

Generated from the conformance suites by `make docs`. `relay bridge check` and `relay channel check` try every
criterion and name the grade: **experimental** works, **good** is fit for a hub (nothing forged or hostile
gets through, nothing is lost that need not be), **excellent** is tried on the real thing and leaves nobody
guessing. A grade needs its own criteria and those of the lower ones. What does not apply is *not tried*, with
the reason.

Exit codes: 0 the grade that was asked for (`--least`, else experimental) and no less than the spec claims;
1 less; 2 there is nothing to check, and why.
"""


def criteria_page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n## {title}\n{_tables(suite, after)}" for title, suite, after in _SUITES)


def _tables(suite: Suite, after: int) -> str:
    text = "\n| needed to be | criterion | what is kept | what to do |\n|---|---|---|---|\n"
    for grade in GRADES:
        for one in suite.criteria[after:]:
            if one.grade == grade:
                text += f"| {grade} | `{one.name}` | {one.sentence} | {one.remedy} |\n"
    return text
