"""Sealed objects, durable and counted: where every study and document lies."""

from portal.storing.bins import KEPT, days_left, thrown_before
from portal.storing.boxes import Boxes, Place, Role, write
from portal.storing.clock import database_now
from portal.storing.errors import Away, Damaged, DiskFull, QuotaFull, StillLeaving
from portal.storing.folder import FolderStore, Room
from portal.storing.guide import Fits
from portal.storing.keeping import (
    Payer,
    Space,
    drop_at_once,
    forget_account,
    keep,
    keep_in_rows,
    let_go,
    let_go_of,
    objects_of,
    prolong,
    shares_of,
    sizes_of,
    space,
)
from portal.storing.opening import store_for
from portal.storing.presence import prove
from portal.storing.store import PARTS, Store
from portal.storing.sweeping import missing, sweep, sweeping

__all__ = [
    "KEPT",
    "PARTS",
    "Away",
    "Boxes",
    "Damaged",
    "DiskFull",
    "Fits",
    "FolderStore",
    "Payer",
    "Place",
    "QuotaFull",
    "Role",
    "Room",
    "Space",
    "StillLeaving",
    "Store",
    "database_now",
    "days_left",
    "drop_at_once",
    "forget_account",
    "keep",
    "keep_in_rows",
    "let_go",
    "let_go_of",
    "missing",
    "objects_of",
    "prolong",
    "prove",
    "shares_of",
    "sizes_of",
    "space",
    "store_for",
    "sweep",
    "sweeping",
    "thrown_before",
    "write",
]
