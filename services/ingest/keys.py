"""Clients with a key: who they are and what more they may do.

The file (RELAY_INGEST_KEYS_FILE) is a YAML list; it holds keys' hashes or public halves, never a key:

    - name: simulator
      sha256: …             # of the key that you gave it: `printf %s "$KEY" | sha256sum`
      rights: [set_received_at, high_volume]
      bridge: demo          # optional: reports count as come in by this bridge
    - name: training
      sha256: …
      rights: [drill]       # exercises, labelled in every word
    - name: watch-line
      sha256: …
      rights: [trusted]     # what they report themselves suffices for "likely", never for "confirmed"
    - name: operator
      sha256: …
      rights: [health]      # sees at /health/bridges which bridge stands how; anybody else only how many
    - name: river
      ed25519: …            # a bridge out of process, which signs: the public half of its key, in base64
      rights: [name_senders]
      bridge: river
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError, model_validator

from shared.contracts.base import Slug
from shared.errors import SettingsError
from shared.yaml_file import read_yaml, where

Right = Literal["set_received_at", "name_senders", "high_volume", "trusted", "drill", "health"]


class ClientKey(BaseModel):
    """One client with a key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of a key that comes along with each request."""
    ed25519: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")] | None = None
    """The public half of a key that signs each request."""
    rights: frozenset[Right] = frozenset()
    bridge: Slug = "api"

    @model_validator(mode="after")
    def _one_of_both(self) -> "ClientKey":
        if (self.sha256 is None) == (self.ed25519 is None):
            raise ValueError("give the key's sha256, or its public half as ed25519: one of the two")
        return self


class ClientKeys:
    """The keys by their hashes."""

    def __init__(self, keys: Sequence[ClientKey] = ()) -> None:
        self._by_hash = {key.sha256: key for key in keys if key.sha256}
        self._signing = {key.name: key for key in keys if key.ed25519}

    def find(self, secret: str) -> ClientKey | None:
        """The client with this secret. Looked up by its hash, so timing tells nothing of the secret."""
        return self._by_hash.get(hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest())

    def signing(self, name: str) -> ClientKey | None:
        """The client of this name that signs; whether it did is still to be seen."""
        return self._signing.get(name)


def load_keys(path: Path | None) -> ClientKeys:
    """The keys in the file (none without one). Raises `SettingsError` naming file, entry and remedy."""
    if path is None:
        return ClientKeys()
    try:
        keys = TypeAdapter(list[ClientKey]).validate_python(read_yaml(path) or [])
    except ValidationError as error:
        raise SettingsError(f"{path}: {where(error, 'key')}") from None
    for field in ("name", "sha256", "ed25519"):
        values = [getattr(key, field) for key in keys]
        twice = next((n for n, value in enumerate(values, 1) if value and value in values[: n - 1]), None)
        if twice:
            raise SettingsError(f"{path}: key {twice}: its {field} is taken by another; give it its own.")
    return ClientKeys(keys)
