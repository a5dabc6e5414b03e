"""
What the rows of an account with many studies say, remembered from one list to the next: sealed.

Opening thousands of keys and boxes is most of the work of a list, and little of it changes.  What
was opened is kept in this process, under a key of the account's root: between two requests nobody
can read it, and once the session is locked or over, nobody but its owner with another one.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock
from typing import Any, Final
from uuid import UUID

from portal import vault
from portal.core.actor import Actor, Secret
from portal.studies.describing import inflated, packed

WORTH_IT: Final = 500
"""Studies in one list below which every one is opened anew."""
TOGETHER: Final = 256
"""Studies that are remembered in one box, on the whole: a change opens so many anew."""
MOST: Final = 32 * 1024 * 1024
"""Bytes of all boxes."""
DEPTH: Final = 1
"""How deep the studies lie in what is packed."""

Columns = tuple[Any, ...]
"""Of one row: the id first, then whatever says that something changed."""


class Remembered:
    """Boxes with what was opened, of bounded size; the ones used longest ago go first."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._size = most, 0
        self._boxes = OrderedDict[tuple[UUID, UUID], bytes]()
        self._changing = Lock()  # several requests remember at once, each in a thread

    def get(self, actor: Actor, name: UUID) -> list[Any] | None:
        """What was opened of the studies that have this *name*; for a thread."""
        box = self._boxes.get((actor.id, name))
        if box is None:
            return None
        try:
            plain = vault.unbox(_key(actor), box, _context(actor, name))
        except vault.Tampered:  # sealed under a root that was replaced meanwhile
            return None
        found: list[Any] = json.loads(inflated(plain))
        return found

    def put(self, actor: Actor, name: UUID, opened: list[Any]) -> None:
        """Remember this from now on; for a thread."""
        box = vault.box(_key(actor), packed(opened, DEPTH), _context(actor, name))
        with self._changing:
            self._size += len(box) - len(self._boxes.pop((actor.id, name), b""))
            self._boxes[actor.id, name] = box
            while self._size > self._most:
                self._size -= len(self._boxes.popitem(last=False)[1])

    def used(self, actor: Actor, names: Sequence[UUID]) -> None:
        """These were of use just now."""
        with self._changing:
            for name in names:
                if (actor.id, name) in self._boxes:
                    self._boxes.move_to_end((actor.id, name))


def named(rows: Sequence[Columns]) -> dict[UUID, list[Columns]]:
    """The *rows* in groups that stay together, by names that change with any of their columns."""
    bits = (len(rows) // TOGETHER).bit_length()
    groups: dict[int, list[Columns]] = {}
    for each in rows:
        groups.setdefault(each[0].int >> (128 - bits) if bits else 0, []).append(each)
    return {_digest(group): group for group in groups.values()}


def _digest(rows: Sequence[Columns]) -> UUID:
    found = blake2b(digest_size=16)
    for each in sorted(rows, key=lambda row: row[0]):
        found.update(repr(each).encode())
    return UUID(bytes=found.digest())


def _key(actor: Actor) -> Secret:
    return vault.sub_key(actor.root, "lists")


def _context(actor: Actor, name: UUID) -> bytes:
    return vault.contexts.blob(actor.id, name, "summary")
