from dataclasses import dataclass, field

from portal.core.actor import AccountId, AccountKind


@dataclass(frozen=True, slots=True)
class AccountActivated:
    """From now on this account can sign in and be found by its address."""

    account_id: AccountId
    kind: AccountKind
    mail_mark: str = field(repr=False)
    """`mailing.Address.mark` of its address, so that invitations by mail find their account."""


@dataclass(frozen=True, slots=True)
class AccountsForgotten:
    """Never activated within four weeks and deleted, with their keys."""

    account_ids: frozenset[AccountId]


@dataclass(frozen=True, slots=True)
class AccountGone:
    """Emptied or deleted: nothing of it can be opened, and its id stands nowhere any more."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class SafetyChanged:
    """Something about the safety of an account has changed, and its owner has been written to."""

    account_id: AccountId
    what: str
    """A kind of notice, such as `password_changed`."""
