"""How many statements a page costs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sent.append(record.getMessage())


@contextmanager
def counting() -> Iterator[list[str]]:
    """Collect the statements the ORM sends."""
    collector = _Collector()
    logger = logging.getLogger("tortoise.db_client")
    level = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    try:
        yield collector.sent
    finally:
        logger.removeHandler(collector)
        logger.setLevel(level)
