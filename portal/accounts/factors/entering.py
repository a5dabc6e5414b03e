"""
From a first proof to a session: what is lacking, and the half-way state until it is there.

A password opens the root, and with it what the account asks for besides.  Until that is shown, the
browser holds a half session, which opens no page.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID

from portal import keys
from portal.accounts import belongings, departures, throttles
from portal.accounts.administrators import is_administrator
from portal.accounts.events import SafetyChanged
from portal.accounts.factors import document, proofs
from portal.accounts.factors.devices import About, Visit, known_device, number_of, remember
from portal.accounts.factors.errors import HalfOver, PasskeyUnknown
from portal.accounts.factors.models import SeenBefore
from portal.accounts.factors.passkeys import Answer, Site
from portal.accounts.factors.proofs import Proof
from portal.accounts.forms import Theme
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.accounts.unverified import UNVERIFIED, is_confirmed
from portal.core.actor import AccountId, AccountKind, Actor, Secret
from portal.core.db import now, transaction
from portal.owing import owe

HALF_LIFE: Final = timedelta(minutes=10)
ID_BYTES: Final = 16
PASSKEYS_FROM: Final = throttles.Limit("passkey-network", forgotten_after=timedelta(hours=1))
ASKED_FROM: Final = throttles.Limit(
    "passkey-question-network",
    free=60,
    longest_wait=timedelta(minutes=1),
    forgotten_after=timedelta(hours=1),
)
"""Each question to passkeys that a stranger asks for is a row for five minutes."""
STEPS_FROM: Final = throttles.Limit(
    "second-step-network", free=30, forgotten_after=timedelta(hours=1)
)

Policy = Literal["required", "offered"]
"""Whether professionals and administrators must have a second factor."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session, or the half-way state."""

    cookie: str = field(repr=False)
    """Goes to the browser and nowhere else: it holds the key of the session."""
    language: str
    theme: Theme
    stage: keys.Stage | None = None
    """None: signed in."""
    device: str = field(default="", repr=False)
    """The cookie by which this browser is known from now on."""
    review: bool = False
    """Its owner is to look at the second factors first: a code from paper changed the password."""


async def must_have(actor: Actor, policy: Policy) -> bool:
    """
    Whether somebody needs a second factor to get in at all.

    So do administrators, also those who are patients: they decide about others.
    """
    if policy != "required":
        return False
    return actor.kind == "professional" or await is_administrator(actor.id)


async def after_password(
    account: Account,
    root: Secret,
    visit: Visit,
    policy: Policy,
    *,
    opened_by: UUID | None = None,
) -> SignedIn:
    """
    What the right password leads to.

    Raises `Conflict` when the password (its wrap *opened_by*) was changed meanwhile, and
    `vault.Tampered` when somebody edited the account's keys or its second factors.
    """
    actor = await as_actor(account, root)
    found = await document.read(actor)
    if found.present:
        return await _half(account, root, "second", opened_by)
    if await must_have(actor, policy):
        return await _half(account, root, "setup", opened_by)
    return await _signed_in(account, root, visit, opened_by=opened_by)


async def second_step(half: keys.Half, proof: Proof, visit: Visit, site: Site) -> SignedIn:
    """
    A session, when *proof* is right.  Raises like `proofs.second_step`, and `HalfOver`.
    """
    await throttles.count(STEPS_FROM, visit.network)
    await proofs.second_step(half.actor, proof, site)
    await throttles.give_back(STEPS_FROM, visit.network)
    return await finish(half, visit)


async def finish(
    half: keys.Half, visit: Visit, until: datetime | None = None, *, proved: bool = True
) -> SignedIn:
    """
    The session that a half session becomes, once.  Raises `HalfOver`.

    Not *proved*: a password went on with a session whose second step was shown before.
    """
    account = await Account.get_or_none(id=half.actor.id, state__in=("active", UNVERIFIED))
    # In one piece: whatever ends all sessions meets the half session or the whole one.
    async with transaction():
        if account is None or not await keys.end_half(half):
            raise HalfOver
        about = About.of(visit, proved=proved)
        return await _signed_in(account, half.actor.root, visit, until, about=about)


