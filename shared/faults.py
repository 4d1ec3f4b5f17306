"""Fault points: named places between two steps, where a test may kill the process.

Armed by the environment variable RELAY_FAULT=`name` or `name:n` (at the n-th passing); in
production settings an armed fault stops the start. Otherwise a point costs one comparison.
"""

import os
from collections import Counter
from typing import Final

from shared.errors import SettingsError

_EXIT_KILLED: Final = 137
_armed, _, _nth = os.environ.get("RELAY_FAULT", "").partition(":")
_passed: Counter[str] = Counter()


def fault_point(name: str) -> None:
    """Die here, at once and without cleaning up, if this point is armed."""
    if _armed and _armed == name:
        _passed[name] += 1
        if _passed[name] == int(_nth or 1):
            os._exit(_EXIT_KILLED)


def refuse_faults_in_production(*, production: bool) -> None:
    """Raise `SettingsError` if a fault is armed in production."""
    if production and _armed:
        raise SettingsError(
            "RELAY_FAULT is set; it is for tests only. Unset it before starting in production."
        )
