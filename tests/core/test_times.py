"""Days and moments as readers of each language write them."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from tortoise.fields import data

from portal.core.db import Database
from portal.core.language import show_date, show_time, speaking
from portal.storing.models import StoredObject

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


@pytest.mark.one_engine
async def test_moments_from_sqlite_are_read_by_the_parser_that_was_put_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Tortoise that asks elsewhere would be slow again, and nothing else would tell."""
    ours = data.parse_datetime  # type: ignore[attr-defined]
    assert ours == datetime.fromisoformat
    asked = list[str]()

    def listening(text: str) -> datetime:
        asked.append(text)
        return datetime.fromisoformat(text)

    monkeypatch.setattr(data, "parse_datetime", listening)
    kept = StoredObject(owner=UUID(int=1), holding=UUID(int=2), size=1, created_at=LATE)
    await kept.save()
    asked.clear()

    assert (await StoredObject.get(id=kept.id)).created_at == LATE
    assert asked == ["2026-03-31 22:05:00+00:00"]
