"""A password of before moves to what the settings ask for today, once its owner has typed it."""

from portal.core.db import transaction
from portal.keys.custody import custody
from portal.keys.guards import close_outer, guard_of
from portal.keys.models import HumanWrap
from portal.keys.wraps import Found, must_still_open, wrap_root


async def renew_password(found: Found, typed: str) -> None:
    """
    Wrap the root of *found* by the same password at today's cost and under the newest pepper.

    The wrap stays the same one (its id, its salt), so whoever signs in beside is not disturbed.
    Nothing happens for one that is up to date.  Raises `Busy`, and `Conflict` when the root or the
    password was replaced meanwhile.
    """
    row = await HumanWrap.get_or_none(id=found.wrap) if found.outdated else None
    if row is None:
        return
    made = await wrap_root(
        "password", "user", row.principal, row.epoch, found.root, typed,
        salt=bytes(row.salt), asker=row.principal,
    )  # fmt: skip
    async with transaction():
        await must_still_open(row.principal, row.epoch, row.id)
        pepper_id, guard = custody().files.pepper_id, await guard_of(row.principal)
        box = close_outer(row.id, pepper_id, guard, made.box)
        this = HumanWrap.filter(id=row.id)
        await this.update(cost=made.cost, pepper_id=pepper_id, guard=guard, box=box)
