"""
Guesses at what opens an account end after a hundred wrong ones in a row, wherever they are made.

Then the owner is told by mail, and the way is closed until a new password is set by a code on
paper.  A try that came to nothing (too many people at once, an old page) is none.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast
from uuid import UUID, uuid4

from portal import mailing
from portal.accounts import throttles
from portal.accounts.errors import (
    Stopped,
    TooManyTries,
    WrongCode,
    WrongPassword,
    WrongRecovery,
)
from portal.accounts.factors.devices import Visit, known_device
from portal.accounts.factors.errors import PasskeyRefused, WrongProof
from portal.accounts.models import Account
from portal.accounts.owners import to_owner
from portal.accounts.throttles import Limit

SIGN_INS: Final = Limit("sign-in-address", last=throttles.MOST_IN_A_ROW)
SIGN_INS_ON: Final = Limit("sign-in-device", last=throttles.MOST_IN_A_ROW)
"""On a device that signed in before: a stranger's guesses neither delay nor stop it."""
SIGN_INS_FROM: Final = Limit("sign-in-network", forgotten_after=timedelta(hours=1))
PROOFS: Final = Limit("present-password", last=throttles.MOST_IN_A_ROW)
"""All doors at which somebody signed in, or who locked the page, proves again who they are."""
STEPS: Final = Limit("second-step", last=throttles.MOST_IN_A_ROW)
"""Apart from those: knowing the password must not wipe out wrong second steps."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A password tried by somebody unknown; one of the three verbs says how it went."""

    mark: str
    limit: Limit
    what: str
    tries: int
    network: str
    """Empty on a device that is known: it does not count for its network."""

    async def right(self, *, owner: bool) -> None:
        """
        It opened an account; only that of the address's *owner* wipes out the wrong ones before.

        Anybody may have an account that waits under any address.
        """
        if owner:
            await throttles.forget(self.limit, self.what)
        else:
            await throttles.give_back(self.limit, self.what)
        await self._give_back_network()

    async def wrong(self, address: mailing.Address | None = None) -> None:
        """It opened nothing.  Its owner hears of the last; an unknown *address* costs as much."""
        if self.tries != self.limit.last:
            return
        account = await Account.get_or_none(mail_mark=self.mark)
        if account is not None:
            await to_owner(account, "sign_in_stopped")
        elif address is not None:
            await mailing.send_to_nobody(address)

    async def not_made(self) -> None:
        """Nobody tried it."""
        await throttles.give_back(self.limit, self.what)
        await self._give_back_network()

    async def _give_back_network(self) -> None:
        if self.network:
            await throttles.give_back(SIGN_INS_FROM, self.network)


async def owner_of(mark: str) -> UUID | None:
    """Whose account has the address: the id alone, for a whole row takes longer than none."""
    owners = await Account.filter(mail_mark=mark).values_list("id", flat=True)
    return cast("UUID", owners[0]) if owners else None


async def from_outside(mark: str, visit: Visit) -> Guess:
    """
    Count a guess at the password under the address with *mark*.

    Raises `TooManyTries` and `Stopped`, by the address and by the network.  A device that signed in
    to the owner's account before is not made to wait for the tries of strangers.
    """
    # Plain columns, and nobody's device looked at, too: it takes as long for no account as for one.
    owners = await Account.filter(mail_mark=mark).values_list("id", "devices_rev")
    owner, generation = owners[0] if owners else (uuid4(), 0)
    device = known_device(visit.device, owner, generation)
    if device:
        what = f"{mark} {device}"
        return Guess(mark, SIGN_INS_ON, what, await throttles.count(SIGN_INS_ON, what), "")
    # The network first: who is refused by it has not used up the owner's last try.
    await throttles.count(SIGN_INS_FROM, visit.network)
    try:
        tries = await throttles.count(SIGN_INS, mark)
    except (TooManyTries, Stopped):
        await throttles.give_back(SIGN_INS_FROM, visit.network)
        raise
    return Guess(mark, SIGN_INS, mark, tries, visit.network)


@asynccontextmanager
async def counted(limit: Limit, account: UUID) -> AsyncIterator[None]:
    """
    Count what the block tries against `PROOFS` or `STEPS` of *account*.

    Raises `TooManyTries` and `Stopped` before it, and what the block raises.
    """
    what = str(account)
    tries = await throttles.count(limit, what)
    try:
        yield
    except (WrongPassword, WrongProof, PasskeyRefused):
        if tries == limit.last:
            await _tell(account)
        raise
    except Exception:
        await throttles.give_back(limit, what)
        raise
    await throttles.forget(limit, what)


@asynccontextmanager
async def code_from_outside(
    limit: Limit, what: str, limit_from: Limit, network: str
) -> AsyncIterator[int]:
    """
    Count a code from paper that the block tries; which try against *what* it is.

    Raises `TooManyTries` and `Stopped` before it, and what the block raises: after `WrongCode` and
    `WrongRecovery` the try counts, after anything else (too many people at once) it was none.
    """
    # The network first: who is refused by it has used up no try at an account.
    await throttles.count(limit_from, network)
    try:
        tries = await throttles.count(limit, what)
    except (TooManyTries, Stopped):
        await throttles.give_back(limit_from, network)
        raise
    try:
        yield tries
    except (WrongCode, WrongRecovery):
        raise
    except Exception:
        await throttles.give_back(limit, what)
        await throttles.give_back(limit_from, network)
        raise
    await throttles.forget(limit, what)
    await throttles.give_back(limit_from, network)


async def open_again(mark: str, *, steps: bool = True) -> None:
    """
    Take passwords and proofs for the owner of an address again, after too many wrong ones.

    For verbs in which somebody has set a new password by a code on paper.  *steps*: second steps,
    too; not again and again for whoever has stolen the paper and guesses those.
    """
    await throttles.forget(SIGN_INS, mark)
    owner = await Account.get_or_none(mail_mark=mark).only("id")
    if owner is not None:
        for limit in (PROOFS, STEPS) if steps else (PROOFS,):
            await throttles.forget(limit, str(owner.id))


async def _tell(account_id: UUID) -> None:
    account = await Account.get_or_none(id=account_id)
    if account is not None:
        await to_owner(account, "proofs_stopped")
