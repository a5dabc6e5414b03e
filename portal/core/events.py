"""
In-process notices: something has happened and is already committed.

Listeners are told, never asked.  One that fails is logged and cannot undo the work.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

log = logging.getLogger(__name__)

E = TypeVar("E")
Listener = Callable[[Any], Awaitable[None]]
_listeners: defaultdict[type, list[Listener]] = defaultdict(list)


@contextmanager
def listening(kind: type[E], listener: Callable[[E], Awaitable[None]]) -> Iterator[None]:
    """Tell *listener* about every event of *kind* until the block ends."""
    _listeners[kind].append(listener)
    try:
        yield
    finally:
        _listeners[kind].remove(listener)


async def deliver(event: object) -> None:
    """Tell all listeners of the event's class, in the order they came."""
    for listener in list(_listeners[type(event)]):
        try:
            await listener(event)
        except Exception as error:  # noqa: BLE001 -- told, not asked: a listener cannot undo the work
            # The class alone: an exception's text may quote what was being handled.
            log.error(  # noqa: TRY400
                "listener failed for %s: %s", type(event).__name__, type(error).__name__
            )
