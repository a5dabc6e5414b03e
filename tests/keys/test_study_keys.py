"""Study keys: in one's own keeping, handed to a community, taken back."""

from uuid import uuid4

from portal import keys, vault
from tests.keys.stories import People


async def test_a_study_key_in_ones_own_keeping_opens_for_oneself_alone(people: People) -> None:
    alice, bob = await people.person(), await people.person()
    study, key = uuid4(), vault.new_secret()

    await keys.keep_study_key(alice.actor, study, key)

    assert await keys.open_study_key(alice.actor, study) == key
    assert await keys.open_study_key(bob.actor, study) is None
