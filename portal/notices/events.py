from dataclasses import dataclass

from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class Noticed:
    """The number behind these accounts' bells has changed."""

    accounts: frozenset[AccountId]


@dataclass(frozen=True, slots=True)
class NoticesDue:
    """Something is to be mailed or pushed; the messenger need not wait for its next look."""
