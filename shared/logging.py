"""Logs: one line per event, a short constant name, data in keys; never a text, number or secret.

Bind ids per message with `structlog.contextvars.bound_contextvars(report_id=…)`.
"""

import logging
import re
import sys
from typing import Any, Final

import structlog
from pydantic_core import to_json

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])")
"""A phone number with its country."""


def without_numbers(
    _logger: Any, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The line with phone numbers crossed out, wherever they stand: no line means to hold one."""
    return {key: _crossed_out(value) for key, value in line.items()}


def _crossed_out(value: Any) -> Any:
    if isinstance(value, str):
        return _NUMBER.sub("+***", value)
    if isinstance(value, dict):
        return {_crossed_out(key): _crossed_out(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_crossed_out(inner) for inner in value]
    return value


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
            without_numbers,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
