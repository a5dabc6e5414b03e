"""Public keys are vouched for by something outside the database; roots form a chain."""

import time
from uuid import uuid4

import pytest

from portal import keys, vault
from portal.core.errors import Conflict, Unknown
from portal.keys import Holder, Target
from portal.keys.models import (
    HalfSession,
    HumanWrap,
    LocalKey,
    PasskeyWrap,
    Principal,
    PrincipalKey,
    Seal,
    Session,
    Token,
)
from tests.keys.stories import People


async def test_a_public_key_is_the_roots_own(people: People) -> None:
    alice = await people.person()

    public = await keys.public_key("user", alice.id)

    assert public.pk == vault.key_pair(alice.root).public
    assert public.fpr == Holder.of(alice.actor).fingerprint()
    assert (await keys.public_keys("user", [alice.id, uuid4()])) == {alice.id: public}


async def test_a_principal_of_another_kind_is_not_found(people: People) -> None:
    alice = await people.person()

    with pytest.raises(Unknown):
        await keys.public_key("community", alice.id)
    with pytest.raises(Unknown):
        await keys.public_key("user", alice.id, epoch=2)
    assert await keys.public_keys("community", [alice.id]) == {}


async def test_a_public_key_that_somebody_wrote_into_the_table_gets_nothing(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    """T20: neither an own key with the old signature, nor one without, nor somebody else's."""
    alice, mallory = await people.person(), await people.person()
    row = PrincipalKey.filter(principal=alice.id)
    original = await row.get()
    forged = vault.key_pair(vault.new_secret()).public
    theirs = await PrincipalKey.get(principal=mallory.id)

    for public, signature in (
        (forged, original.dir_sig),
        (forged, b""),
        (original.public, b""),
        (theirs.public, theirs.dir_sig),
    ):
        await row.update(public=public, dir_sig=signature)
        caplog.clear()
        with pytest.raises(vault.Tampered):
            await keys.public_key("user", alice.id)
        assert "not vouched for" in caplog.text
        assert await keys.public_keys("user", [alice.id, mallory.id]) == {
            mallory.id: await keys.public_key("user", mallory.id)
        }


async def test_the_owner_of_an_exchanged_key_is_not_signed_in(
    people: People, key_files: vault.KeyFiles, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even when the thief of the directory's key signed it."""
    alice = await people.person()
    public = vault.key_pair(vault.new_secret()).public
    signature = key_files.directory.sign("dir", "user", alice.id, 1, public)

    await PrincipalKey.filter(principal=alice.id).update(public=public, dir_sig=signature)

    with pytest.raises(vault.Tampered):
        await alice.signs_in()
    assert "public key exchanged" in caplog.text
    assert await Session.all().count() == 0


async def test_a_member_opens_the_root_that_was_handed_over(people: People) -> None:
    alice, mallory = await people.person(), await people.person()
    circle = await people.circle(alice)

    assert await alice.roots_of(circle) == {1: circle.holder.root}
    assert await mallory.roots_of(circle) is None


async def test_a_stolen_seal_opens_for_nobody_else(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    alice, mallory = await people.person(), await people.person()
    circle, other = await people.circle(alice), await people.circle()

    await Seal.filter(holder=alice.id).update(holder=mallory.id)
    assert await mallory.roots_of(circle) is None
    assert f"seal does not open the community's root: community {circle.holder.id}" in caplog.text
    await Seal.filter(holder=mallory.id).update(holder=alice.id, target=other.holder.id)
    assert await alice.roots_of(other) is None
    assert f"seal does not open the community's root: community {other.holder.id}" in caplog.text


async def test_a_seal_in_a_row_of_the_callers_own_opens_for_its_holder(people: People) -> None:
    alice = await people.person()
    circle = await people.circle()
    public = await keys.public_key("user", alice.id)

    carried = keys.sealed(circle.target, circle.holder.root, public)

    assert keys.opened(circle.target, carried, Holder.of(alice.actor)) == circle.holder.root
    with pytest.raises(vault.Tampered):
        keys.opened(Target("community", circle.holder.id, 2), carried, Holder.of(alice.actor))


async def test_a_new_root_ends_the_old_seals_and_an_old_one_cannot_be_replayed(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await people.person(), await people.person()
    circle = await people.circle(alice, bob)
    before = await Seal.get(holder=bob.id)

    await circle.changes_root()
    await circle.welcomes(alice)

    holders = await Seal.filter(target=circle.holder.id).values_list("holder", "target_epoch")
    assert holders == [(alice.id, 2)]
    assert await bob.roots_of(circle) is None
    assert "does not open" not in caplog.text, "it is gone, and nothing is damaged"
    before.target_epoch = 2
    await before.save(force_create=True)
    assert await bob.roots_of(circle) is None
    assert "seal does not open the community's root" in caplog.text


async def test_of_two_who_change_the_root_one_wins(people: People) -> None:
    circle = await people.circle()
    before = circle.holder
    await circle.changes_root()

    with pytest.raises(Conflict):
        await keys.rotate_root(before, vault.new_secret())

    public = await keys.public_key("community", before.id)
    assert (public.epoch, public.pk) == (2, circle.holder.pair().public)
    assert await PrincipalKey.filter(principal=before.id).count() == 2


async def test_a_newcomer_reads_two_hundred_generations_through_one_seal(people: People) -> None:
    """T18: in less than 50 ms."""
    alice = await people.person()
    circle = await people.circle()
    roots = {1: circle.holder.root}
    for _ in range(199):
        await circle.changes_root()
        roots[circle.holder.epoch] = circle.holder.root
    await circle.welcomes(alice)

    took = []
    for _ in range(5):
        began = time.perf_counter()
        opened = await alice.roots_of(circle)
        took.append(time.perf_counter() - began)
        assert opened == roots

    assert min(took) < 0.05


async def test_a_chain_stops_where_it_was_cut(people: People) -> None:
    circle = await people.circle()
    for _ in range(3):
        await circle.changes_root()
    holder = circle.holder

    assert set(await keys.open_chain(holder.id, 4, holder.root, down_to=3)) == {3, 4}
    third = await PrincipalKey.get(principal=holder.id, epoch=3)
    await PrincipalKey.filter(principal=holder.id, epoch=2).update(chain_box=third.chain_box)
    with pytest.raises(vault.Tampered):
        await keys.open_chain(holder.id, 4, holder.root)
    await PrincipalKey.filter(principal=holder.id, epoch=2).update(chain_box=None)
    with pytest.raises(vault.Tampered):
        await keys.open_chain(holder.id, 4, holder.root)


async def test_a_deleted_principal_leaves_no_key_behind(people: People) -> None:
    """T24: nothing of it stays, and nothing of others goes."""
    alice, bob = await people.person(), await people.person()
    circle = await people.circle(alice, bob)
    for each in (alice, bob):
        await keys.keep_study_key(each.actor, uuid4(), vault.new_secret())
        await each.signs_in()
        await each.gets_half_way()
        await each.trusts_a_program()
        await keys.keep_passkey(Holder.of(each.actor), each.id.bytes, vault.new_secret())

    await keys.delete_principal("user", alice.id)

    for model, owner in (
        (Principal, "id"),
        (PrincipalKey, "principal"),
        (HumanWrap, "principal"),
        (PasskeyWrap, "principal"),
        (Session, "principal"),
        (HalfSession, "principal"),
        (Token, "principal"),
        (LocalKey, "owner"),
        (Seal, "holder"),
    ):
        assert await model.filter(**{owner: alice.id}).count() == 0, model
        assert await model.filter(**{owner: bob.id}).count() == 1, model
    await keys.delete_principal("community", circle.holder.id)
    assert await Seal.all().count() == 0
    assert await Principal.all().values_list("id", flat=True) == [bob.id]


async def test_deleting_with_the_wrong_kind_deletes_nothing(people: People) -> None:
    alice = await people.person()

    await keys.delete_principal("community", alice.id)

    assert await alice.unlocks_with(alice.password) == alice.root
