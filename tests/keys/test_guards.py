"""Wraps are bound to what must be found beside them, and passkeys open like passwords."""

import asyncio

import pytest

from portal import keys, vault
from portal.core.settings import Settings
from portal.keys import Holder
from portal.keys.models import HumanWrap, PasskeyWrap
from portal.vault.key_files import KeyFiles
from tests.keys.stories import People

CREDENTIAL = b"\x05" * 32


async def test_a_passkey_opens_with_its_own_secret_and_id_only(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    secret, other = vault.new_secret(), vault.new_secret()
    await keys.keep_passkey(Holder.of(alice.actor), CREDENTIAL, secret)
    await keys.keep_passkey(Holder.of(bob.actor), b"another", other)

    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, secret) == alice.root
    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, other) is None
    assert await keys.unwrap_by_passkey(alice.id, b"another", secret) is None
    assert await keys.unwrap_by_passkey(bob.id, b"another", secret) is None
    assert await keys.unwrap_by_passkey(bob.id, CREDENTIAL, secret) is None


async def test_who_claims_anothers_passkey_neither_meets_it_nor_stands_in_its_way(
    people: People,
) -> None:
    """One credential, two accounts, in either order: each has a wrap of their own."""
    alice, mallory = await people.person(), await people.person()
    hers, made_up = vault.new_secret(), vault.new_secret()

    for who, secret in ((mallory, made_up), (alice, hers), (mallory, made_up)):
        await keys.keep_passkey(Holder.of(who.actor), CREDENTIAL, secret)

    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, hers) == alice.root
    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, made_up) is None
    await keys.drop_passkey(mallory.id, CREDENTIAL)
    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, hers) == alice.root
    assert await PasskeyWrap.all().count() == 1


async def test_passkey_wraps_of_different_people_never_open_for_each_other(people: People) -> None:
    """T21 for passkeys: even with the same secret, and with each other's boxes and ids."""
    alice, bob = await people.person(), await people.person()
    same = vault.new_secret()
    for each, credential in ((alice, b"alice's"), (bob, b"bob's")):
        await keys.keep_passkey(Holder.of(each.actor), credential, same)
    hers, his = [await PasskeyWrap.get(principal=each.id) for each in (alice, bob)]

    for taken in (
        {"box": his.box},
        {"box": his.box, "guard": his.guard, "pepper_id": his.pepper_id},
        {"principal": bob.id},
        {"epoch": 2},
        {"guard": 1},
    ):
        await PasskeyWrap.filter(id=hers.id).update(**taken)
        assert await keys.unwrap_by_passkey(alice.id, b"alice's", same) is None, taken
        await PasskeyWrap.filter(id=hers.id).delete()
        await hers.save(force_create=True)
    assert await keys.unwrap_by_passkey(alice.id, b"alice's", same) == alice.root
    password = await HumanWrap.get(principal=alice.id)
    await HumanWrap.filter(id=password.id).update(box=hers.box)
    assert await alice.unlocks_with(alice.password) is None


async def test_a_dropped_passkey_opens_nothing(people: People) -> None:
    alice, secret = await people.person(), vault.new_secret()
    await keys.keep_passkey(Holder.of(alice.actor), CREDENTIAL, secret)

    await keys.drop_passkey(alice.id, CREDENTIAL)

    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, secret) is None


async def test_the_revision_cannot_be_taken_back_in_the_table(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await people.person()
    before = await HumanWrap.get(principal=alice.id)
    await keys.raise_guard(alice.id, 3)
    assert await keys.guard_of(alice.id) == 3
    assert await alice.unlocks_with(alice.password) == alice.root

    await HumanWrap.filter(id=before.id).update(guard=0)

    assert await alice.unlocks_with(alice.password) is None
    assert "outer box does not open" in caplog.text
    with pytest.raises(vault.Tampered):
        await keys.guard_of(alice.id)
    with pytest.raises(vault.Tampered):
        await keys.keep_wrap(
            await keys.wrap_root("password", "user", alice.id, 1, alice.root, "another", asker=None)
        )


async def test_a_new_password_stays_bound_also_when_it_was_computed_before(people: People) -> None:
    alice = await people.person()
    wrap = await keys.wrap_root(
        "password", "user", alice.id, 1, alice.root, "a new password", asker=None
    )
    await keys.raise_guard(alice.id, 2)

    await keys.keep_wrap(wrap)

    assert await keys.guard_of(alice.id) == 2
    assert (await HumanWrap.get(principal=alice.id)).guard == 2
    assert await alice.unlocks_with("a new password") == alice.root


async def test_a_password_and_a_passkey_at_once_are_bound_both(people: People) -> None:
    alice, secret = await people.person(), vault.new_secret()
    wrap = await keys.wrap_root(
        "password", "user", alice.id, 1, alice.root, "a new password", asker=None
    )

    await asyncio.gather(
        keys.raise_guard(alice.id, 1),
        keys.keep_wrap(wrap),
        keys.keep_passkey(Holder.of(alice.actor), CREDENTIAL, secret),
    )

    await keys.raise_guard(alice.id, 2)
    assert await alice.unlocks_with("a new password") == alice.root
    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, secret) == alice.root
    assert {row.guard for row in await HumanWrap.all()} == {2}
    assert {row.guard for row in await PasskeyWrap.all()} == {2}


async def test_without_the_pepper_a_passkey_wrap_opens_nothing(
    people: People, settings: Settings, key_files: KeyFiles
) -> None:
    alice, secret = await people.person(), vault.new_secret()
    await keys.keep_passkey(Holder.of(alice.actor), CREDENTIAL, secret)
    other = KeyFiles({1: vault.new_secret()}, key_files.directory, key_files.log, key_files.salt)

    keys.configure(other, settings)

    assert await keys.unwrap_by_passkey(alice.id, CREDENTIAL, secret) is None
