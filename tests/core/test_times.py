"""Days and moments as readers of each language write them."""

from datetime import UTC, date, datetime

import ciso8601
import pytest
from tortoise.fields import data

from portal.core.language import show_date, show_time, speaking

LATE = datetime(2026, 3, 31, 22, 5, tzinfo=UTC)
"""The first of April in Germany already."""


@pytest.mark.parametrize(
    ("speaks", "day", "moment"),
    [
        ("en", "1 April 2026", "1 Apr 2026, 00:05"),
        ("de", "1. April 2026", "1. Apr. 2026, 00:05"),
    ],
)
def test_a_moment_is_written_as_its_reader_writes_it(speaks: str, day: str, moment: str) -> None:
    with speaking(speaks):
        assert show_date(date(2026, 4, 1)) == day
        assert show_time(LATE) == moment


def test_moments_from_sqlite_are_read_by_the_fast_parser() -> None:
    """Without it Tortoise takes a parser of 25 µs a moment, and nothing else would tell."""
    assert data.parse_datetime is ciso8601.parse_datetime  # type: ignore[attr-defined]
