"""Crypto-shredding: a principal whose keys are gone has nothing left that anybody could open."""

from uuid import UUID

from portal.core.actor import AccountId
from portal.core.db import transaction
from portal.keys.holders import PrincipalKind
from portal.keys.models import HumanWrap, LocalKey, PasskeyWrap, Principal, PrincipalKey, Seal
from portal.keys.sessions import end_sessions
from portal.keys.tokens import end_tokens


async def retire(account: AccountId) -> None:
    """
    Let nobody keep a key for *account* from here on; the first step of ending it.

    Joins the caller's transaction and holds the row that `hold` asks for.
    """
    await Principal.filter(id=account, kind="user").update(epoch=0)


async def delete_principal(kind: PrincipalKind, principal: UUID) -> None:
    """
    Delete every key that *principal* has, and every key to it; joins the caller's transaction.

    What was boxed under its root stays noise for ever.  Its sessions and tokens end.
    """
    async with transaction():
        if not await Principal.filter(id=principal, kind=kind).delete():
            return
        await HumanWrap.filter(principal=principal).delete()
        await PasskeyWrap.filter(principal=principal).delete()
        await LocalKey.filter(owner=principal).delete()
        await Seal.filter(holder=principal).delete()
        await Seal.filter(target=principal, target_kind=kind).delete()
        await PrincipalKey.filter(principal=principal).delete()
        if kind == "user":
            await end_sessions(AccountId(principal))
            await end_tokens(AccountId(principal))
