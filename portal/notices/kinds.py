"""What there is to tell, and where it is told unless somebody wishes otherwise."""

from dataclasses import dataclass
from typing import Final, Literal

from portal.core.actor import AccountKind
from portal.core.language import N_

Channel = Literal["app", "mail", "push"]
CHANNELS: Final[dict[Channel, str]] = {
    "app": N_("In the portal"),
    "mail": N_("By mail"),
    "push": N_("On my devices"),
}

EVERYBODY: Final[frozenset[AccountKind]] = frozenset({"patient", "professional"})
COLLEAGUES: Final[frozenset[AccountKind]] = frozenset({"professional"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of news: what the settings call it, and where it is told at first."""

    words: str
    channels: frozenset[Channel]
    urgent: bool = False
    icon: str = "bell"
    audience: frozenset[AccountKind] = COLLEAGUES
    fixed: bool = False
    """About the safety of the account: shown and mailed, whatever was chosen."""
    collected: bool = False
    """What is new of it, about whatever things, is one notice until its reader looks."""


def _in(*channels: Channel) -> frozenset[Channel]:
    return frozenset(channels)


def _security(words: str) -> Kind:
    return Kind(words, _in("app", "mail"), icon="shield", audience=EVERYBODY, fixed=True)


KINDS: Final[dict[str, Kind]] = {
    "invitation": Kind(N_("An invitation to a community"), _in("app", "mail", "push"), icon="mail"),
    "mention": Kind(
        N_("Somebody calls me by name"), _in("app", "mail", "push"), urgent=True, icon="discussion"
    ),
    "reply": Kind(N_("An answer to a post of mine"), _in("app", "mail", "push"), icon="reply"),
    "post": Kind(
        N_("New posts in a case that I opened or wrote in"), _in("app", "mail"), icon="discussion"
    ),
    "case": Kind(N_("A new case in one of my communities"), _in("app", "mail"), icon="case"),
    "closure": Kind(N_("A case that I follow is closed or reopened"), _in("app"), icon="lock"),
    "joined": Kind(N_("Somebody joins a community that I own"), _in("app"), icon="communities"),
    "left": Kind(N_("Somebody leaves a community that I own"), _in("app"), icon="communities"),
    "removed": Kind(
        N_("My membership of a community is ended"), _in("app", "mail"), icon="communities"
    ),
    "prepared": Kind(
        N_("What I uploaded can be opened"),
        _in("app"),
        icon="documents",
        audience=EVERYBODY,
        collected=True,
    ),
    "password_changed": _security(N_("Your password was changed.")),
    "new_device": _security(N_("Somebody signed in to your account on a device new to it.")),
    "factor_added": _security(N_("A second step was added to your account.")),
    "factor_removed": _security(N_("A second step was removed from your account.")),
    "passkey_copied": _security(N_("A passkey of your account may have been copied.")),
    "codes_renewed": _security(N_("New recovery codes were made for your account.")),
    "code_used": _security(N_("A recovery code was used in place of the second factor.")),
    "pass_used": _security(N_("The code of your Pass was used in place of the second factor.")),
    "token_made": _security(N_("A program was given access to your account.")),
    "sheet_used": _security(N_("A new password was set with your recovery sheet.")),
    "pass_renewed": _security(N_("You have a new Pass; the code on the old one is void.")),
    "recovery_made": _security(N_("A recovery sheet for your account was made.")),
    "recovery_revoked": _security(N_("The recovery sheet of your account is void.")),
    "account_secured": _security(N_("Your account was secured with new keys.")),
    "address_changed": _security(N_("The e-mail address of your account was changed.")),
    "reset_set": _security(N_("Somebody asked to empty your account; signing in has stopped it.")),
    "delete_set": _security(N_("Your account is going to be deleted.")),
}

COLLECTED: Final = frozenset(name for name, kind in KINDS.items() if kind.collected)

CHOSEN: Final = {name: kind for name, kind in KINDS.items() if not kind.fixed}
"""Those whose channels are everybody's own choice."""
