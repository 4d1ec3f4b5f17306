"""What a suite is made of: criteria with a name, a grade, a sentence and a remedy; and the report of a run.

A criterion is a plain function of a case. It returns when the case keeps it, raises `Broken` when not, and
`NotTried` with a reason where it does not apply. Tests and the command line run the very same functions.
"""

import asyncio
import inspect
import itertools
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.plugins.spec import Stability

GRADES: Final[tuple[Stability, ...]] = ("experimental", "good", "excellent")
_LONGEST_S: Final = 60.0

Verdict = Literal["kept", "broken", "not tried"]


class Broken(AssertionError):  # noqa: N818 - it is a finding, and reads as one
    """The case does not keep a criterion; the words say what was seen, never a message's content."""


class NotTried(Exception):  # noqa: N818 - no error: it says why there is nothing to try
    """The criterion does not apply to this plug-in, or the case lacks what it needs; the words say which."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a plug-in keeps."""

    name: str
    grade: Stability
    """The lowest grade that needs it."""
    sentence: str
    remedy: str
    check: Callable[[Any], Awaitable[None] | None]

    async def hold(self, case: Any) -> None:
        """Return if the case keeps it; raises `Broken` or `NotTried`."""
        try:
            async with asyncio.timeout(_LONGEST_S):
                result = self.check(case)
                if inspect.isawaitable(result):
                    await result
        except (Broken, NotTried):
            raise
        except TimeoutError:
            raise Broken(f"no end after {_LONGEST_S:.0f} seconds") from None
        except Exception as error:
            # Its words may hold a message; where it was raised says enough.
            raise Broken(f"it raised {type(error).__name__} {place(error)}") from error


class Suite:
    """Criteria in their order, each given by a decorated function whose docstring is sentence and remedy."""

    def __init__(self, *before: "Suite") -> None:
        self.criteria: list[Criterion] = [c for suite in before for c in suite.criteria]

    def at(self, grade: Stability) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Enter a function as a criterion that this grade needs."""

        def enter(function: Callable[..., Any]) -> Callable[..., Any]:
            sentence, _, remedy = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
            name = function.__name__.replace("_", "-")
            joined = " ".join(remedy.split())
            self.criteria.append(Criterion(name, grade, " ".join(sentence.split()), joined, function))
            return function

        return enter


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one criterion."""

    criterion: Criterion
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run, for people and programs."""

    kind: str
    findings: Sequence[Finding]
    stability: Stability | None = None
    """What its spec says of itself."""

    @property
    def grade(self) -> Stability | None:
        """The highest grade whose criteria are kept, with those of the lower ones; None for not even one."""
        broken = {f.criterion.grade for f in self.findings if f.verdict == "broken"}
        tried = GRADES[: max((rank(f.criterion.grade) for f in self.findings), default=0)]
        reached = list(itertools.takewhile(lambda grade: grade not in broken, tried))
        return reached[-1] if reached else None

    @property
    def overrated(self) -> bool:
        """Whether its spec promises more than it keeps."""
        return self.stability is not None and rank(self.stability) > rank(self.grade)

    def of(self, verdict: Verdict) -> list[Finding]:
        """The findings with this verdict."""
        return [finding for finding in self.findings if finding.verdict == verdict]

    def as_json(self) -> Mapping[str, Any]:
        """For programs."""
        return {
            "kind": self.kind,
            "grade": self.grade,
            "spec_says": self.stability,
            "criteria": [
                {
                    "name": f.criterion.name,
                    "needed_for": f.criterion.grade,
                    "verdict": f.verdict,
                    "why": f.why,
                }
                for f in self.findings
            ],
        }

    def demand(self, grade: Stability) -> None:
        """Raise `Broken` with everything that is missing for a grade: for a test that is one line."""
        if rank(self.grade) >= rank(grade):
            return
        missing = [f for f in self.of("broken") if rank(f.criterion.grade) <= rank(grade)]
        lines = [f"- {f.criterion.name}: {f.why}. {f.criterion.remedy}" for f in missing]
        raise Broken("\n".join([f"{self.kind} is not {grade}:", *lines]))


def rank(grade: Stability | None) -> int:
    """Grades in order; 0 is none."""
    return 0 if grade is None else GRADES.index(grade) + 1


async def examine(kind: str, suite: Suite, case: Any, *, stability: Stability | None = None) -> Report:
    """Try every criterion, one after another, what the lower grades need first."""
    ordered = sorted(suite.criteria, key=lambda criterion: rank(criterion.grade))
    return Report(kind, [await _finding(criterion, case) for criterion in ordered], stability)


async def _finding(criterion: Criterion, case: Any) -> Finding:
    try:
        await criterion.hold(case)
    except NotTried as reason:
        return Finding(criterion, "not tried", str(reason))
    except Broken as broken:
        return Finding(criterion, "broken", str(broken))
    return Finding(criterion, "kept")


def must(true: object, otherwise: str) -> None:
    """Raise `Broken` with these words unless it is so."""
    if not true:
        raise Broken(otherwise)


def place(error: BaseException, file: str | None = None) -> str:
    """Where it was raised: the innermost line, if one is in this file of that."""
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [one for one in frames if one[0].f_code.co_filename == file] or frames
    if not own:
        return ""
    frame, line = own[-1]
    code = frame.f_code
    return f"in {code.co_name}, line {line} of {code.co_filename.rsplit('/', 1)[-1]}"
