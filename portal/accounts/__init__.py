"""
Accounts: register, activate, sign in, Pass, password, profile, address book.

What the portal knows about a person while nobody is signed in: kind, state, language, and a boxed
address.  Everything else opens with the person's root.
"""

from portal.accounts import belongings
from portal.accounts.administration.reviewing import reason_for
from portal.accounts.administration.situations import Situation, situation_of
from portal.accounts.administrators import (
    addresses_of_administrators,
    appoint,
    dismiss,
    is_administrator,
)
from portal.accounts.belongings import Belongings, Loss
from portal.accounts.by_password import FactorLacking, ForAProgram, SecondStep, sign_in_program
from portal.accounts.dates import read_birth_date, read_day, today
from portal.accounts.departures import Departure, departure_of
from portal.accounts.entrance.forms import ShortRegistration
from portal.accounts.entrance.registering import activate, admit, forget_unactivated, register
from portal.accounts.entrance.signing import (
    change_password,
    language_of,
    sign_in,
    sign_out,
    write_to,
)
from portal.accounts.errors import (
    AddressTaken,
    CardChanged,
    NotActivated,
    NotConfirmed,
    NotYourself,
    StandingRefused,
    Stopped,
    TooManyTries,
)
from portal.accounts.events import (
    AccountActivated,
    AccountGone,
    AccountsForgotten,
    SafetyChanged,
)
from portal.accounts.factors import NoKeyFiles, StepUpNeeded, step_up
from portal.accounts.factors import carry_over as carry_over_factors
from portal.accounts.factors.browsers import here as this_browser
from portal.accounts.factors.browsers import visit as this_visit
from portal.accounts.factors.devices import Visit
from portal.accounts.factors.passkeys import Site
from portal.accounts.forms import (
    Activating,
    PasswordChange,
    Preferences,
    Registration,
    SigningIn,
)
from portal.accounts.guessing import open_again
from portal.accounts.housekeeping import keeping_house
from portal.accounts.papers.issuing import asks_for_pass
from portal.accounts.papers.passes import Pass, read_ticket, ticket
from portal.accounts.papers.printing import as_card, as_pdf
from portal.accounts.profile.directory import (
    ColleagueCard,
    ColleaguesOnly,
    by_mail,
    by_mails,
    card,
    card_versions,
    cards,
    existing,
    find_colleagues,
    licences,
)
from portal.accounts.profile.forms import ProfileEdit
from portal.accounts.profile.profiles import Profile, edit, prefer, profile_of
from portal.accounts.standings import (
    OPERATOR,
    confirm,
    confirm_and_write,
    confirmed_among,
    must_be_confirmed,
    must_be_confirmed_as,
)
from portal.accounts.standings import withdraw as withdraw_confirmation
from portal.accounts.throttles import Limit, count, give_back
from portal.accounts.unverified import must_be_activated

__all__ = [
    "OPERATOR",
    "AccountActivated",
    "AccountGone",
    "AccountsForgotten",
    "Activating",
    "AddressTaken",
    "Belongings",
    "CardChanged",
    "ColleagueCard",
    "ColleaguesOnly",
    "Departure",
    "FactorLacking",
    "ForAProgram",
    "Limit",
    "Loss",
    "NoKeyFiles",
    "NotActivated",
    "NotConfirmed",
    "NotYourself",
    "Pass",
    "PasswordChange",
    "Preferences",
    "Profile",
    "ProfileEdit",
    "Registration",
    "SafetyChanged",
    "SecondStep",
    "ShortRegistration",
    "SigningIn",
    "Site",
    "Situation",
    "StandingRefused",
    "StepUpNeeded",
    "Stopped",
    "TooManyTries",
    "Visit",
    "activate",
    "addresses_of_administrators",
    "admit",
    "appoint",
    "as_card",
    "as_pdf",
    "asks_for_pass",
    "belongings",
    "by_mail",
    "by_mails",
    "card",
    "card_versions",
    "cards",
    "carry_over_factors",
    "change_password",
    "confirm",
    "confirm_and_write",
    "confirmed_among",
    "count",
    "departure_of",
    "dismiss",
    "edit",
    "existing",
    "find_colleagues",
    "forget_unactivated",
    "give_back",
    "is_administrator",
    "keeping_house",
    "language_of",
    "licences",
    "must_be_activated",
    "must_be_confirmed",
    "must_be_confirmed_as",
    "open_again",
    "prefer",
    "profile_of",
    "read_birth_date",
    "read_day",
    "read_ticket",
    "reason_for",
    "register",
    "sign_in",
    "sign_in_program",
    "sign_out",
    "situation_of",
    "step_up",
    "this_browser",
    "this_visit",
    "ticket",
    "today",
    "withdraw_confirmation",
    "write_to",
]
