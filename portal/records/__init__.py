"""
Records: what people write here about themselves, each version kept and sealed.

A medication plan is one; every record has a key of its own like an examination's, so it can be
handed on in the same way.
"""

from portal.records.access import known
from portal.records.belongings import Belongings
from portal.records.binning import forget_binned, in_bin
from portal.records.chain import delete
from portal.records.copies import Copy, everything
from portal.records.listing import RecordSummary, mine
from portal.records.routes import create_blueprint

__all__ = [
    "Belongings",
    "Copy",
    "RecordSummary",
    "create_blueprint",
    "delete",
    "everything",
    "forget_binned",
    "in_bin",
    "known",
    "mine",
]
