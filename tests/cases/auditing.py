"""
The box audit (T14): at any moment, what can be opened is exactly what membership says.

Run after a story.  What needs no knowledge of the story the portal asks itself every hour
(`cases.auditing`).
"""

from collections import defaultdict
from uuid import UUID

from cases import auditing
from cases.models import Community, Invitation, Member
from portal import keys
from portal.keys.models import LocalKey, Principal, PrincipalKey, Seal
from portal.studies.models import Study


async def audit() -> None:
    """Every community: seals == members at the current epoch, none older, none orphaned."""
    communities = {row.id: row for row in await Community.all()}
    members = defaultdict(set)
    for row in await Member.all():
        members[row.community_id].add(row.account)
    holders = await _holders(communities)
    for community in communities:
        assert holders[community] == members[community], "seals are not members"
    assert await auditing.audit() == []
    await _principals(communities)
    await _no_key_without_a_study()
    await _ended_invitations_carry_nothing()


async def _holders(communities: dict[UUID, Community]) -> dict[UUID, set[UUID]]:
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for seal in await Seal.filter(target_kind="community"):
        community = communities.get(seal.target)
        assert community is not None, "a seal of a community that is gone"
        assert seal.target_epoch == community.epoch, "a seal of an older root"
        found[seal.target].add(seal.holder)
    return found


async def _principals(communities: dict[UUID, Community]) -> None:
    rows = await Principal.filter(kind="community")
    assert {row.id: row.epoch for row in rows} == {
        community.id: community.epoch for community in communities.values()
    }
    for kind in ("user", "community"):
        ids = [row.id for row in await Principal.filter(kind=kind)]
        assert set(await keys.public_keys(kind, ids)) == set(ids), "a public key nobody signed"
    for row in await PrincipalKey.filter(principal__in=list(communities)):
        assert (row.chain_box is None) == (row.epoch == 1), "a link of the chain is missing"


async def _no_key_without_a_study() -> None:
    known = {row.id for row in await Study.all().only("id")}
    # Beside the study keys lies the key of an account's marks, under the account's own id.
    assert {row.study for row in await LocalKey.all() if row.study != row.owner} <= known
    assert {row.target for row in await Seal.filter(target_kind="study")} <= known


async def _ended_invitations_carry_nothing() -> None:
    for row in await Invitation.all():
        if row.state != "pending":
            assert row.sealed is None
            assert row.mac is None
            assert row.mail_mark is None
            # Whom it asked stays for the owners for a month when the answer was no or none.
            assert row.mail is None or row.state in {"declined", "expired"}
