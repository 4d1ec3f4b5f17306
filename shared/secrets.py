"""Secrets by reference: settings and group files name where a secret lies, never the secret itself."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from shared.errors import SettingsError

_OWN: Final = "RELAY_"
"""What the hub's own settings are called."""
_SYSTEMS: Final = (Path("/proc"), Path("/sys"), Path("/dev"))
"""Where a process's whole environment, and more, lies as files."""


class ReferencedSecrets:
    """Resolves `env:NAME` and `file:/path` references (the `Secrets` of plug-ins).

    With `never`, whoever writes the references is not trusted with the hub's own secrets: not with these
    files, nor with its settings, nor with what the system shows of its processes. A group's admin can send
    whatever a channel's setting stands for to an address of their own.
    """

    def __init__(self, *, never: Collection[Path] | None = None) -> None:
        self._guarded = never is not None
        self._never = {path.resolve() for path in (*(never or ()), *_SYSTEMS)} if self._guarded else set()

    def resolve(self, reference: str) -> str:
        """The value; raises `SettingsError` naming the reference and the remedy, never the value."""
        kind, _, name = reference.partition(":")
        if kind == "env" and name:
            return self._from_environment(reference, name)
        if kind == "file" and name:
            return self._from_file(reference, Path(name))
        raise SettingsError("A secret is written as env:NAME or file:/path, not as its value.")

    def _from_environment(self, reference: str, name: str) -> str:
        if self._guarded and name.upper().startswith(_OWN):
            raise _refused(reference)
        value = os.environ.get(name)
        if not value:
            raise SettingsError(f"The secret {reference} is not set; export {name} before starting.")
        return value

    def _from_file(self, reference: str, file: Path) -> str:
        try:
            real = file.resolve()
            if self._never & {real, *real.parents}:
                raise _refused(reference)
            return real.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"The secret {reference} cannot be read ({why}).") from error


def _refused(reference: str) -> SettingsError:
    return SettingsError(
        f"{reference} is the hub's own and no channel's; put the channel's secret elsewhere."
    )
