"""Sealed objects, durable and counted: where every study and document lies."""

from portal.storing.boxes import Boxes, Place, Role
from portal.storing.errors import DiskFull, QuotaFull
from portal.storing.keeping import (
    Space,
    forget_account,
    keep,
    let_go,
    let_go_of,
    objects_of,
    sizes_of,
    space,
)
from portal.storing.store import Room, Store
from portal.storing.sweeping import sweep, sweeping

__all__ = [
    "Boxes",
    "DiskFull",
    "Place",
    "QuotaFull",
    "Role",
    "Room",
    "Space",
    "Store",
    "forget_account",
    "keep",
    "let_go",
    "let_go_of",
    "objects_of",
    "sizes_of",
    "space",
    "sweep",
    "sweeping",
]
