"""
What can go wrong for a caller, in a few kinds.

A room subclasses one of these and sets `code` and `message` (an English msgid); only the edges
(`portal.core.web` and `realtime`) know what a kind looks like on the wire.  A fault of ours is
none of these: it is a 500, logged, and says nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from portal.core.language import N_


class PortalError(Exception):
    """Base of everything a caller is told about; `details` fill the placeholders of `message`."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = N_("That did not work.")

    def __init__(self, **details: Any) -> None:
        super().__init__(self.code)
        self.details = details


class Invalid(PortalError):
    """The request makes no sense.  `details["fields"]` may map a field's name to its problem."""

    code = "invalid"
    message = N_("Please check what you entered.")


class Unknown(PortalError):
    """There is no such thing, or you may not know that there is."""

    code = "not_found"
    message = N_("This page does not exist, or you have no access to it.")


class Denied(PortalError):
    """You may see it, but not do this to it."""

    code = "denied"
    message = N_("You may not do this.")


class SignInNeeded(Denied):
    """Nobody is signed in, or no longer."""

    code = "sign_in"
    message = N_("Please sign in to go on.")


class Conflict(PortalError):
    """It was possible a moment ago, or for someone else."""

    code = "conflict"
    message = N_("Somebody was faster. Please look again and repeat.")


class Gone(PortalError):
    """It was valid once."""

    code = "gone"
    message = N_("This is no longer valid.")


class TooLarge(PortalError):
    """More bytes than this place takes."""

    code = "too_large"
    message = N_("That is larger than this place accepts.")


class Busy(PortalError):
    """Too often, or too much at once.  `details["retry_after"]` gives seconds."""

    code = "busy"
    message = N_("Too many attempts. Please wait a moment and try again.")


class Away(Busy):
    """Something that we rely on cannot be reached; nothing was changed."""

    code = "away"


class Full(PortalError):
    """No room left on our side; reading goes on, nothing was stored."""

    code = "full"
    message = N_("The storage is full at the moment. Nothing was stored; please try again later.")


@contextmanager
def reading() -> Iterator[None]:
    """Whatever breaks while untrusted input is read is the sender's fault."""
    try:
        yield
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise Invalid from error
