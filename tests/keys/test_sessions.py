"""Sessions end when they should, and nobody who edits the database can make them last."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from portal import keys, vault
from portal.core.actor import AccountId, Actor
from portal.core.db import transaction
from portal.core.errors import Unknown
from portal.core.events import listening
from portal.keys import SessionsEnded, sessions
from portal.keys.models import Session
from tests.keys.stories import NOBODY, Clock, People


async def _recognised(cookie: str) -> Actor:
    actor = await keys.actor_by_cookie(cookie)
    assert actor is not None
    return actor


async def test_a_cookie_gives_its_owner_with_the_root(people: People) -> None:
    alice = await people.person()

    cookie = await alice.signs_in()
    actor = await _recognised(cookie)

    assert len(cookie) == 64
    assert (actor.id, actor.kind, actor.epoch, actor.language) == (
        alice.id, "professional", 1, "de",
    )  # fmt: skip
    assert actor.root == alice.root
    assert await keys.alive([actor.session, b"\0" * 32]) == {actor.session}


async def test_every_session_has_an_id_of_its_own(people: People) -> None:
    alice = await people.person()

    one, two = await alice.signs_in(), await alice.signs_in()

    assert one != two
    assert (await _recognised(one)).session != (await _recognised(two)).session
    assert keys.csrf_token(one) != keys.csrf_token(two)


async def test_the_database_holds_nothing_of_the_cookie(people: People) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()

    raw = base64.urlsafe_b64decode(cookie)
    row = await Session.get(principal=alice.id)
    stored = repr([getattr(row, name) for name in Session._meta.fields]) + row.box.hex()

    for secret in (raw[:16], raw[16:], alice.root.reveal()):
        assert secret.hex() not in stored
        assert repr(secret)[2:-1] not in stored


async def test_other_values_are_nobody(people: People) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()
    assert await keys.actor_by_cookie(cookie) is not None

    raw = base64.urlsafe_b64decode(cookie)
    wrong_key = base64.urlsafe_b64encode(raw[:16] + bytes(32)).decode()
    wrong_sid = base64.urlsafe_b64encode(bytes(16) + raw[16:]).decode()
    for value in ("", "x", cookie[:-1], cookie + "A", "ß" * 64, "!" * 64, wrong_key, wrong_sid):
        assert await keys.actor_by_cookie(value) is None, value


async def test_a_csrf_token_is_for_one_cookie_and_says_nothing_of_it(people: People) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()

    token = keys.csrf_token(cookie)

    assert token == keys.csrf_token(cookie)
    assert token not in cookie
    assert len(token) == 43
    with pytest.raises(ValueError):
        keys.csrf_token("nonsense")


async def test_without_a_key_pair_nobody_is_signed_in(people: People) -> None:
    with pytest.raises(Unknown):
        await keys.start_session(AccountId(NOBODY), "patient", "de", vault.new_secret())


async def test_somebody_elses_root_opens_no_session(people: People) -> None:
    alice, bob = await people.person(), await people.person()

    with pytest.raises(vault.Tampered):
        await keys.start_session(alice.id, "professional", "de", bob.root)


async def test_an_idle_session_ends_after_twenty_minutes(people: People, clock: Clock) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()
    session = (await _recognised(cookie)).session

    clock.passes(minutes=19, seconds=58)
    assert await keys.alive([session]) == {session}
    clock.passes(seconds=3)

    assert await keys.actor_by_cookie(cookie) is None
    assert await keys.alive([session]) == frozenset()


async def test_whoever_works_stays_signed_in_for_twelve_hours_and_no_longer(
    people: People, clock: Clock
) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()

    for _ in range(12 * 4 - 1):
        clock.passes(minutes=15)
        assert (await _recognised(cookie)).root == alice.root
    clock.passes(minutes=15)

    assert await keys.actor_by_cookie(cookie) is None


async def test_signs_of_life_are_written_at_most_once_a_minute(
    people: People, clock: Clock
) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()
    start = (await Session.get(principal=alice.id)).idle_exp

    clock.passes(seconds=50)
    await _recognised(cookie)
    assert (await Session.get(principal=alice.id)).idle_exp == start
    clock.passes(seconds=15)
    await _recognised(cookie)
    later = (await Session.get(principal=alice.id)).idle_exp

    assert timedelta(minutes=1) <= later - start <= timedelta(seconds=66)


async def _edits() -> dict[str, Any]:
    row = await Session.all().get()
    return {
        "abs_exp": row.abs_exp + timedelta(days=1),
        "idle_exp": row.idle_exp + timedelta(hours=1),
        "principal": NOBODY,
        "epoch": row.epoch + 1,
        "account_kind": "patient",
        "language": "en",
        "box": row.box[:-1] + bytes([row.box[-1] ^ 1]),
        "mark": None,
    }


async def test_a_row_that_somebody_edited_kills_the_session(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    """T13: longer, for somebody else, as something else: each is the end."""
    alice = await people.person()
    cookie = await alice.signs_in()
    session = (await _recognised(cookie)).session
    row = await Session.all().get()
    edits = await _edits()
    # The note opens nothing: edited, it is no note any more.
    assert {*edits, "sid_hash", "note", "note_rev"} == set(Session._meta.fields)

    for name, value in edits.items():
        await Session.all().update(**{name: value})
        caplog.clear()
        assert await keys.actor_by_cookie(cookie) is None, name
        # Without any mark it is from before there were marks, which is no alarm.
        assert ("does not open" in caplog.text) == (name != "mark")
        if name != "box":  # which no socket has the key of
            assert await keys.alive([session]) == frozenset(), name
        await Session.all().update(**{name: getattr(row, name)})
    assert (await _recognised(cookie)).id == alice.id
    assert await keys.alive([session]) == {session}


async def test_a_mark_of_another_session_or_another_time_keeps_nothing_alive(
    people: People, clock: Clock
) -> None:
    """Whoever can write the table copies what we wrote; none of it fits elsewhere."""
    alice, mallory = await people.person(), await people.person()
    hers = (await _recognised(await alice.signs_in())).session
    his = (await _recognised(cookie := await mallory.signs_in())).session
    early = await Session.get(principal=mallory.id)
    theirs = await Session.get(principal=alice.id)

    await Session.filter(principal=mallory.id).update(mark=theirs.mark)
    assert await keys.alive([hers, his]) == {hers}
    await Session.filter(principal=mallory.id).update(mark=early.mark)
    clock.passes(minutes=10)
    await _recognised(cookie)
    assert await keys.alive([his]) == {his}
    await Session.filter(principal=mallory.id).update(mark=early.mark)
    assert await keys.alive([his]) == frozenset()


async def test_a_box_moved_to_another_session_does_not_open(people: People) -> None:
    alice, mallory = await people.person(), await people.person()
    await alice.signs_in()
    cookie = await mallory.signs_in()
    theirs = await Session.get(principal=alice.id)

    await Session.filter(principal=mallory.id).update(box=theirs.box)

    assert await keys.actor_by_cookie(cookie) is None


async def test_signing_out_ends_this_session_and_tells_the_sockets(people: People) -> None:
    alice = await people.person()
    here, there = await alice.signs_in(), await alice.signs_in()
    actor = await _recognised(here)
    heard: list[SessionsEnded] = []

    async def listen(event: SessionsEnded) -> None:
        heard.append(event)

    with listening(SessionsEnded, listen):
        await keys.end_session(actor)

    assert heard == [SessionsEnded(alice.id, frozenset({actor.session}))]
    assert await keys.actor_by_cookie(here) is None
    assert await keys.actor_by_cookie(there) is not None


async def test_ending_all_others_spares_this_one_and_other_people(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    cookies = [await alice.signs_in() for _ in range(3)]
    bobs = await bob.signs_in()
    actor = await _recognised(cookies[0])
    ended = {(await _recognised(each)).session for each in cookies[1:]}
    heard: list[SessionsEnded] = []

    async def listen(event: SessionsEnded) -> None:
        heard.append(event)

    with listening(SessionsEnded, listen):
        async with transaction():
            await keys.end_sessions(alice.id, but=actor.session)
            assert heard == []

    assert heard == [SessionsEnded(alice.id, frozenset(ended))]
    assert [await keys.actor_by_cookie(each) is not None for each in cookies] == [
        True, False, False,
    ]  # fmt: skip
    assert await keys.actor_by_cookie(bobs) is not None
    await keys.end_sessions(alice.id)
    assert await keys.actor_by_cookie(cookies[0]) is None


async def test_a_session_that_was_ended_does_not_come_back_with_a_late_sign_of_life(
    people: People, clock: Clock
) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()
    row = await Session.all().get()
    clock.passes(minutes=5)

    await keys.end_sessions(alice.id)
    await sessions._touch(row, vault.new_secret(), alice.root, clock())

    assert await Session.all().count() == 0
    assert await keys.actor_by_cookie(cookie) is None


async def test_housekeeping_deletes_what_is_over(people: People, clock: Clock) -> None:
    alice = await people.person()
    await alice.signs_in()
    clock.passes(minutes=15)
    fresh = await alice.signs_in()
    clock.passes(minutes=6)

    assert await keys.forget_expired() == 1
    assert await keys.actor_by_cookie(fresh) is not None
    assert await keys.forget_expired() == 0


async def test_asking_after_no_sessions_costs_nothing(people: People) -> None:
    assert await keys.alive([]) == frozenset()


async def test_a_note_is_for_the_owner_of_the_session_alone(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    noted = await keys.start_session(alice.id, "patient", "de", alice.root, note="Firefox on Linux")
    actor, his = await _recognised(noted), await _recognised(await bob.signs_in())

    assert await keys.note_of(actor) == "Firefox on Linux"
    assert await keys.note_of(his) == ""
    row = await Session.get(principal=alice.id)
    assert b"Firefox" not in bytes(row.note or b"")
    [shown] = await keys.sessions_of(actor)
    assert (shown.id, shown.note) == (actor.session, "Firefox on Linux")
    assert [each.id for each in await keys.sessions_of(his)] == [his.session]


async def test_a_note_put_elsewhere_or_taken_back_does_not_open(people: People) -> None:
    alice = await people.person()
    here = await keys.start_session(alice.id, "patient", "de", alice.root, note="here")
    there = await keys.start_session(alice.id, "patient", "de", alice.root, note="there")
    actor, other = await _recognised(here), await _recognised(there)
    before = await Session.get(sid_hash=actor.session.hex())
    await keys.keep_note(actor, "proved again")
    assert await keys.note_of(actor) == "proved again"

    await Session.filter(sid_hash=actor.session.hex()).update(note=before.note)
    await Session.filter(sid_hash=other.session.hex()).update(note=before.note)

    for each in (actor, other):
        with pytest.raises(vault.Tampered):
            await keys.note_of(each)
    assert {each.note for each in await keys.sessions_of(actor)} == {""}
    assert await keys.actor_by_cookie(here) is not None


async def test_one_session_of_ones_own_can_be_ended_and_nobody_elses(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    here, there = await alice.signs_in(), await alice.signs_in()
    actor, other = await _recognised(here), await _recognised(there)
    his = await _recognised(await bob.signs_in())

    assert not await keys.end_own_session(actor, his.session)
    assert await keys.end_own_session(actor, other.session)
    assert not await keys.end_own_session(actor, other.session)

    assert await keys.actor_by_cookie(there) is None
    assert await keys.actor_by_cookie(here) is not None
    assert await keys.alive([his.session]) == {his.session}


async def test_a_session_from_before_there_were_marks_is_over_without_an_alarm(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await people.person()
    cookie = await alice.signs_in()
    session = (await _recognised(cookie)).session
    await Session.all().update(mark=None)

    assert await keys.actor_by_cookie(cookie) is None
    assert await keys.alive([session]) == frozenset()
    assert caplog.text == ""
