"""
"Secure my account": for whoever fears that a password, a Pass or a session is in wrong hands.

A new root, and everything the old one opened moves under it.  Whoever has the old password, the old
Pass and an earlier copy of the database opens what that copy holds and nothing newer.
"""

from dataclasses import dataclass, field
from typing import Final

from portal import keys, mailing, vault
from portal.accounts import belongings, factors, leaving, papers, passwords, proving, unverified
from portal.accounts.events import SafetyChanged
from portal.accounts.factors import judging
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.accounts.passes import Pass
from portal.accounts.profiles import account_of, open_name
from portal.accounts.recovery_forms import Securing
from portal.core.actor import Actor
from portal.core.db import announce, now, transaction
from portal.core.errors import Conflict
from portal.keys import Holder

PROFILE: Final = ("account", "profile")


@dataclass(frozen=True, slots=True)
class Secured:
    """The one session that is left, and the new Pass."""

    cookie: str = field(repr=False)
    issued: Pass = field(repr=False)


async def secure(actor: Actor, typed: Securing) -> Secured:
    """
    Replace the actor's root with everything under it, as a whole or not at all.

    Raises `WrongPassword`, `TooManyTries`, `WeakPassword`, and `Conflict` when the account was
    written to at the same moment.  The answer holds the new code for the only time.
    """
    proved = await proving.by_password(actor, typed.present)
    account = await account_of(actor)
    address = mailing.open_address(account.mail, account.id)
    name = open_name(account, actor.epoch, proved.root)
    password = passwords.fold(typed.password or typed.present)
    about = (address.text, name)
    short = (await judging.judge(actor, password, about)).short if typed.password else None
    after = Holder("user", actor.id, actor.epoch + 1, vault.new_secret())
    code = vault.pass_code()
    note = await keys.note_of(actor)  # on which device: it is the same one
    wraps = [
        await keys.wrap_root(
            *("password", "user", actor.id, after.epoch, after.root, password),
            salt=unverified.salt_for(account),
        ),
        await keys.wrap_root("code", "user", actor.id, after.epoch, after.root, code),
    ]
    async with transaction():
        async with belongings.renewing(actor, after):
            public = await keys.renew_root(actor, after, wraps, opened_by=proved.wrap)
        await _move_factors(actor, after, short)
        await _move_profile(account, Holder.of(actor), after)
        await leaving.put_right(actor.id)
        await papers.note(account, code=True)
        cookie = await keys.start_session(
            actor.id, actor.kind, account.language, after.root, note=note
        )
        await to_owner(account, "account_secured")
        announce(SafetyChanged(actor.id, "account_secured"))
    return Secured(
        cookie, Pass(actor.id, name, code, public.fpr, now(), papers.renewed_for(account))
    )


async def _move_factors(actor: Actor, after: Holder, short: bool | None) -> None:  # noqa: FBT001 -- None: the password stays
    roots = (actor.epoch, actor.root), (after.epoch, after.root)
    await factors.reseal(actor.id, *roots, short=short)


async def _move_profile(account: Account, before: Holder, after: Holder) -> None:
    old = keys.Text("user", account.id, before.epoch, before.root)
    new = keys.Text("user", account.id, after.epoch, after.root)
    said = old.open(*PROFILE, account.id, account.profile_rev, account.profile)
    rev = account.profile_rev + 1
    unchanged = Account.filter(id=account.id, profile_rev=account.profile_rev)
    if not await unchanged.update(
        profile=new.box(*PROFILE, account.id, rev, said), profile_rev=rev
    ):
        raise Conflict
