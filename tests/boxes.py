"""
The box audit (T14): at any moment, what can be opened is exactly what membership says.

Run after every test in which the portal ran, unless it says that it tampers with the tables.  Most
of it the portal asks itself every hour (`cases.auditing`).
"""

from uuid import UUID

from cases import auditing
from cases.models import Community, Invitation
from portal import keys, studies
from portal.keys.models import Principal, PrincipalKey


async def audit() -> None:
    """Seals == members at the current epoch, none older, none of what is gone; all keys signed."""
    assert await auditing.audit() == []
    assert await studies.stray_keys() == []
    await _principals({row.id: row.epoch for row in await Community.all()})
    await _ended_invitations_carry_nothing()


async def _principals(communities: dict[UUID, int]) -> None:
    rows = await Principal.filter(kind="community")
    assert {row.id: row.epoch for row in rows} == communities, "a principal of no community"
    for kind in ("user", "community"):
        ids = [row.id for row in await Principal.filter(kind=kind)]
        assert set(await keys.public_keys(kind, ids)) == set(ids), "a public key nobody signed"
    for row in await PrincipalKey.filter(principal__in=list(communities)):
        assert (row.chain_box is None) == (row.epoch == 1), "a link of the chain is missing"


async def _ended_invitations_carry_nothing() -> None:
    for row in await Invitation.all():
        if row.state != "pending":
            assert row.sealed is None
            assert row.mac is None
            assert row.mail_mark is None
            # Whom it asked stays for the owners for a month when the answer was no or none.
            assert row.mail is None or row.state in {"declined", "expired"}
