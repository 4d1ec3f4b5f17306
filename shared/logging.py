"""Logs: one line per event, a short constant name, data in keys; never a text, number or secret.

Bind ids per message with `structlog.contextvars.bound_contextvars(report_id=…)`.
"""

import logging
import sys
from typing import Any

import structlog
from pydantic_core import to_json


def _json(line: Any, **_: Any) -> str:
    return to_json(line, fallback=repr).decode()


def configure_logging(service: str, *, log_format: str = "json") -> None:
    """Send structured lines to standard error, as JSON or for human eyes."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if log_format == "console"
        else structlog.processors.JSONRenderer(_json)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
