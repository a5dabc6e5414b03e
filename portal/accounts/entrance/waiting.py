"""
In at once (S-035): an e-mail address and a password, and the account is there, not activated yet.

And what its person does until it is: print the Pass, ask for the mail again, mend the address.
"""

from uuid import UUID, uuid4

from portal import keys, mailing, vault
from portal.accounts import passwords, proving, throttles, unverified
from portal.accounts.entrance.forms import AddressChange, ShortRegistration
from portal.accounts.entrance.registering import REGISTRATIONS, WAITING
from portal.accounts.errors import LinkDead
from portal.accounts.factors.devices import Visit
from portal.accounts.factors.entering import Policy, SignedIn, after_password
from portal.accounts.links import MAILS, WRITINGS, write_link
from portal.accounts.models import Account
from portal.accounts.papers.passes import Pass
from portal.accounts.profile.profiles import box_profile
from portal.accounts.unverified import LIFE, UNVERIFIED
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import SignInNeeded


async def enter(new: ShortRegistration, visit: Visit, policy: Policy) -> SignedIn:
    """
    Make an unverified account, write to its address, and sign in, as after a password.

    Whoever did so before with the same address and password comes back into the same account.
    Whether the address has an owner shows in the mail alone.  Raises `WeakPassword`
    and `TooManyTries`.
    """
    await throttles.count(REGISTRATIONS, visit.network)
    await throttles.count(MAILS, new.mail.mark)
    password = passwords.fold(new.password)
    await passwords.check(password, new.kind, (new.mail.text,))
    opened = await unverified.find(new.mail.mark, password)
    if opened is not None:
        account, root, wrap = opened.account, opened.found.root, opened.found.wrap
    else:
        account, root = await _made(new, password)
        wrap = None
    return await after_password(account, root, visit, policy, opened_by=wrap)


async def address_of(actor: Actor) -> str:
    """The address as it was typed."""
    return mailing.open_address((await _waiting(actor.id)).mail, actor.id).text


async def write_again(account_id: AccountId) -> UUID:
    """
    Mail a new link; the one before is dead.  The mail's id.

    Raises `TooManyTries`, and `LinkDead` for an account that is activated or gone.
    """
    account = await _waiting(account_id)
    address = mailing.open_address(account.mail, account.id)
    await throttles.count(WRITINGS, str(account_id))
    await throttles.count(MAILS, address.mark)
    return await _write(account, address)


async def write_elsewhere(account_id: AccountId, address: mailing.Address) -> UUID:
    """
    The same to another address, for an account that has no password yet.

    *account_id* comes from a ticket, which only who registered has.
    """
    account = await _waiting(account_id)
    if account.state == UNVERIFIED:
        raise LinkDead
    await throttles.count(WRITINGS, str(account_id))
    await throttles.count(MAILS, address.mark)
    async with transaction():
        boxed = mailing.box_address(address, account_id)
        if not await Account.filter(id=account_id, state="unactivated").update(mail=boxed):
            raise LinkDead
        return await _write(account, address)


async def change_address(actor: Actor, typed: AddressChange) -> UUID:
    """
    Write to another address from now on.  The mail's id.

    The password is needed once more: signing in finds its wrap by the address.  Raises
    `WrongPassword`, `TooManyTries`, `Stopped`, and `Conflict` when the password was changed
    meanwhile.
    """
    account = await _waiting(actor.id)
    password = passwords.fold(typed.present)
    proved = await proving.by_password(actor, typed.present)
    await throttles.count(WRITINGS, str(actor.id))
    await throttles.count(MAILS, typed.mail.mark)
    wrap = await _wrap(actor.id, proved.root, password, typed.mail, asker=actor.id)
    async with transaction():
        boxed = mailing.box_address(typed.mail, actor.id)
        waiting = Account.filter(id=actor.id, state=UNVERIFIED)
        if not await waiting.update(mail=boxed, waiting_mark=typed.mail.mark):
            raise LinkDead
        await keys.keep_wrap(wrap, opened_by=proved.wrap)
        return await _write(account, typed.mail)


async def issue_pass(actor: Actor) -> Pass:
    """
    A Pass with a new code; the code of the one before opens nothing any more.

    Raises `SignInNeeded` when the session was ended meanwhile.
    """
    await _waiting(actor.id)
    code = vault.pass_code()
    wrap = await keys.wrap_root(
        "code", "user", actor.id, actor.epoch, actor.root, code, asker=actor.id
    )
    public = await keys.public_key("user", actor.id)
    async with transaction():
        await keys.keep_wrap(wrap)  # with the lock of whoever ends all sessions
        if not await keys.alive([actor.session]):
            raise SignInNeeded
    return Pass(actor.id, "", code, public.fpr, now())


async def _made(new: ShortRegistration, password: str) -> tuple[Account, Secret]:
    account_id, root = AccountId(uuid4()), vault.new_secret()
    wrap = await _wrap(account_id, root, password, new.mail, asker=None)
    async with transaction():
        account = await Account.create(
            id=account_id,
            kind=new.kind,
            state=UNVERIFIED,
            language=new.language,
            theme="system",
            mail=mailing.box_address(new.mail, account_id),
            waiting_mark=new.mail.mark,
            profile=box_profile(account_id, keys.FIRST_EPOCH, root, 1, None),
            profile_rev=1,
            card=None,
            card_rev=1,
            findable=False,
            created_at=now(),
        )
        await keys.create_principal(account_id, "user", root)
        await keys.keep_wrap(wrap)
        await _write(account, new.mail)
    return account, root


async def _wrap(
    account_id: AccountId,
    root: Secret,
    password: str,
    address: mailing.Address,
    *,
    asker: AccountId | None,
) -> keys.Wrap:
    salt = keys.shared_salt(address.mark)
    first = keys.FIRST_EPOCH
    return await keys.wrap_root(
        "password", "user", account_id, first, root, password, salt=salt, asker=asker
    )


async def _write(account: Account, address: mailing.Address) -> UUID:
    letter = "activation_short" if account.state == UNVERIFIED else "activation"
    ends_at = account.created_at + LIFE
    return await write_link(AccountId(account.id), address, account.language, ends_at, letter)


async def _waiting(account_id: AccountId) -> Account:
    """The row.  Raises `LinkDead` when it is activated already or gone: nothing to do here."""
    account = await Account.get_or_none(id=account_id, state__in=WAITING)
    if account is None:
        raise LinkDead
    return account
