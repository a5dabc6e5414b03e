from portal.core.errors import Denied, Gone, Invalid
from portal.core.language import N_


class WrongProof(Denied):
    """Not the code, the passkey or the password that was asked for."""

    code = "wrong_proof"
    message = N_("That is not right. Please try again.")


class UsedCode(WrongProof):
    """A code of the authenticator app that was used already."""

    code = "used_code"
    message = N_("This code was used already. Please wait for the next one, at most 30 seconds.")


class FactorWanted(Denied):
    """The password alone, where an account has a second factor to show."""

    code = "factor_wanted"
    message = N_(
        "Your account has a second step, and what you are about to do asks for it. "
        "Please use your passkey, a code from your app or a recovery code."
    )


class PassRests(WrongProof):
    """The Pass as second step, soon after it has set the password: one paper is one factor."""

    code = "pass_rests"
    message = N_(
        "The code from your Pass has set the password, so it does not count as the second step, "
        "too, until %(until)s. Please use your app, a passkey or a recovery code."
    )


class PasskeyRefused(Denied):
    """The passkey's answer does not fit: another site, another challenge, another person."""

    code = "passkey_refused"
    message = N_("This passkey was not accepted. Please try again, or use another way.")


class PasskeyCopied(PasskeyRefused):
    """The passkey's own count went back or stood still: somebody has a copy (WebAuthn L3, 7.2)."""

    code = "passkey_copied"
    message = N_(
        "This passkey was not accepted: its counter says that there is a copy of it. "
        "Please use another way, and remove this passkey from your account."
    )


class PasskeyUnknown(Denied):
    """A passkey that opens no account by itself."""

    code = "passkey_unknown"
    message = N_(
        "This passkey cannot sign you in by itself. "
        "Please sign in with your password; the passkey is the second step then."
    )


class ChallengeOver(Gone):
    """The question to the passkey was answered already or is older than five minutes."""

    code = "challenge_over"
    message = N_("That took too long. Please try again.")


class HalfOver(Gone):
    """The half-way state is over: ten minutes, or used already."""

    code = "half_over"
    message = N_("That took too long. Please sign in once more.")


class SetUpOver(Gone):
    """The secret on the page is older than ten minutes or not ours."""

    code = "set_up_over"
    message = N_("This page is too old. Please start again.")


class TooMany(Invalid):
    """More passkeys than an account may have."""

    code = "too_many_passkeys"
    message = N_("You have as many passkeys as an account may have. Please remove one first.")


class LastFactor(Denied):
    """The last second factor of somebody who needs one."""

    code = "last_factor"
    message = N_("Your account needs a second factor. Please add another one first.")


class ShortPassword(Denied):
    """The last second factor of somebody whose password was judged beside it."""

    code = "short_password"
    message = N_(
        "Your password is long enough only beside a second step. "
        "Please change it to a longer one first; then you can remove the last second step."
    )
