"""What an operator may set about the console. Read once, in `main`, from RELAY_CONSOLE_…."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field, HttpUrl

from shared.pages import by_name
from shared.settings import ServiceSettings


class ConsoleSettings(ServiceSettings):
    """The console's settings, beside those that all services share."""

    console_port: int = Field(default=8081, ge=0, le=65535)
    """Where the live page, the feeds and the desk API are served."""
    console_metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where Prometheus reads /metrics (docs/operating/metrics.md); without it there is none."""
    console_public_url: HttpUrl | None = None
    """How the world reaches the live page; links in feeds and previews begin with it."""
    ingest_public_url: HttpUrl | None = None
    """Where the report form is; the live page links to it."""
    console_rights_folder: Path | None = None
    """Reviewed rights pages (Markdown; see docs/operating/rights.md); they come before those that ship."""
    console_contact: str = Field(default="", pattern=r"^(https://\S+|[^@\s:/]+@[^@\s:/]+\.[^@\s:/]+)?$")
    """How somebody who wants to start a group reaches you: an https address or an e-mail address."""
    console_docs_url: HttpUrl | None = None
    """Where the project's documents can be read; the page for new groups links there."""
    console_bootstrap_token_file: Path | None = None
    """The first operator's token: taken from here, or made here. Default: RELAY_HOME/operator.token."""
    console_patience_s: float = Field(default=5.0, gt=0)
    """Seconds that a command waits for its decision before it is answered as pending."""
    console_live_clients: int = Field(default=2_000, ge=1)
    """Live pages served at once by this process; further ones look again every 30 seconds."""
    console_send_s: float = Field(default=10.0, gt=0)
    """Seconds after which a live page that does not take its news is dropped."""
    console_trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Proxies whose X-Forwarded-For is believed, as a JSON list of networks; none by default. Attempts to
    sign in are counted for each address: behind a proxy that is not named here, all seem to come from it."""
    console_session_idle_min: int = Field(default=12 * 60, ge=1)
    """Minutes after which a browser that did nothing is signed out."""
    console_session_life_min: int = Field(default=7 * 24 * 60, ge=1)
    """Minutes after which a browser is signed out, whatever it did."""

    console_boundaries_file: Path | None = None
    """A GeoJSON file of boroughs or wards with names, out of which a group's admin may pick its area. Without
    it they upload their own, or name postcode districts."""

    console_gazetteer_index: Path | None = None
    """The file that `relay gazetteer import` made, the same as the router's: by it people find streets on the
    desk, and maps name what lies around. A new one in its place is taken up within seconds. Without it the
    console knows only the built-in places."""
    console_tiles_file: Path | None = None
    """A raster map in one PMTiles file (PNG, JPEG or WebP), shown under the desk's own drawings. Without it
    these say what they know by themselves. No map is ever asked of anybody else."""

    @property
    def over_https(self) -> bool:
        """Whether the world reaches the console over https: then its cookies travel no other way."""
        return self.console_public_url is not None and self.console_public_url.scheme == "https"

    @property
    def base_url(self) -> str:
        """The public address without a slash at its end; empty if none is set."""
        return by_name(str(self.console_public_url).rstrip("/")) if self.console_public_url else ""

    @property
    def report_url(self) -> str:
        """The report form's address; empty if none is set."""
        return str(self.ingest_public_url) if self.ingest_public_url else ""

    @property
    def bootstrap_token_file(self) -> Path:
        """Where the first operator's token lies."""
        return self.console_bootstrap_token_file or self.home / "operator.token"
