"""How many statements a page costs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked_here: ContextVar[bool] = ContextVar("asked_here", default=False)
"""Set for the test and what it starts, and not for the portal's own workers beside it."""


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _asked_here.get():
            self.sent.append(record.getMessage())


@contextmanager
def counting() -> Iterator[list[str]]:
    """Collect the statements the ORM sends for what happens inside."""
    token = _asked_here.set(True)
    collector = _Collector()
    logger = logging.getLogger("tortoise.db_client")
    level = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    try:
        yield collector.sent
    finally:
        _asked_here.reset(token)
        logger.removeHandler(collector)
        logger.setLevel(level)
