"""
What other rooms keep for an account, and what must happen to it when the account changes.

This room cannot know them: they stand above it.  Each hands a `Belongings` to the composition root,
which hands all of them to `use`.  Unlike listeners they are asked, inside the transaction, so that
an account is secured, emptied or readdressed as a whole or not at all.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from portal.core.actor import AccountId, Actor
from portal.keys import Holder


@dataclass(frozen=True, slots=True)
class Loss:
    """So many of something that goes with the account."""

    label: str
    """A msgid."""
    count: int


class Belongings:
    """One room's answers; a room overrides what concerns it."""

    async def losses(self, account: AccountId) -> Sequence[Loss]:
        """What an account would lose: counts alone, they need no key."""
        del account
        return ()

    @asynccontextmanager
    async def renewing(self, before: Actor, after: Holder) -> AsyncIterator[None]:
        """
        Put what *before* opens under the root of *after*, around the moment it is replaced.

        The part before the `yield` still finds the old root in the directory, the part after it
        the new one.  Raises `Conflict` when something came in between.
        """
        del before, after
        yield

    async def lock(self, account: AccountId) -> None:
        """
        Take the locks of what the account shares with others, before its own row is taken.

        Whoever joins something takes the shared lock first, so whoever leaves must, too.
        """
        del account

    async def forget(self, account: AccountId) -> None:
        """Delete what is the account's alone, and take its id off what stays with others."""
        del account

    async def readdress(self, account: AccountId, old_mark: str, new_mark: str) -> None:
        """The account has another address now (`mailing.Address.mark`)."""
        del account, old_mark, new_mark

    async def end_browsers(self, account: AccountId, *, only: str = "", but: str = "") -> None:
        """
        Reach the account no longer on its browsers: *only* on that one, or on all *but* that one.

        Browsers by their numbers (`factors.devices.number_of`).
        """
        del account, only, but

    async def take_browser(self, account: AccountId, browser: str) -> None:
        """The account has signed in there: nobody else is to be reached on that browser."""
        del account, browser


class _Desk:
    """Where the composition root leaves the rooms' answers."""

    rooms: tuple[Belongings, ...] | None = None


def use(*rooms: Belongings) -> None:
    """Ask these from now on, in this order.  `portal.app` calls this once."""
    _Desk.rooms = rooms


async def losses(account: AccountId) -> list[Loss]:
    """What an account would lose; nothing that it has none of."""
    found = [each for room in _rooms() for each in await room.losses(account)]
    return [each for each in found if each.count]


@asynccontextmanager
async def renewing(before: Actor, after: Holder) -> AsyncIterator[None]:
    """`Belongings.renewing` of every room."""
    async with AsyncExitStack() as stack:
        for room in _rooms():
            await stack.enter_async_context(room.renewing(before, after))
        yield


async def lock(account: AccountId) -> None:
    """`Belongings.lock` of every room."""
    for room in _rooms():
        await room.lock(account)


async def forget(account: AccountId) -> None:
    """`Belongings.forget` of every room."""
    for room in _rooms():
        await room.forget(account)


async def readdress(account: AccountId, old_mark: str, new_mark: str) -> None:
    """`Belongings.readdress` of every room."""
    for room in _rooms():
        await room.readdress(account, old_mark, new_mark)


async def end_browsers(account: AccountId, *, only: str = "", but: str = "") -> None:
    """`Belongings.end_browsers` of every room."""
    for room in _rooms():
        await room.end_browsers(account, only=only, but=but)


async def take_browser(account: AccountId, browser: str) -> None:
    """`Belongings.take_browser` of every room."""
    for room in _rooms():
        await room.take_browser(account, browser)


def _rooms() -> tuple[Belongings, ...]:
    if _Desk.rooms is None:
        raise RuntimeError("belongings.use() comes first")
    return _Desk.rooms
