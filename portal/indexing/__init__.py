"""
Finding words: an index in memory, and the process that keeps and asks it.

Nothing here knows a person, a community or a row.  The process imports this room and little else of
ours, so that it is there before somebody has typed their first word.
"""

from portal.indexing.index import Answer, Document, Found
from portal.indexing.query import snippet, stems_of
from portal.indexing.wanted import Wanted
from portal.indexing.worker import MOST_HITS, Name, NotOpen, Worker

__all__ = [
    "MOST_HITS",
    "Answer",
    "Document",
    "Found",
    "Name",
    "NotOpen",
    "Wanted",
    "Worker",
    "snippet",
    "stems_of",
]
