"""Addresses and secrets in channel settings: given as they are, or by reference."""

from shared.errors import SettingsError
from shared.plugins.spec import Secrets

_REFERENCES = ("env:", "file:")


def resolved(value: str, secrets: Secrets) -> str:
    """The value itself, or what the reference stands for."""
    return secrets.resolve(value) if value.startswith(_REFERENCES) else value


def http_base(value: str, secrets: Secrets) -> str:
    """An http(s) address without a slash at its end; `SettingsError` that doesn't repeat a resolved one."""
    url = resolved(value, secrets).rstrip("/")
    if not url.startswith(("https://", "http://")):
        named = value if value.startswith(_REFERENCES) else "The address"
        raise SettingsError(f"{named} must begin with https:// (or http:// on this machine).")
    return url
