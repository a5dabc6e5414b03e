"""Communities of physicians, their cases, threads, posts and pins."""

from cases import casework, communities, reading, threads
from cases.access import communities_of, readers_of
from cases.auditing import keeping_watch
from cases.casework import study_key
from cases.leaving import Belongings
from cases.own_words import OwnCase, put_in_by, written_by
from cases.pins import Pin
from cases.withdrawing import cases_about, withdrawing
from cases.wording import describe as describe_notices

__all__ = [
    "Belongings",
    "OwnCase",
    "Pin",
    "cases_about",
    "casework",
    "communities",
    "communities_of",
    "describe_notices",
    "keeping_watch",
    "put_in_by",
    "readers_of",
    "reading",
    "study_key",
    "threads",
    "withdrawing",
    "written_by",
]
