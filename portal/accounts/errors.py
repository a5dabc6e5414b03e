from math import ceil
from typing import Final

from portal.core.errors import Busy, Conflict, Denied, Gone, Invalid
from portal.core.language import N_, ngettext

MINUTE: Final = 60
HOUR: Final = 3600
"""Seconds; the unit is used from two of them on."""


class WrongSignIn(Denied):
    """The one answer to a wrong password, an unknown address and an account not activated yet."""

    code = "wrong_sign_in"
    message = N_("E-mail address or password is not right.")


class WrongPassword(Denied):
    """The present password, asked for again, is not this."""

    code = "wrong_password"
    message = N_("This is not your present password.")


class WrongCode(Denied):
    """Not the activation code of this account."""

    code = "wrong_code"
    message = N_(
        "This is not the activation code that belongs to the link. Look at the Pass you got last."
    )


class MistypedCode(Invalid):
    """The check character says: a typing error.  It costs no try."""

    code = "mistyped_code"
    message = N_(
        "There is a typing error in the code. It has 25 characters, printed in five groups of five."
    )


class LinkDead(Gone):
    """An activation link that was used, is older than four weeks or never existed."""

    code = "link_dead"
    message = N_(
        "This link is no longer valid. "
        "If your account is activated, sign in; if not, register again."
    )


class LinkUsed(Gone):
    """A mailed link that was pressed already."""

    code = "link_used"
    message = N_("This link was already used. It works once only.")


class MailedLinkDead(Gone):
    """A mailed link of an account that is older than it may be, was stopped or never existed."""

    code = "mailed_link_dead"
    message = N_("This link is no longer valid. If you still need it, ask for a new one.")


class WrongRecovery(Denied):
    """The one answer to a wrong code, an unknown address and an account not activated yet."""

    code = "wrong_recovery"
    message = N_(
        "This e-mail address and this code do not belong together. "
        "Use the code of the Pass you got last, or of your recovery sheet."
    )


class SameAddress(Invalid):
    """The new address is the present one."""

    code = "same_address"
    message = N_("This is your present e-mail address.")


class AddressTaken(Conflict):
    """Another account with this address was activated in the meantime."""

    code = "address_taken"
    message = N_("An account with this e-mail address is active already. Please sign in with it.")


class WeakPassword(Invalid):
    """Too short, too common or too easily guessed; `message` of the instance says which."""

    code = "weak_password"
    message = N_("This password is too easily guessed.")


class TooManyTries(Busy):
    """Wait `retry_after` seconds; `wait` is the same in words, in the reader's language."""

    code = "too_many_tries"
    message = N_("Too many attempts. Please wait %(wait)s and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after, wait=_in_words(retry_after))


class Stopped(Busy):
    """A hundred failures in a row: guessing is over, whoever it was."""

    code = "stopped"
    message = N_(
        "Too many wrong attempts. For safety, this way is closed now. "
        "With the activation code from your Pass you can set a new password, "
        "and that opens it again."
    )


class NotActivated(Denied):
    """Something that an account may do only when its address is confirmed."""

    code = "not_activated"
    message = N_(
        "This is possible as soon as your account is activated: "
        "follow the link in our mail and enter the code from your Pass."
    )


class CodesStopped(Stopped):
    """A hundred wrong codes at one link."""

    code = "codes_stopped"
    message = N_(
        "Too many wrong codes. For safety, this link is closed now. "
        "Register again to get a new Pass and a new link."
    )


class NotConfirmed(Denied):
    """A professional whom nobody has confirmed to be one (Q-24)."""

    code = "not_confirmed"
    message = N_(
        "Communities open when somebody has confirmed that you are a health professional. "
        "Ask a colleague who owns a community to invite you and to confirm it, "
        "or ask the operator of this portal."
    )


class LookedAtAgain(Invalid):
    """A confirmed professional wants to say something else than what was confirmed."""

    code = "looked_at_again"
    message = N_(
        "Name, specialty and licence number are what somebody confirmed. With others you are "
        "looked at again, and communities stay closed until then. Please tick the box to save it."
    )


class CardChanged(Conflict):
    """What somebody is about to confirm is said no more."""

    code = "card_changed"
    message = N_(
        "This person has changed the entry since you looked, so nothing was confirmed. "
        "Look at what it says now, then confirm."
    )


class StandingRefused(NotConfirmed):
    """An administrator has looked and said no: from then on only an administrator confirms."""

    code = "standing_refused"
    message = N_(
        "An administrator of the portal could not confirm this account. "
        "Only an administrator can do it from now on."
    )


class NotYourself(Denied):
    """Nobody confirms themselves."""

    code = "not_yourself"
    message = N_("Nobody can confirm themselves.")


def _in_words(seconds: int) -> str:
    """A waiting time in its largest fitting unit, never shorter than it is."""
    if seconds < 2 * MINUTE:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    if seconds < 2 * HOUR:
        return ngettext("%(num)s minute", "%(num)s minutes", ceil(seconds / MINUTE))
    return ngettext("%(num)s hour", "%(num)s hours", ceil(seconds / HOUR))
