"""What can go wrong with an upload or a study."""

from portal.core.errors import Busy, Conflict, Gone, Invalid, TooLarge
from portal.core.language import N_


class PartDamaged(Invalid):
    """The bytes of a part do not add up; nothing of it was stored."""

    code = "part_damaged"
    message = N_("This part of the upload arrived damaged. It is sent again.")


class PartChanged(Conflict):
    """The same part number came again with other bytes."""

    code = "part_changed"
    message = N_("This part of the upload was sent before with other content.")


class PartTooLarge(TooLarge):
    """More than one part may carry."""

    code = "part_too_large"


class PartTooSlow(Busy):
    """The line stood still; the part is sent again."""

    code = "part_too_slow"
    message = N_("The connection was too slow. The part is sent again.")


class TooManyParts(Busy):
    """More parts at once than this account, or this process, reads; the part is sent again."""

    code = "too_many_parts"
    message = N_("Too much is being sent at once. The part is sent again in a moment.")


class TooManyUploads(Busy):
    """More uploads begun and not ended than anybody needs."""

    code = "too_many_uploads"
    message = N_("Too many uploads are open at once. Please go on with one of them, or try later.")


class UploadLong(Conflict):
    """More parts than one upload, or all uploads of an account, may have answers kept for."""

    code = "upload_long"
    message = N_(
        "This upload has too many parts. What was sent is stored; "
        "please finish it, and choose the rest of the files again."
    )


class UploadOver(Gone):
    """The upload was finished, cancelled, or nobody went on with it."""

    code = "upload_over"
    message = N_("This upload has ended. Please choose the files again; nothing is sent twice.")


class OriginalGone(Gone):
    """Its owner deleted the original data of an image and kept a small picture."""

    code = "original_gone"
    message = N_("The original data of this image were deleted; a small picture of it was kept.")


class StillPreparing(Busy):
    """Pictures are made of all images before anything of an examination is deleted."""

    code = "still_preparing"
    message = N_("The images are still being prepared. Please try again in a few minutes.")
