"""Study keys: in one's own keeping, handed to a community, taken back."""

from uuid import UUID, uuid4

import pytest

from portal import keys, vault
from portal.core.errors import Unknown
from portal.keys.models import LocalKey, Seal
from tests.keys.stories import NOBODY, People


async def test_a_study_key_in_ones_own_keeping_opens_for_oneself_alone(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    study, key = uuid4(), vault.new_secret()

    await keys.keep_study_key(alice.actor, study, key)

    assert await keys.open_study_key(alice.actor, study) == key
    assert await keys.open_study_key(bob.actor, study) is None


async def test_several_keys_open_at_once(people: People) -> None:
    alice = await people.person()
    mine = {uuid4(): vault.new_secret() for _ in range(3)}
    for study, key in mine.items():
        await keys.keep_study_key(alice.actor, study, key)

    assert await keys.open_study_keys(alice.actor, [*mine, uuid4()]) == mine


async def test_keeping_a_key_twice_changes_nothing(people: People) -> None:
    alice = await people.person()
    study, key = uuid4(), vault.new_secret()

    await keys.keep_study_key(alice.actor, study, key)
    await keys.keep_study_key(alice.actor, study, key)

    assert await keys.open_study_key(alice.actor, study) == key
    assert await LocalKey.all().count() == 1


async def test_a_local_key_moved_to_another_study_or_owner_opens_nothing(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    study, other = uuid4(), uuid4()
    await keys.keep_study_key(alice.actor, study, vault.new_secret())

    await LocalKey.filter(study=study).update(study=other)
    with pytest.raises(vault.Tampered):
        await keys.open_study_key(alice.actor, other)
    await LocalKey.filter(study=other).update(study=study, owner=bob.id)
    with pytest.raises(vault.Tampered):
        await keys.open_study_key(bob.actor, study)


async def test_a_community_opens_what_was_handed_to_it_before_and_after_a_new_root(
    people: People,
) -> None:
    circle = await people.circle(await people.person())
    early, late = uuid4(), uuid4()
    given = {early: vault.new_secret(), late: vault.new_secret()}

    await keys.seal_study_key(early, given[early], ("community", circle.holder.id))
    await circle.changes_root()
    await keys.seal_study_key(late, given[late], ("community", circle.holder.id))

    holder = circle.holder
    roots = await keys.open_chain(holder.id, holder.epoch, holder.root)
    assert await keys.unseal_study_keys(given, ("community", holder.id), roots) == given
    assert await keys.unseal_study_key(late, ("community", holder.id), {1: roots[1]}) is None


async def test_a_key_handed_over_twice_is_the_last_one(people: People) -> None:
    circle = await people.circle()
    study, key = uuid4(), vault.new_secret()
    for each in (vault.new_secret(), key):
        await keys.seal_study_key(study, each, ("community", circle.holder.id))

    roots = {1: circle.holder.root}
    found = await keys.unseal_study_key(study, ("community", circle.holder.id), roots)
    assert found == key
    assert await Seal.filter(target=study).count() == 1


async def test_nobody_can_be_handed_a_key_who_has_no_public_key(people: People) -> None:
    with pytest.raises(Unknown):
        await keys.seal_study_key(uuid4(), vault.new_secret(), ("community", NOBODY))


async def test_a_deleted_study_opens_for_nobody(people: People) -> None:
    alice = await people.person()
    circle = await people.circle(alice)
    study, kept, key = uuid4(), uuid4(), vault.new_secret()
    for each in (study, kept):
        await keys.keep_study_key(alice.actor, each, key)
        await keys.seal_study_key(each, key, ("community", circle.holder.id))

    await keys.drop_study_keys(study)

    roots = {1: circle.holder.root}
    here = circle.holder.id
    assert await keys.open_study_key(alice.actor, study) is None
    assert await keys.unseal_study_key(study, ("community", here), roots) is None
    assert await keys.open_study_key(alice.actor, kept) == key
    assert await keys.unseal_study_key(kept, ("community", here), roots) == key


async def test_a_seal_for_one_study_does_not_open_another(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    circle = await people.circle()
    study, other, key = uuid4(), uuid4(), vault.new_secret()
    here: tuple[keys.PrincipalKind, UUID] = ("community", circle.holder.id)
    roots = {1: circle.holder.root}
    await keys.seal_study_key(study, key, here)
    assert await keys.unseal_study_key(study, here, roots) == key

    await Seal.filter(target=study).update(target=other)

    assert await keys.unseal_study_key(other, here, roots) is None
    assert f"row {(await Seal.get(target=other)).id}" in caplog.text
