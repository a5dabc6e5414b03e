"""Half-way in is not in: such a cookie opens no page, and nobody edits it into one that does."""

from datetime import timedelta
from typing import Any

import pytest

from portal import keys
from portal.core.db import now
from portal.keys import halves
from portal.keys.models import HalfSession, Session
from tests.keys.stories import Clock, People


async def test_a_half_session_gives_its_owner_at_its_stage_only(people: People) -> None:
    alice = await people.person()

    cookie = await alice.gets_half_way("second")

    half = await keys.half_by_cookie(cookie, "second")
    assert half is not None
    assert (half.actor.id, half.actor.root, half.stage) == (alice.id, alice.root, "second")
    assert await keys.half_by_cookie(cookie, "setup", "locked") is None
    assert await keys.actor_by_cookie(cookie) is None
    assert await keys.half_by_cookie(await alice.signs_in(), "second", "setup", "locked") is None


async def test_it_is_over_after_its_time_and_after_its_use(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await people.person()
    used, late = await alice.gets_half_way(), await alice.gets_half_way()
    half = await keys.half_by_cookie(used, "second")
    assert half is not None

    assert await keys.end_half(half)
    assert not await keys.end_half(half)
    assert await keys.half_by_cookie(used, "second") is None

    clock = Clock(now())
    monkeypatch.setattr(halves, "now", clock)
    clock.passes(minutes=9)
    assert await keys.half_by_cookie(late, "second") is not None
    clock.passes(minutes=2)
    assert await keys.half_by_cookie(late, "second") is None


async def test_a_row_that_somebody_edited_is_nobody(people: People) -> None:
    """T13 for the half-way state: longer, further, or somebody else."""
    alice, bob = await people.person(), await people.person()
    later = now() + timedelta(hours=3)
    edits: dict[str, Any] = {
        "principal": bob.id, "epoch": 2, "account_kind": "patient", "language": "en",
        "stage": "setup", "exp": later.replace(microsecond=0), "box": b"\x01" * 105,
    }  # fmt: skip
    assert {*edits, "sid_hash"} == set(HalfSession._meta.fields)
    for name, value in edits.items():
        cookie = await alice.gets_half_way()
        assert await keys.half_by_cookie(cookie, "second") is not None
        await HalfSession.all().update(**{name: value})
        assert await keys.half_by_cookie(cookie, "second", "setup", "locked") is None, name
        await HalfSession.all().delete()


async def test_a_row_made_into_a_session_is_none(people: People) -> None:
    alice = await people.person()
    cookie = await alice.gets_half_way()
    row = await HalfSession.get()
    late = now().replace(microsecond=0) + timedelta(hours=1)

    await Session.create(
        sid_hash=row.sid_hash, principal=row.principal, epoch=row.epoch, language=row.language,
        account_kind=row.account_kind, abs_exp=late, idle_exp=late, box=row.box,
    )  # fmt: skip

    assert await keys.actor_by_cookie(cookie) is None


async def test_ending_all_sessions_ends_those_half_way_too(people: People) -> None:
    alice = await people.person()
    cookie = await alice.gets_half_way("locked")

    await keys.end_sessions(alice.id)

    assert await keys.half_by_cookie(cookie, "locked") is None


async def test_other_values_are_nobody(people: People) -> None:
    await people.person()

    for value in ("", "x", "A" * 64, "ß" * 64):
        assert await keys.half_by_cookie(value, "second", "setup", "locked") is None
