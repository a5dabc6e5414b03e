"""
What the rows of an account with many studies say, remembered from one list to the next: sealed.

Opening thousands of keys and boxes is most of the work of a list, and little of it changes.  What
was opened is kept in this process, under a key of the account's root: between two requests nobody
can read it, and once the session is locked or over, nobody but its owner with another one.

It lies there by columns, each in a box of its own: whoever searches by one of them and shows a
page opens that one, what orders the list, and nothing else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from portal import vault
from portal.core.actor import Actor, Secret
from portal.memories import Memory
from portal.studies.describing import inflated, packed

MOST: Final = 32 * 1024 * 1024
"""Bytes of all boxes."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Columns that were written together."""

    written: UUID
    boxes: Mapping[str, bytes]
    count: int
    state: bytes

    @property
    def size(self) -> int:
        return sum(map(len, self.boxes.values()))


class Columns:
    """What is remembered of one list, each column opened when it is asked for; for threads."""

    def __init__(self, actor: Actor, sealed: _Sealed) -> None:
        self._actor, self._sealed = actor, sealed
        self._known: dict[str, Sequence[Any]] = {}

    @property
    def count(self) -> int:
        """Studies."""
        return self._sealed.count

    @property
    def state(self) -> bytes:
        """`state_of` them."""
        return self._sealed.state

    def __getitem__(self, name: str) -> Sequence[Any]:
        """The column of this *name*.  Raises `vault.Tampered` under another root."""
        if name not in self._known:
            context = _context(self._actor, self._sealed.written, name)
            plain = vault.unbox(_key(self._actor), self._sealed.boxes[name], context)
            self._known[name] = json.loads(inflated(plain))
        return self._known[name]


class Remembered:
    """Lists by columns, of bounded size; the ones used longest ago go first."""

    def __init__(self, most: int = MOST) -> None:
        self._lists = Memory[tuple[UUID, str], _Sealed](most, lambda each: each.size)
        self._changing = Lock()  # several requests remember at once, each in a thread

    def get(self, actor: Actor, name: str) -> Columns | None:
        """What was put under this *name* last."""
        with self._changing:
            sealed = self._lists.get((actor.id, name))
        return None if sealed is None else Columns(actor, sealed)

    def put(
        self, actor: Actor, name: str, columns: Mapping[str, Sequence[Any]], state: bytes
    ) -> None:
        """Remember these from now on, instead of what was there; for a thread."""
        written, key = uuid4(), _key(actor)
        boxes = {
            column: vault.box(key, packed(values, 0), _context(actor, written, column))
            for column, values in columns.items()
        }
        count = max(map(len, columns.values()), default=0)
        sealed = _Sealed(written, boxes, count, state)
        with self._changing:
            self._lists.put((actor.id, name), sealed)


def state_of(actor: Actor, sights: Iterable[str]) -> bytes:
    """What is another one as soon as any of these is, or the root; their order is the same."""
    return vault.blind_mark(_key(actor), "study", "sight", "\n".join(sorted(sights)).encode())


def _key(actor: Actor) -> Secret:
    return vault.sub_key(actor.root, "lists")


def _context(actor: Actor, written: UUID, column: str) -> bytes:
    return vault.contexts.blob(actor.id, uuid5(written, column), "summary")
