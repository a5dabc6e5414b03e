"""Documents: findings as PDF, kept bit for bit, shown as pictures of their pages."""

from portal.documents.access import known
from portal.documents.belongings import Belongings
from portal.documents.desk import Desk
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
from portal.documents.routes import create_blueprint
from portal.documents.taking import Arrived, Taken, taking

__all__ = [
    "Arrived",
    "Belongings",
    "Desk",
    "DocumentSummary",
    "Enclosed",
    "Inside",
    "OpenDocument",
    "Taken",
    "TooLarge",
    "already_there",
    "create_blueprint",
    "delete",
    "ids_of",
    "known",
    "look_at",
    "mine",
    "open_own",
    "rename",
    "taking",
]
