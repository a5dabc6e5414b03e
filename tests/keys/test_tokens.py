"""A token opens the root for a program until it ends, and whoever edits its row ends it."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from portal import keys, vault
from portal.core.db import now
from portal.core.errors import Conflict
from portal.keys import Holder, tokens
from portal.keys.models import Principal, Token
from tests.keys.stories import NOBODY, Clock, People


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stands = Clock(now().replace(second=0, microsecond=0))
    monkeypatch.setattr(tokens, "now", stands)
    return stands


async def test_a_token_gives_its_owner_with_the_root_and_what_it_may(people: People) -> None:
    alice = await people.person()

    token = await alice.trusts_a_program("read", "add")
    found = await keys.by_token(token)

    assert found is not None
    assert found.scopes == {"read", "add"}
    assert (found.actor.id, found.actor.kind, found.actor.epoch) == (alice.id, "professional", 1)
    assert found.actor.root == alice.root
    assert token.startswith("hds_")
    assert await keys.alive([found.actor.session]) == frozenset(), "sockets are for sessions"
    assert await keys.actor_by_cookie(token.removeprefix("hds_")) is None


async def test_other_values_are_nobody(people: People) -> None:
    alice = await people.person()
    token = await alice.trusts_a_program()
    raw = base64.urlsafe_b64decode(token.removeprefix("hds_"))
    wrong_key = "hds_" + base64.urlsafe_b64encode(raw[:16] + bytes(32)).decode()
    wrong_id = "hds_" + base64.urlsafe_b64encode(bytes(16) + raw[16:]).decode()
    bare, cookie = token.removeprefix("hds_"), await alice.signs_in()

    for value in ("", "hds_", token[:-1], token + "A", bare, f"hds_{'ß' * 64}",
                  f"hds_{'!' * 64}", wrong_key, wrong_id, cookie, f"hds_{cookie}"):  # fmt: skip
        assert await keys.by_token(value) is None, value
    assert await keys.by_token(token) is not None


async def test_the_database_says_nothing_of_a_token_its_name_or_its_use(people: People) -> None:
    alice = await people.person()
    token = await alice.trusts_a_program()
    assert await keys.by_token(token) is not None

    row = await Token.get(principal=alice.id)
    stored = repr([getattr(row, name) for name in Token._meta.fields]) + row.box.hex()
    raw = base64.urlsafe_b64decode(token.removeprefix("hds_"))

    for secret in (raw[:16], raw[16:], alice.root.reveal()):
        assert secret.hex() not in stored
        assert repr(secret)[2:-1] not in stored
    assert "Box office" not in stored
    readable = {*Token._meta.fields} - {"box", "note"}
    assert readable == {"token_hash", "principal", "epoch", "account_kind", "language", "scopes",
                        "exp", "note_rev"}  # fmt: skip


async def test_a_row_that_somebody_edited_opens_nothing(people: People) -> None:
    """T13 for tokens: longer, for more, for somebody else."""
    alice, bob = await people.person(), await people.person()
    token = await alice.trusts_a_program("read")
    row = await Token.get(principal=alice.id)
    edits: dict[str, Any] = {
        "principal": bob.id,
        "epoch": 2,
        "account_kind": "patient",
        "language": "de",
        "scopes": "read add",
        "exp": row.exp + timedelta(days=1),
        "box": row.box[:-1] + bytes([row.box[-1] ^ 1]),
    }
    # The note opens nothing: edited, it is no note any more.
    assert {*edits, "token_hash", "note", "note_rev"} == set(Token._meta.fields)

    for name, value in edits.items():
        await Token.all().update(**{name: value})
        assert await keys.by_token(token) is None, name
        await Token.all().update(**{name: getattr(row, name)})
    assert await keys.by_token(token) is not None


async def test_a_token_ends_on_its_day(people: People, clock: Clock) -> None:
    alice = await people.person()
    token = await keys.make_token(alice.actor, "A", ["read"], clock() + timedelta(days=30))

    clock.passes(days=30, seconds=-1)
    assert await keys.by_token(token) is not None
    assert await keys.forget_expired_tokens() == 0
    clock.passes(seconds=1)

    assert await keys.by_token(token) is None
    assert await keys.tokens_of(alice.actor) == []
    assert await keys.forget_expired_tokens() == 1


async def test_its_owner_sees_what_it_is_called_and_when_it_was_used(
    people: People, clock: Clock
) -> None:
    alice = await people.person()
    token = await keys.make_token(alice.actor, "Büro 2", ["add"], clock() + timedelta(days=30))
    [unused] = await keys.tokens_of(alice.actor)
    clock.passes(hours=3)
    await keys.by_token(token)
    first = clock()
    clock.passes(seconds=40)
    await keys.by_token(token)

    [shown] = await keys.tokens_of(alice.actor)

    assert unused.last_use is None
    assert (shown.label, shown.scopes, shown.last_use) == ("Büro 2", ("add",), first)
    assert (await Token.get()).note_rev == 2, "written once a minute, not at every request"
    clock.passes(minutes=1)
    await keys.by_token(token)
    assert (await keys.tokens_of(alice.actor))[0].last_use == clock().replace(second=0)


async def test_a_note_of_another_token_or_of_yesterday_is_no_note(
    people: People, clock: Clock
) -> None:
    alice = await people.person()
    one, other = await alice.trusts_a_program(), await alice.trusts_a_program("add")
    before = {row.scopes: row.note for row in await Token.all()}
    clock.passes(minutes=2)
    await keys.by_token(one)
    for note in (before["add"], before["read"]):
        await Token.filter(scopes="read").update(note=note)
        shown = {each.scopes: each for each in await keys.tokens_of(alice.actor)}
        assert (shown["read",].label, shown["read",].created) == ("", None)
        assert shown["add",].label == "Box office"
    assert await keys.by_token(one) is not None, "it can be used, and be revoked"
    assert await keys.by_token(other) is not None


async def test_only_its_owner_revokes_a_token(people: People) -> None:
    alice, mallory = await people.person(), await people.person()
    token = await alice.trusts_a_program()
    [own] = await keys.tokens_of(alice.actor)

    assert await keys.tokens_of(mallory.actor) == []
    assert not await keys.end_own_token(mallory.actor, own.id)
    assert await keys.by_token(token) is not None
    assert await keys.end_own_token(alice.actor, own.id)
    assert await keys.by_token(token) is None
    assert not await keys.end_own_token(alice.actor, own.id)


async def test_a_new_root_ends_every_token_and_none_is_made_with_the_old_one(
    people: People,
) -> None:
    alice, bob = await people.person(), await people.person()
    token, his = await alice.trusts_a_program(), await bob.trusts_a_program()
    after = Holder("user", alice.id, 2, vault.new_secret())
    wrap = await keys.wrap_root("password", "user", alice.id, 2, after.root, "new", asker=None)

    await keys.renew_root(alice.actor, after, [wrap])

    assert await keys.by_token(token) is None
    assert await keys.by_token(his) is not None
    with pytest.raises(Conflict):
        await alice.trusts_a_program()
    assert await Token.filter(principal=alice.id).count() == 0
    await keys.retire(bob.id)
    with pytest.raises(Conflict):
        await bob.trusts_a_program()


async def test_a_token_needs_a_use_and_an_end_within_a_year(people: People) -> None:
    alice = await people.person()
    asked: list[tuple[list[keys.Scope], int]] = [([], 5), (["read"], 0), (["read"], -1),
                                                 (["read"], 368)]  # fmt: skip
    for scopes, days in asked:
        with pytest.raises(ValueError):
            await keys.make_token(alice.actor, "A", scopes, now() + timedelta(days=days))
    assert await Token.all().count() == 0


async def test_an_account_has_twenty_tokens_at_most(people: People) -> None:
    alice = await people.person()
    for _ in range(20):
        await alice.trusts_a_program()
    with pytest.raises(keys.TooManyTokens):
        await alice.trusts_a_program()
    await (await Token.first()).delete()  # type: ignore[union-attr]
    await alice.trusts_a_program()
    assert await Principal.filter(id=NOBODY).count() == 0
