"""When people hear: digests, quiet hours, pauses, over midnight and changes of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.notices.timing import GRACE, Rhythm, Timing, due, held

pytestmark = pytest.mark.one_engine

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


def wishing(
    rhythm: Rhythm = "now",
    *,
    hour: int = 7,
    quiet: tuple[int, int] | None = None,
    breaks: bool = True,
    paused: datetime | None = None,
) -> Timing:
    return Timing(rhythm, hour, quiet, BERLIN, breaks, paused)


NIGHT = (22 * 60, 6 * 60 + 30)


def test_news_at_once_leave_a_minute_to_read_them() -> None:
    moment = berlin("2026-06-01T10:10:30")

    assert due(wishing(), moment, urgent=False, collected=True) == moment + GRACE
    assert due(wishing(), moment, urgent=False, collected=False) == moment


@pytest.mark.parametrize(
    ("told", "mailed"),
    [("10:00:00", "11:00:00"), ("10:00:00.000001", "11:00:00"), ("10:59:59.999999", "11:00:00")],
)
def test_an_hour_of_news_ends_at_the_full_hour(told: str, mailed: str) -> None:
    found = due(wishing("hourly"), berlin(f"2026-06-01T{told}"), urgent=False, collected=True)

    assert found == berlin(f"2026-06-01T{mailed}")


@pytest.mark.parametrize(
    ("told", "mailed"),
    [
        ("2026-06-01T06:59:59", "2026-06-01T07:00:00"),
        ("2026-06-01T07:00:00", "2026-06-02T07:00:00"),
        ("2026-06-30T23:59:59", "2026-07-01T07:00:00"),
        ("2026-10-24T08:00:00", "2026-10-25T07:00:00"),  # twenty-four hours later by the clock
        ("2026-03-28T08:00:00", "2026-03-29T07:00:00"),
    ],
)
def test_a_day_of_news_ends_when_the_wall_clock_says_so(told: str, mailed: str) -> None:
    found = due(wishing("daily"), berlin(told), urgent=False, collected=True)

    assert found == berlin(mailed)


def test_a_daily_mail_at_an_hour_that_spring_leaves_out_comes_nevertheless_and_once() -> None:
    wishes = wishing("daily", hour=2)

    first = due(wishes, berlin("2026-03-28T20:00:00"), urgent=False, collected=True)
    second = due(wishes, first, urgent=False, collected=True)

    assert first == berlin("2026-03-29T03:00:00")
    assert second == berlin("2026-03-30T02:00:00")


def test_a_daily_mail_at_an_hour_that_autumn_repeats_comes_once() -> None:
    wishes = wishing("daily", hour=2)

    first = due(wishes, berlin("2026-10-24T20:00:00"), urgent=False, collected=True)
    second = due(wishes, first + timedelta(minutes=1), urgent=False, collected=True)

    assert first == berlin("2026-10-25T02:00:00", fold=0)
    assert second == berlin("2026-10-26T02:00:00")


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-06-01T21:59:59", "2026-06-01T21:59:59"),
        ("2026-06-01T22:00:00", "2026-06-02T06:30:00"),
        ("2026-06-02T00:00:00", "2026-06-02T06:30:00"),
        ("2026-06-02T06:29:59", "2026-06-02T06:30:00"),
        ("2026-06-02T06:30:00", "2026-06-02T06:30:00"),
        ("2026-03-29T01:59:59", "2026-03-29T06:30:00"),
        ("2026-10-24T23:00:00", "2026-10-25T06:30:00"),
    ],
)
def test_quiet_hours_go_over_midnight(moment: str, until: str) -> None:
    assert held(wishing(quiet=NIGHT), berlin(moment), urgent=False) == berlin(until)


def test_quiet_hours_that_end_in_the_repeated_hour_end_once() -> None:
    wishes = wishing(quiet=(22 * 60, 2 * 60 + 30))
    end = berlin("2026-10-25T02:30:00", fold=0)

    assert held(wishes, berlin("2026-10-25T00:00:00"), urgent=False) == end
    again = berlin("2026-10-25T02:10:00", fold=1)
    assert held(wishes, again, urgent=False) == again


def test_quiet_hours_by_day() -> None:
    wishes = wishing(quiet=(9 * 60, 17 * 60))

    assert held(wishes, berlin("2026-06-01T12:00:00"), urgent=False) == berlin(
        "2026-06-01T17:00:00"
    )
    assert held(wishes, berlin("2026-06-01T18:00:00"), urgent=False) == berlin(
        "2026-06-01T18:00:00"
    )


def test_what_is_urgent_breaks_quiet_hours_and_digests_only_where_that_is_wished() -> None:
    moment = berlin("2026-06-01T23:00:00")
    morning = berlin("2026-06-02T07:00:00")

    yes = wishing("daily", quiet=NIGHT)
    no = wishing("daily", quiet=NIGHT, breaks=False)

    assert due(yes, moment, urgent=True, collected=True) == moment
    assert due(no, moment, urgent=True, collected=True) == morning
    assert due(no, moment, urgent=True, collected=False) == berlin("2026-06-02T06:30:00")


def test_a_pause_holds_also_what_is_urgent_and_ends_into_quiet_hours() -> None:
    moment, pause = berlin("2026-06-01T12:00:00"), berlin("2026-06-01T23:00:00")

    assert held(wishing(paused=pause), moment, urgent=True) == pause
    assert held(wishing(paused=pause, quiet=NIGHT), moment, urgent=False) == berlin(
        "2026-06-02T06:30:00"
    )
    assert held(wishing(paused=pause), pause, urgent=False) == pause
