"""What an operator may set about the router. Read once, in `main`, from RELAY_ROUTER_…."""

from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    """The router's settings, beside those that all services share."""

    router_port: int = Field(default=8082, ge=0, le=65535)
    """Where /health is served."""
    router_metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where Prometheus reads /metrics (docs/operating/metrics.md); without it there is none."""
    router_gazetteer_index: Path | None = None
    """The file that `relay gazetteer import` made; a new one in its place is taken up within seconds.
    Without it the router knows only the built-in places."""
    router_takeover_s: float = Field(default=1.5, gt=0)
    """How long inputs wait undecided before a standby takes over."""
