"""Secrets by reference: settings and group files name where a secret lies, never the secret itself."""

import os
from pathlib import Path

from shared.errors import SettingsError


class ReferencedSecrets:
    """Resolves `env:NAME` and `file:/path` references (the `Secrets` of plug-ins)."""

    def resolve(self, reference: str) -> str:
        """The value; raises `SettingsError` naming the reference and the remedy, never the value."""
        kind, _, name = reference.partition(":")
        if kind == "env" and name:
            value = os.environ.get(name)
            if not value:
                raise SettingsError(f"The secret {reference} is not set; export {name} before starting.")
            return value
        if kind == "file" and name:
            try:
                return Path(name).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"The secret {reference} cannot be read ({error.strerror}).") from error
        raise SettingsError("A secret is written as env:NAME or file:/path, not as its value.")
