"""What this room tells others, ids only."""

from dataclasses import dataclass
from uuid import UUID

from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class StudyDeleted:
    """A study and every key to it are gone."""

    study: UUID
    owner: AccountId


@dataclass(frozen=True, slots=True)
class StudyBinned:
    """A study went into the bin or came out of it: whoever shows it looks."""

    study: UUID
    owner: AccountId


@dataclass(frozen=True, slots=True)
class StudyThinned:
    """The originals of a study are deleted, small pictures stay: whoever shows it looks."""

    study: UUID
    owner: AccountId


@dataclass(frozen=True, slots=True)
class StudyPrepared:
    """All images of a study are ready for the viewer."""

    study: UUID
    owner: AccountId


@dataclass(frozen=True, slots=True)
class StudyWorded:
    """Other words are written inside a study than before: whoever searches it looks."""

    study: UUID
    owner: AccountId