async def by_passkey(answer: Answer, visit: Visit, site: Site, asker: bytes) -> SignedIn:
    """
    A session by a passkey alone, which is two factors in one.

    Raises `PasskeyUnknown` for one that cannot: the same for a secret that is wrong, a passkey and
    an account that do not exist, so that nobody learns whose passkey it is.  Raises
    `PasskeyRefused`, `ChallengeOver`, `TooManyTries`.
    """
    await throttles.count(PASSKEYS_FROM, visit.network)
    owner = _claimed(answer.owner)
    if owner is None or answer.secret is None:
        raise PasskeyUnknown
    account = await Account.get_or_none(id=owner, state__in=("active", UNVERIFIED))
    root = await keys.unwrap_by_passkey(owner, answer.id, answer.secret)
    if account is None or root is None:
        raise PasskeyUnknown
    await proofs.by_passkey(await as_actor(account, root, asker), answer, site, "sign-in")
    await throttles.give_back(PASSKEYS_FROM, visit.network)
    await throttles.give_back(ASKED_FROM, visit.network)
    return await _signed_in(account, root, visit)


def _claimed(handle: bytes | None) -> AccountId | None:
    """Whom an authenticator names; None for no account of ours."""
    if handle is None or len(handle) != ID_BYTES:
        return None
    return AccountId(UUID(bytes=handle))


async def goes_on(actor: Actor, root: Secret, note: str) -> SignedIn:
    """The session of somebody who has been given a new *root*, on the same device (*note*)."""
    account = await Account.get(id=actor.id)
    cookie = await keys.start_session(actor.id, actor.kind, account.language, root, note=note)
    return SignedIn(cookie, account.language, cast("Theme", account.theme))


async def without_a_factor(actor: Actor, root: Secret) -> SignedIn:
    """
    Half-way in, for who needs a second factor and has ended the last one.

    Joins the caller's transaction, which has ended every session.
    """
    return await _half(await Account.get(id=actor.id), root, "setup", None)


async def _half(
    account: Account, root: Secret, stage: keys.Stage, opened_by: UUID | None
) -> SignedIn:
    who = keys.Arriving(AccountId(account.id), cast("AccountKind", account.kind), account.language)
    cookie = await keys.start_half(who, root, stage, now() + HALF_LIFE, opened_by=opened_by)
    return SignedIn(cookie, account.language, cast("Theme", account.theme), stage)


async def _signed_in(
    account: Account,
    root: Secret,
    visit: Visit,
    until: datetime | None = None,
    opened_by: UUID | None = None,
    about: About | None = None,
) -> SignedIn:
    async with transaction():
        cookie = await keys.start_session(
            AccountId(account.id),
            cast("AccountKind", account.kind),
            account.language,
            root,
            note=(about or About.of(visit)).pack(),
            until=until,
            opened_by=opened_by,
        )
        await departures.comes_back(AccountId(account.id))
        await belongings.take_browser(AccountId(account.id), number_of(visit.device))
        await _tell_of_a_strange_device(account, visit)
    device = remember(visit.device, account.id, account.devices_rev)
    review = (await document.read(await as_actor(account, root))).review
    return SignedIn(
        cookie, account.language, cast("Theme", account.theme), device=device, review=review
    )


async def _tell_of_a_strange_device(account: Account, visit: Visit) -> None:
    """
    Write to the owner, unless it is the first sign-in or a browser that is known.

    Joins the transaction of the session: nobody gets in without the owner being told.
    """
    known = known_device(visit.device, account.id, account.devices_rev)
    if await _seen_before(account) and not known and is_confirmed(account):
        await to_owner(account, "new_device")
        await owe(SafetyChanged(AccountId(account.id), "new_device"))


async def _seen_before(account: Account) -> bool:
    """Whether there was a sign-in before this one."""
    if await SeenBefore.exists(account_id=account.id):
        return True
    # Of two at once neither is strange; a refused row would spoil the caller's transaction.
    await SeenBefore.bulk_create([SeenBefore(account_id=account.id)], ignore_conflicts=True)
    return False


async def as_actor(account: Account, root: Secret, session: bytes = b"") -> Actor:
    """Whose *root* was opened just now, before there is a session."""
    public = await keys.public_key("user", account.id)
    return Actor(
        id=AccountId(account.id),
        kind=cast("AccountKind", account.kind),
        epoch=public.epoch,
        root=root,
        session=session,
        language=account.language,
    )
