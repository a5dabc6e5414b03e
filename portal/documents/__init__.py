"""Documents: findings as PDF and photos, kept bit for bit, shown as pictures of their pages."""

from portal.documents.access import known
from portal.documents.belongings import Belongings
from portal.documents.binning import forget_binned, in_bin, take_out, throw
from portal.documents.cleaning import cleaned
from portal.documents.desk import Desk
from portal.documents.facts import LONGEST_LABEL, one_line, shown_day
from portal.documents.listing import DocumentSummary, delete, mine, rename
from portal.documents.marks import already_there, ids_of
from portal.documents.opening import (
    Enclosed,
    Inside,
    OpenDocument,
    TooLarge,
    look_at,
    open_own,
)
from portal.documents.reading_room import ReadingRoom
from portal.documents.routes import create_blueprint
from portal.documents.taking import Arrived, Taken, is_document, taking, why_refused
from portal.documents.words import folded, matching

__all__ = [
    "LONGEST_LABEL",
    "Arrived",
    "Belongings",
    "Desk",
    "DocumentSummary",
    "Enclosed",
    "Inside",
    "OpenDocument",
    "ReadingRoom",
    "Taken",
    "TooLarge",
    "already_there",
    "cleaned",
    "create_blueprint",
    "delete",
    "folded",
    "forget_binned",
    "ids_of",
    "in_bin",
    "is_document",
    "known",
    "look_at",
    "matching",
    "mine",
    "one_line",
    "open_own",
    "rename",
    "shown_day",
    "take_out",
    "taking",
    "throw",
    "why_refused",
]
