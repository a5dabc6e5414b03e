"""
The second factor, and what is known about a session: passkeys, authenticator codes, recovery codes,
the half-way state, known devices, asking again before what matters.

For other rooms and files: `await step_up(actor)` raises `StepUpNeeded` unless the person proved
within the last five minutes who they are; the edge then asks and repeats the request by itself.
`forget(account)` and `reseal(...)` join the caller's transaction when an account is deleted or gets
a new root, `start_anew(actor)` when somebody else may have set its factors up.
`known_device(cookie, account, generation)` says whether a browser signed in to an account before.
"""

from portal.accounts.factors.contents import Factors
from portal.accounts.factors.devices import known_device
from portal.accounts.factors.document import (
    NoKeyFiles,
    carry_over,
    forget,
    read,
    reseal,
    start_anew,
)
from portal.accounts.factors.stepping_up import StepUpNeeded, step_up

__all__ = [
    "Factors",
    "NoKeyFiles",
    "StepUpNeeded",
    "carry_over",
    "forget",
    "known_device",
    "read",
    "reseal",
    "start_anew",
    "step_up",
]
