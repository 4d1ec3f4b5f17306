"""Everything that a plug-in says while it is tried: logs of both kinds, and what is added."""

import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from structlog.testing import capture_logs


class Overheard(logging.Handler):
    """Listens to structlog and to the standard library's logs as long as it is entered."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._said: list[str] = []
        self._structlog = capture_logs()
        self._level = logging.WARNING
        self._logs: Any = []

    def __enter__(self) -> Self:
        self._logs = self._structlog.__enter__()
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
        self._structlog.__exit__(kind, error, trace)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was logged."""
        self._said.append(self.format(record))

    def add(self, *said: str) -> None:
        """Keep something else that was said."""
        self._said += said

    def any_of(self, words: Iterable[str]) -> bool:
        """Whether one of these was said."""
        everything = "\n".join([*self._said, repr(self._logs)])
        return any(word in everything for word in words)
