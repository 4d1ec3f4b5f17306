"""What an operator may set about the front door. Read once, in `main`, from RELAY_INGEST_…."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field, HttpUrl

from shared.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    """The front door's settings, beside those that all services share."""

    ingest_port: int = Field(default=8080, ge=0, le=65535)
    """Where the report form, the API and the bridges are served."""
    ingest_metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where Prometheus reads /metrics (docs/operating/metrics.md); without it there is none."""
    ingest_public_url: HttpUrl | None = None
    """How the world reaches this door; signatures of providers are checked against it."""
    ingest_exit_url: HttpUrl = HttpUrl("https://www.bbc.co.uk/weather")
    """Where "Leave this page" goes: somewhere anybody might have been."""
    ingest_keys_file: Path | None = None
    """Who may do more than an anonymous client (YAML; see `services.ingest.keys`)."""
    ingest_bridges_file: Path | None = None
    """Which bridges are open (YAML; see `shared.plugins.bridge_file`)."""
    ingest_contacts_file: Path | None = None
    """By what those are written to who leave a contact on the form (YAML, `shared.plugins.contacts_file`);
    without it the form asks for none."""
    ingest_spool: Path | None = None
    """The folder of this process's spool; one folder a process. Default: RELAY_HOME/spool."""
    ingest_spool_max_mb: float = Field(default=256.0, gt=0)
    """How much may wait on this disk while NATS is away; beyond it reports are refused with 503."""
    ingest_trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Proxies whose X-Forwarded-For is believed, as a JSON list of networks; none by default."""
    ingest_client_per_s: float = Field(default=5.0, gt=0)
    """Reports a second from one address in the long run. Generous, because in the bad hour a
    whole town may stand behind a few addresses of one mobile network."""
    ingest_client_burst: float = Field(default=300.0, ge=1)
    """How many of them at once."""
    ingest_key_per_s: float = Field(default=50.0, gt=0)
    """The same for a client with a key; a key with the right `high_volume` has no such limit."""
    ingest_key_burst: float = Field(default=1_000.0, ge=1)
    """How many of them at once."""
    ingest_total_per_s: float = Field(default=5_000.0, gt=0)
    """Requests a second over all clients: beyond what the disk can take, say so at once."""
    ingest_total_burst: float = Field(default=10_000.0, ge=1)
    """How many of them at once."""

    @property
    def spool_folder(self) -> Path:
        """Where the spool lies."""
        return self.ingest_spool or self.home / "spool"
