"""Whoever runs the portal is told what does not open: once, by its id, and nothing of it."""

import logging
from functools import lru_cache
from typing import Final
from uuid import UUID

REMEMBERED: Final = 16_384

log = logging.getLogger(__name__)


@lru_cache(maxsize=REMEMBERED)
def report(finding: str, row: UUID) -> None:
    """Say so at the first look, and not at every page that comes upon it."""
    log.critical("%s %s", finding, row)
