"""What can stand in the way of storing."""

from portal.core import errors
from portal.core.errors import Busy, Full, Gone
from portal.core.language import N_


class QuotaFull(Full):
    """The account's own space is used up; `free` and `needed` are bytes."""

    code = "quota_full"
    message = N_("There is not enough space left in your account. Nothing was stored.")


class StillLeaving(Busy):
    """So much of the account is still being removed that what is new must wait a little."""

    code = "still_leaving"
    message = N_(
        "What you deleted is still being removed. This takes a few minutes, then there is room "
        "again. Nothing was stored."
    )


class DiskFull(Full):
    """The store itself is nearly full; reading goes on."""

    code = "disk_full"


class Away(errors.Away):
    """The whole store is not there, as when its disk is not mounted: that damages nothing."""

    code = "store_away"
    message = N_(
        "The storage cannot be reached at the moment. Nothing was changed. Please try again in a "
        "few minutes."
    )


class Damaged(Gone):
    """A stored thing is not there, or does not open: reported where that was found out."""

    code = "damaged"
    message = N_(
        "This is damaged and cannot be opened. Nothing else is affected. Please tell whoever runs "
        "this portal. If you still have the original, you can add it again."
    )
