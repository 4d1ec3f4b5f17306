"""Settings that all services share. Read once, in `main`, from the environment (prefix RELAY_).

A wrong or missing value stops the start with one sentence that names the key and the remedy.
"""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import SettingsError

S = TypeVar("S", bound="ServiceSettings")


class ServiceSettings(BaseSettings):
    """What every service needs to reach the others. A service adds its own with its own prefix."""

    model_config = SettingsConfigDict(
        env_prefix="RELAY_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    home: Path = Path(".relay")
    """The folder that holds all local state (spool, key file of a trial run)."""
    nats_url: str = "nats://127.0.0.1:4222"
    """One address, or several with commas between."""
    nats_monitoring_url: str = "http://127.0.0.1:8222"
    """Where the server says whether it syncs before it acknowledges; asked at every start."""
    nats_user: str | None = None
    """This service's own user, with only the rights that it needs (deploy/nats)."""
    nats_password: str | None = None
    nats_make_streams: bool = True
    """False where only NATS's admin may make them: then `python -m alert_relay.streams` does it once."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    """`redis://`, `rediss://` or `unix://`; without persistence, because it holds clear text."""
    replicas: int = Field(default=1, ge=1, le=5)
    """Copies of each stream: 3 where there are three NATS servers."""
    master_key_file: Path = Path(".relay/unsafe-master.key")
    """32 bytes in base64, or a passphrase of at least 20 characters; from elsewhere than the data."""
    production: bool = False
    """Refuses whatever is only safe enough for trying out."""
    log_format: str = Field(default="json", pattern="^(json|console)$")
    """`json`, or `console` for human eyes."""
    host: str = "127.0.0.1"
    """Where this service's HTTP side listens."""
    metrics_host: str = "127.0.0.1"
    """Where /metrics listens, at a port of each service's own. Whoever reaches it can read it: a private
    address, never one that the internet reaches."""
    drain_s: float = Field(default=10.0, gt=0)
    """Seconds a stopping service may take to finish what it has begun."""


def load_settings(model: type[S], **overrides: Any) -> S:
    """Settings from the environment; raises `SettingsError` naming each wrong key and the remedy."""
    try:
        return model(**overrides)
    except ValidationError as error:
        prefix = model.model_config.get("env_prefix", "")
        wrong = [(f"{prefix}{e['loc'][0]}".upper(), e["msg"]) for e in error.errors(include_input=False)]
        lines = "; ".join(f"{key}: {what}" for key, what in wrong)
        raise SettingsError(f"Settings are wrong; correct these in the environment: {lines}") from None
