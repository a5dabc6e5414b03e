"""Days and moments as readers of each language write them."""

from datetime import UTC, date, datetime

import pytest

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
