"""
In-process notices: something has happened and is already committed.

Listeners are told, never asked.  One that fails is logged and cannot undo the work.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

log = logging.getLogger(__name__)

E = TypeVar("E")
Listener = Callable[[Any], Awaitable[None]]
_listeners: defaultdict[type, list[Listener]] = defaultdict(list)
_tellings: set[asyncio.Task[None]] = set()


@contextmanager
def listening(kind: type[E], listener: Callable[[E], Awaitable[None]]) -> Iterator[None]:
    """Tell *listener* about every event of *kind* until the block ends."""
    _listeners[kind].append(listener)
    try:
        yield
    finally:
        _listeners[kind].remove(listener)


async def deliver(happened: Sequence[object]) -> None:
    """Tell about every event, in order, also when whoever did it goes away meanwhile."""
    telling = asyncio.create_task(_tell(happened))
    _tellings.add(telling)  # the loop itself would forget it
    telling.add_done_callback(_tellings.discard)
    await asyncio.shield(telling)


async def _tell(happened: Sequence[object]) -> None:
    for event in happened:
        for listener in list(_listeners[type(event)]):
            try:
                await listener(event)
            except Exception as error:  # noqa: BLE001 -- told, not asked: it cannot undo the work
                # The class alone: an exception's text may quote what was being handled.
                names = type(event).__name__, type(error).__name__
                log.error("listener failed for %s: %s", *names)  # noqa: TRY400
