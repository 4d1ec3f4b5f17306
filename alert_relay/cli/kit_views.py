"""What came of a check, for a person: what is kept, what is not and what to do, and the grade."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from alert_relay.cli.base import EXIT_REFUSED, put_json, say

least_option = click.option(
    "--least",
    type=click.Choice(["experimental", "good", "excellent"]),
    default="experimental",
    show_default=True,
    help="The grade below which it fails.",
)
_MARKS = {"kept": "kept     ", "broken": "BROKEN   ", "not tried": "not tried"}


def tell_report(report: Any, *, as_json: bool, least: str) -> None:
    """Show it, and end with the code 1 below the grade that was asked for, or that its spec claims."""
    from shared.plugins.conformance.criteria import rank

    if as_json:
        put_json(report.as_json())
    else:
        _show(report)
    if rank(report.grade) < rank(least) or report.overrated:  # type: ignore[arg-type]  # click's choice
        raise SystemExit(EXIT_REFUSED)


def _show(report: Any) -> None:
    grade = ""
    for finding in report.findings:
        criterion = finding.criterion
        if criterion.grade != grade:
            grade = criterion.grade
            say(f"\nNeeded to be {grade}")
        say(f"  {_MARKS[finding.verdict]}  {criterion.name}: {criterion.sentence}")
        if finding.verdict == "broken":
            say(f"             found: {finding.why}.\n             do:    {criterion.remedy}")
        elif finding.why:
            say(f"             {finding.why}.")
    kept, broken, untried = (len(report.of(verdict)) for verdict in _MARKS)
    say(f"\n{report.kind}: {kept} kept, {broken} broken, {untried} not tried.")
    say(f"Grade: {report.grade or 'none; what experimental needs is not kept yet'}.")
    if report.overrated:
        say(f"Its spec says stability={report.stability!r}: say no more than it keeps.")


def tell_scaffold(family: str, name: str, files: Sequence[Path], *, as_json: bool) -> None:
    """What was written, and what to do next."""
    from alert_relay.kit.scaffold import entry_of

    if as_json:
        put_json({"files": [str(path) for path in files]})
        return
    module = next(path for path in files if path.suffix == ".py" and not path.stem.startswith("test_"))
    for path in files:
        say(str(path))
    if not any(path.name == "pyproject.toml" for path in files):
        say(f"\nThere was a pyproject.toml already. Add to it:\n\n{entry_of(name, family)}")
    say(f"\nNow: relay {family} check {module}")
