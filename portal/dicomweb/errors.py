"""What a DICOMweb service refuses, with the status that PS3.18 wants for it."""

from typing import ClassVar

from portal.core.errors import Invalid
from portal.core.language import N_


class Refusal(Invalid):
    """Base of these; *status* is what HTTP says (RFC 9110), where the portal would say another."""

    status: ClassVar[int] = 400


class BadQuery(Refusal):
    """A parameter whose name or value makes no sense (PS3.18 8.3.4, 10.6.1)."""

    code = "bad_query"
    message = N_("This search makes no sense. Please check its parameters.")


class TooBroad(Refusal):
    """More examinations would have to be opened than one search may open."""

    status = 413
    code = "too_broad"
    message = N_("This search is too broad. Please say more about the examination.")


class TooMany(Refusal):
    """More pictures would have to be made than one message may hold."""

    status = 413
    code = "too_many"
    message = N_("These are more than %(most)s pictures. Please ask for a series or single images.")


class NotAcceptable(Refusal):
    """None of the media types and transfer syntaxes asked for can be given."""

    status = 406
    code = "not_acceptable"
    message = N_("This is not available in the form asked for. Available: %(available)s")


class NotSupported(Refusal):
    """What was sent is of a media type that is not taken here."""

    status = 415
    code = "not_supported"
    message = N_("Please send multipart/related with parts of the type application/dicom.")


class BadMessage(Refusal):
    """A multipart message that does not hold together (RFC 2046, 2387)."""

    code = "bad_message"
    message = N_("What was sent is no complete message of several parts.")
