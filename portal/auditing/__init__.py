"""Who opened what: an append-only log for each account, chained, readable by its owner alone."""

from portal.auditing.belongings import Belongings
from portal.auditing.entries import Act, Entry, Thing
from portal.auditing.reading import Line, Log, known, length_of, log_of
from portal.auditing.routes import create_blueprint
from portal.auditing.writing import happened, opened, opened_all

__all__ = [
    "Act",
    "Belongings",
    "Entry",
    "Line",
    "Log",
    "Thing",
    "create_blueprint",
    "happened",
    "known",
    "length_of",
    "log_of",
    "opened",
    "opened_all",
]
