"""What colleagues hear about: ids only.  Who reads is decided when it happens and travels along."""

from dataclasses import dataclass

from cases.ids import CaseId, CommunityId, ThreadId
from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class Changed:
    """The community's change number *seq* has been committed."""

    readers: frozenset[AccountId]
    community: CommunityId
    case: CaseId | None
    seq: int


@dataclass(frozen=True, slots=True)
class ReadFurther:
    """This account has seen a thread up to change *seq*; its other windows follow."""

    account: AccountId
    community: CommunityId
    case: CaseId
    thread: ThreadId
    seq: int


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """This account no longer belongs to the community; its open pages must end."""

    community: CommunityId
    account: AccountId


@dataclass(frozen=True, slots=True)
class Invited:
    """An account was invited and may accept."""

    account: AccountId
    community: CommunityId


@dataclass(frozen=True, slots=True)
class Shredded:
    """The last member left: rows and keys are gone, nothing of the community can be read."""

    community: CommunityId
