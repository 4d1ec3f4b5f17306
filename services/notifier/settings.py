"""The notifier's settings: the shared ones, and how much it does at once."""

from pathlib import Path

from pydantic import Field

from shared.pages import by_name
from shared.settings import ServiceSettings


class NotifierSettings(ServiceSettings):
    """Read once, in `main`, from the environment (prefix RELAY_)."""

    notifier_port: int = Field(default=8083, ge=0, le=65535)
    """Where /health is served, and where providers' receipts come in (/receipts)."""
    notifier_metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where Prometheus reads /metrics (docs/operating/metrics.md); without it there is none."""
    notifier_public_url: str = Field(default="", pattern=r"^(https?://[^\s?#]+)?$")
    """The address under which providers reach /receipts; empty: no receipts are asked for."""
    console_public_url: str = ""
    """The console's own setting: where people reach the live page; empty: messages hold no link."""
    ingest_bridges_file: Path | None = None
    """The front door's own setting: which bridges there are, to ask reporters back by those that can."""
    ingest_contacts_file: Path | None = None
    """The front door's own setting: by what those are asked back who left a contact on its form."""
    ingest_public_url: str = ""
    """The front door's own setting: where whoever is asked by e-mail answers."""
    router_gazetteer_index: Path | None = None
    """The router's own setting: places by name, for those who subscribe by theirs."""
    claim_lease_s: float = Field(default=20.0, gt=0)
    """Seconds after which another notifier's claim without outcomes counts as abandoned."""
    send_deadline_s: float = Field(default=10.0, gt=0)
    """Seconds one send may take; then its outcome is unknown."""
    sends_at_once: int = Field(default=1024, ge=4)
    """Sends under way together; a quarter is kept for urgent alerts."""
    sends_per_lane: int = Field(default=256, ge=1)
    """Sends under way for one group over one kind of channel."""

    @property
    def base_url(self) -> str:
        """Where links in messages begin, as the console's own do; empty: messages hold none."""
        return by_name(self.console_public_url)
