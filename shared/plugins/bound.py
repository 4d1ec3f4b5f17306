"""Which secrets a group's channels may refer to: its own, and those that the operator lends to every group.

A group's admin writes its channels' settings, and whatever a setting stands for can be sent to an address of
theirs. So a reference names whose secret it is, and says it in a way that no two groups share:

    env:HACKNEY_NORTH__TELEGRAM_TOKEN        file:/run/secrets/hackney-north/telegram
    env:SHARED__TELEGRAM_TOKEN               file:/run/secrets/shared/telegram
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.contracts.base import SHARED
from shared.errors import SettingsError
from shared.plugins.spec import Secrets

_FOLDER: Final = "secrets"
_REFERENCE: Final = re.compile(r"(env|file):(.+)", re.DOTALL)
_REST: Final = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)*")
"""No two underscores together: HACKNEY__NORTH__X is not the secret NORTH__X of `hackney`."""

Spot = tuple[str | int, ...]


class BoundSecrets:
    """The secrets of one group's channels: no others are ever looked at."""

    def __init__(self, secrets: Secrets, group: str) -> None:
        self._secrets, self._group = secrets, group

    def resolve(self, reference: str) -> str:
        """The value; raises `SettingsError` with the remedy for another's, as for one that is not there."""
        if _REFERENCE.fullmatch(reference) and not belongs(reference, self._group):
            raise SettingsError(f"{reference} is no secret of this group; {remedy(self._group)}")
        return self._secrets.resolve(reference)


def belongs(reference: str, group: str) -> bool:
    """Whether a group's channels may refer to this."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return True
    if found[1] == "env":
        return any(_of_environment(found[2], whose) for whose in (group, SHARED))
    return any(_of_file(found[2], whose) for whose in (group, SHARED))


def remedy(group: str) -> str:
    """How a group's secrets are named."""
    return (
        f"name it env:{_prefix(group)}NAME or file:/…/{_FOLDER}/{group}/NAME, or let the operator lend one "
        f"to every group as env:{_prefix(SHARED)}NAME or file:/…/{_FOLDER}/{SHARED}/NAME."
    )


def example_of(group: str) -> str:
    """A reference as the group may write it."""
    return f"env:{_prefix(group)}TOKEN"


def foreign(settings: Any, group: str, *, at: Spot = ()) -> Iterator[Spot]:
    """Where in a channel's settings a reference stands that is not the group's to use."""
    if isinstance(settings, Mapping):
        for key, inner in settings.items():
            yield from foreign(inner, group, at=(*at, str(key)))
    elif isinstance(settings, str):
        if not belongs(settings, group):
            yield at
    elif isinstance(settings, Sequence):
        for n, inner in enumerate(settings):
            yield from foreign(inner, group, at=(*at, n))


def _prefix(whose: str) -> str:
    return whose.upper().replace("-", "_") + "__"


def _of_environment(name: str, whose: str) -> bool:
    prefix = _prefix(whose)
    return name.startswith(prefix) and _REST.fullmatch(name.removeprefix(prefix)) is not None


def _of_file(name: str, whose: str) -> bool:
    """Written out, without ways up or around: what stands there is what is read, or what it links to."""
    path = Path(name)
    return path.is_absolute() and ".." not in path.parts and path.parts[-3:-1] == (_FOLDER, whose)
