"""Everything that a plug-in says while it is tried: logs of both kinds, what it prints, and what is added."""

import contextlib
import io
import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from structlog.testing import capture_logs


class Overheard(logging.Handler):
    """Listens to logs, standard output and error as long as it is entered."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._said: list[str] = []
        self._entered = contextlib.ExitStack()
        self._printed = io.StringIO()
        self._level = logging.WARNING
        self._logs: Any = []

    def __enter__(self) -> Self:
        self._logs = self._entered.enter_context(capture_logs())
        self._entered.enter_context(contextlib.redirect_stdout(self._printed))
        self._entered.enter_context(contextlib.redirect_stderr(self._printed))
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._level)
        self._entered.__exit__(kind, error, trace)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was logged."""
        self._said.append(self.format(record))

    def add(self, *said: str) -> None:
        """Keep something else that was said."""
        self._said += said

    def any_of(self, words: Iterable[str]) -> bool:
        """Whether one of these was said."""
        everything = "\n".join([*self._said, repr(self._logs), self._printed.getvalue()])
        return any(word in everything for word in words)
