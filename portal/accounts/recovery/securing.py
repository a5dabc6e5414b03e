"""
"Secure my account": for whoever fears that a password, a Pass or a session is in wrong hands.

A new root, and everything the old one opened moves under it.  Whoever has the old password, the old
Pass and an earlier copy of the database opens what that copy holds and nothing newer.
"""

from dataclasses import dataclass, field
from typing import Final

from portal import keys, mailing, vault
from portal.accounts import belongings, departures, factors, passwords, proving, unverified
from portal.accounts.events import SafetyChanged
from portal.accounts.factors import Factors, entering, judging
from portal.accounts.factors.entering import Policy, SignedIn
from portal.accounts.factors.errors import ShortPassword
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.accounts.papers import issuing
from portal.accounts.papers.passes import Pass
from portal.accounts.profile.profiles import account_of, open_name
from portal.accounts.recovery.forms import Securing
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Conflict
from portal.keys import Holder
from portal.owing import owe

PROFILE: Final = ("account", "profile")


@dataclass(frozen=True, slots=True)
class Secured:
    """The one session that is left, and the new Pass."""

    session: SignedIn = field(repr=False)
    issued: Pass = field(repr=False)
    factors: bool
    """Whether any second factor stayed."""


async def secure(actor: Actor, typed: Securing, policy: Policy, here: str = "") -> Secured:
    """
    Replace the actor's root with everything under it, as a whole or not at all.

    Second factors that were not chosen end; who needs one and keeps none is half-way in, to set up
    another.  No browser but the one *here* is told anything any more.

    Raises `StepUpNeeded`, `WrongPassword`, `TooManyTries`, `WeakPassword`, `ShortPassword`, and
    `Conflict` when the account was written to at the same moment.  The answer holds the new code
    for the only time.
    """
    proved = await proving.by_password(actor, typed.present)
    note = await keys.note_of(actor)  # on which device: it is the same one
    account = await account_of(actor)
    address = mailing.open_address(account.mail, account.id)
    name = open_name(account, actor.epoch, proved.root)
    left = await _left(actor, typed, (address.text, name))
    after = Holder("user", actor.id, actor.epoch + 1, vault.new_secret())
    code = vault.pass_code()
    wraps = await _wraps(account, after, passwords.fold(typed.password or typed.present), code)
    needs = not left.present and await entering.must_have(actor, policy)
    async with transaction():
        async with belongings.renewing(actor, after):
            public = await keys.renew_root(actor, after, wraps, opened_by=proved.wrap)
        roots = (actor.epoch, actor.root), (after.epoch, after.root)
        await factors.reseal(actor.id, *roots, typed.kept, short=left.short)
        await _move_profile(account, Holder.of(actor), after)
        await departures.put_right(actor.id, here)
        await issuing.note(account, code=True)
        if needs:
            session = await entering.without_a_factor(actor, after.root)
        else:
            session = await entering.goes_on(actor, after.root, note)
        await to_owner(account, "account_secured")
        await owe(SafetyChanged(actor.id, "account_secured"))
    issued = Pass(actor.id, name, code, public.fpr, now(), issuing.renewed_for(account))
    return Secured(session, issued, left.present)


async def _left(actor: Actor, typed: Securing, about: tuple[str, str]) -> Factors:
    """The second factors that stay, as they are to be kept beside the password."""
    left = (await factors.read(actor)).only(typed.kept)
    if typed.password:
        return await judging.judge(actor, passwords.fold(typed.password), about, left)
    if left.short and not left.present:
        raise ShortPassword
    return left


async def _wraps(account: Account, after: Holder, password: str, code: str) -> list[keys.Wrap]:
    salt = unverified.salt_for(account)
    who, epoch, root = after.id, after.epoch, after.root
    return [
        await keys.wrap_root(
            "password", "user", who, epoch, root, password, salt=salt, asker=account.id
        ),
        await keys.wrap_root("code", "user", who, epoch, root, code, asker=account.id),
    ]


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
