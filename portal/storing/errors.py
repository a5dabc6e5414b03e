"""What can stand in the way of storing."""

from portal.core.errors import Full
from portal.core.language import N_


class QuotaFull(Full):
    """The account's own space is used up; `free` and `needed` are bytes."""

    code = "quota_full"
    message = N_("There is not enough space left in your account. Nothing was stored.")


class DiskFull(Full):
    """The store itself is nearly full; reading goes on."""

    code = "disk_full"
