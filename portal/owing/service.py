"""
What follows from a commit in another room and must not be lost.

`announce` tells whoever is listening at that moment; a process that dies between the commit and the
listener tells nobody.  Where that is not enough, a room calls `owe` in its transaction: the row is
committed with whatever it follows from, and is paid right after the commit, or else by the next
process that looks.  The row goes in the transaction that pays, so what the duty writes happens
exactly once.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID, uuid4

from tortoise.expressions import F, Q

from portal.core.background import background
from portal.core.db import announce, now, transaction
from portal.core.events import listening
from portal.owing.models import Owed

EVERY: Final = 20.0
"""Seconds between two looks for what nobody has paid."""
AT_ONCE: Final = 100
FIRST_WAIT: Final = timedelta(seconds=20)
"""After the first payment that failed; each further one doubles it."""
LONGEST_WAIT: Final = timedelta(hours=1)
CODE: Final = re.compile(r"[a-z_]{1,40}")

log = logging.getLogger(__name__)

E = TypeVar("E")
Pay = Callable[[Any], Awaitable[None]]


class _Duty(NamedTuple):
    kind: type
    pay: Pay


@dataclass(frozen=True, slots=True)
class Owing:
    """This row has been committed."""

    id: UUID


_duties: dict[str, list[_Duty]] = {}


async def owe(event: Any) -> None:
    """
    *event*, a dataclass of ids and codes, has its duty; joins the caller's transaction.

    Raises `ValueError` for a field that could hold what people typed: the row is not sealed.
    """
    row = Owed(id=uuid4(), kind=type(event).__name__, facts=_written(event), owed_at=now())
    async with transaction():
        await row.save(force_create=True)
        announce(Owing(row.id))


@contextmanager
def paying(kind: type[E], pay: Callable[[E], Awaitable[None]]) -> Iterator[None]:
    """
    *pay* is what an event of *kind* owes, while the block lasts.

    It runs in the transaction that takes the row away, so it may be called again after a failure
    and leaves nothing of the first time.  A kind has one duty: `ValueError` for another class or
    another function.  Two portals in one process name the same, and the newer one pays for both
    until it ends.
    """
    duty = _Duty(kind, pay)
    known = _duties.setdefault(kind.__name__, [])
    if known and (known[-1].kind, _name(known[-1].pay)) != (kind, _name(pay)):
        raise ValueError(f"{kind.__name__} has its duty already")
    known.append(duty)
    try:
        yield
    finally:
        known.remove(duty)


def _name(pay: Pay) -> tuple[str, str]:
    return pay.__module__, pay.__qualname__


@asynccontextmanager
async def working() -> AsyncIterator[None]:
    """Pay right after commits while the block lasts, and look for what is left from before."""
    with listening(Owing, _hear):
        async with background(_look_for_ever()):
            yield


async def _hear(event: Owing) -> None:
    await _try(await Owed.filter(id=event.id))


async def pay_what_is_due() -> None:
    """Everything that this process has a duty for and nobody has paid yet."""
    while rows := await _due():
        await _try(rows)


async def _due() -> list[Owed]:
    kinds = [name for name, known in _duties.items() if known]
    free = Q(again_at=None) | Q(again_at__lte=now())
    return await Owed.filter(free, kind__in=kinds).order_by("owed_at").limit(AT_ONCE)


async def _try(rows: list[Owed]) -> None:
    for row in rows:
        try:
            await _pay(row)
        except Exception as error:  # noqa: BLE001 -- an edge: it stays owed, and others come first
            log.warning("%s stays owed: %s", row.kind, type(error).__name__)
            later = now() + min(FIRST_WAIT * 2 ** min(row.tries, 20), LONGEST_WAIT)
            await Owed.filter(id=row.id).update(tries=F("tries") + 1, again_at=later)


async def _pay(row: Owed) -> None:
    known = _duties.get(row.kind)
    if not known:
        return
    async with transaction():
        # Whoever deletes it pays; others wait here and then find nothing to delete.
        if await Owed.filter(id=row.id).delete():
            await known[-1].pay(_read(known[-1].kind, row.facts))


def _written(event: Any) -> str:
    ids, codes = dict[str, str](), dict[str, str]()
    for each in fields(event):
        value = getattr(event, each.name)
        if isinstance(value, UUID):
            ids[each.name] = value.hex
        elif isinstance(value, str) and CODE.fullmatch(value):
            codes[each.name] = value
        else:
            raise ValueError(each.name)
    return json.dumps({"ids": ids, "codes": codes})


def _read(kind: type, written: str) -> Any:
    facts = json.loads(written)
    return kind(**{name: UUID(value) for name, value in facts["ids"].items()}, **facts["codes"])


async def _look_for_ever() -> None:
    while True:
        try:
            await pay_what_is_due()
        except Exception as error:  # noqa: BLE001 -- outlives a database that is away
            log.warning("what is owed waits: %s", type(error).__name__)
        await asyncio.sleep(EVERY)
