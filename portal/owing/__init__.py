"""What must happen after a commit, however the process ends: owed in the transaction, then paid."""

from portal.owing.service import owe, pay_what_is_due, paying, working

__all__ = ["owe", "pay_what_is_due", "paying", "working"]
