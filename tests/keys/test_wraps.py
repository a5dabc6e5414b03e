"""A root under a password or a code opens for that, and for nothing else."""

from typing import Any
from uuid import uuid4

import pytest

from portal import keys, vault
from portal.core.settings import Settings
from portal.keys.models import HumanWrap
from portal.vault.key_files import KeyFiles
from tests.keys.stories import People


async def test_the_password_opens_and_others_do_not(people: People) -> None:
    alice = await people.person("Grüße aus dem Ångström-Institut")

    assert await alice.unlocks_with("Grüße aus dem A\u030angstro\u0308m-Institut") == alice.root
    assert await alice.unlocks_with("Grüße aus dem Ångström-Institut ") is None
    assert await alice.unlocks_with("") is None


async def test_a_code_opens_however_it_is_typed(people: People) -> None:
    alice, code = await people.person(), vault.pass_code()
    await keys.keep_wrap(
        await keys.wrap_root("code", "user", alice.id, 1, alice.root, code, asker=None)
    )

    for typed in (code, code.lower(), code.replace("-", ""), code.replace("0", "o")):
        found = await keys.unwrap_root("code", "user", alice.id, typed, asker=None)
        assert found is not None
        assert found.root == alice.root
    assert await keys.unwrap_root("code", "user", alice.id, vault.pass_code(), asker=None) is None
    assert await alice.unlocks_with(code) is None
    assert await keys.unwrap_root("code", "community", alice.id, code, asker=None) is None


async def test_a_new_password_ends_the_old_one(people: People) -> None:
    alice = await people.person()

    wrap = await keys.wrap_root(
        "password", "user", alice.id, 1, alice.root, "a new password", asker=None
    )
    assert await alice.unlocks_with(alice.password) == alice.root
    await keys.keep_wrap(wrap)

    assert await alice.unlocks_with(alice.password) is None
    assert await alice.unlocks_with("a new password") == alice.root
    assert await HumanWrap.filter(principal=alice.id).count() == 1


async def test_wraps_of_different_people_and_kinds_never_open_for_each_other(
    people: People,
) -> None:
    """T21, with everybody using the same password, which is also the code."""
    same = vault.fold_code(vault.pass_code())
    group = [await people.person(same) for _ in range(2)]
    for each in group:
        await keys.keep_wrap(
            await keys.wrap_root("code", "user", each.id, 1, each.root, same, asker=None)
        )
    rows = await HumanWrap.all()
    fields = ("salt", "cost", "pepper_id", "box")

    for row in rows:
        for donor in rows:
            original = {name: getattr(row, name) for name in fields}
            taken = {name: getattr(donor, name) for name in fields}
            await HumanWrap.filter(id=row.id).update(**taken)
            how: Any = row.how
            opened = await keys.unwrap_root(how, "user", row.principal, same, asker=None)
            assert (opened is not None) == (row.id == donor.id)
            await HumanWrap.filter(id=row.id).update(**original)


@pytest.mark.parametrize("cost", ["8,1,1", "47104,2,1", "48128,1,1", "1048577,1,1", "", "x"])
async def test_a_cost_edited_in_the_table_opens_nothing(people: People, cost: str) -> None:
    alice = await people.person()
    assert await alice.unlocks_with(alice.password) == alice.root

    await HumanWrap.filter(principal=alice.id).update(cost=cost)

    assert await alice.unlocks_with(alice.password) is None


async def test_a_salt_edited_in_the_table_opens_nothing(people: People) -> None:
    alice = await people.person()
    assert await alice.unlocks_with(alice.password) == alice.root

    for salt in (bytes(16), b"short", b""):
        await HumanWrap.filter(principal=alice.id).update(salt=salt)
        assert await alice.unlocks_with(alice.password) is None


async def test_without_the_pepper_a_stolen_password_wrap_cannot_even_be_tried(
    people: People, settings: Settings, key_files: KeyFiles
) -> None:
    alice, code = await people.person(), vault.pass_code()
    await keys.keep_wrap(
        await keys.wrap_root("code", "user", alice.id, 1, alice.root, code, asker=None)
    )
    row = await HumanWrap.get(principal=alice.id, how="password")
    typed = vault.derive(alice.password, row.salt, vault.Cost.parse(row.cost))
    context = vault.contexts.root_wrap("password", "user", alice.id, 1)
    with pytest.raises(vault.Tampered):
        vault.unbox_secret(typed, row.box, context)

    other = KeyFiles({1: vault.new_secret()}, key_files.directory, key_files.log, key_files.salt)
    keys.configure(other, settings)

    assert await alice.unlocks_with(alice.password) is None
    found = await keys.unwrap_root("code", "user", alice.id, code, asker=None)
    assert found is not None
    assert found.root == alice.root


async def test_after_a_new_pepper_old_passwords_still_open(
    people: People, settings: Settings, key_files: KeyFiles
) -> None:
    alice, before = await people.person(), keys.pepper_key("mail")
    both = {**key_files.peppers, 2: vault.new_secret()}
    keys.configure(KeyFiles(both, key_files.directory, key_files.log, key_files.salt), settings)
    bob = await people.person()

    assert await alice.unlocks_with(alice.password) == alice.root
    assert await bob.unlocks_with(bob.password) == bob.root
    assert (await HumanWrap.get(principal=bob.id)).pepper_id == 2
    assert keys.pepper_key("mail") == before


async def test_an_unknown_account_costs_the_same_work(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await people.person()
    spent: list[tuple[bytes, vault.Cost]] = []
    derive = vault.derive

    def counted(typed: str, salt: bytes, cost: vault.Cost) -> Any:
        spent.append((salt, cost))
        return derive(typed, salt, cost)

    monkeypatch.setattr(vault, "derive", counted)
    stranger = uuid4()
    for principal in (alice.id, None, None, stranger, stranger):
        assert (
            await keys.unwrap_root("password", "user", principal, "wrong password", asker=None)
            is None
        )

    salts = [salt for salt, _ in spent]
    assert len({cost for _, cost in spent}) == 1
    assert salts[1] == salts[2] != salts[3] == salts[4]
    assert {len(salt) for salt in salts} == {16}


def test_settings_outside_the_limits_are_refused(settings: Settings, key_files: KeyFiles) -> None:
    cheap = Settings(data=settings.data, password_memory_mib=45)

    with pytest.raises(vault.Tampered):
        keys.configure(key_files, cheap)
