"""
A token for a program whose owner signs in there: password and second step, and no page.

Everything is judged, counted and told as on the pages; the session that it takes is over before
the program has its answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Self

from portal import keys
from portal.accounts.dates import today
from portal.accounts.entrance import signing
from portal.accounts.factors import document, entering
from portal.accounts.factors.devices import Visit
from portal.accounts.factors.entering import Policy, SignedIn
from portal.accounts.factors.errors import HalfOver
from portal.accounts.factors.passkeys import Site
from portal.accounts.factors.proofs import Proof
from portal.accounts.forms import LONGEST_TYPED, SigningIn
from portal.accounts.programs.forms import SCOPE, NewToken
from portal.accounts.programs.making import make
from portal.core.errors import Denied, reading
from portal.core.language import N_

TYPED: Final = frozenset({"mail", "password", "code", "label"})


class SecondStep(Denied):
    """The password was right, and no code came with it; `app`: there is an authenticator app."""

    code = "second_step"
    message = N_("Your password was right. Your account asks for one thing more.")


class FactorLacking(Denied):
    """Somebody who must have a second factor, and has none yet."""

    code = "factor_lacking"
    message = N_(
        "Your account needs a second step before anybody gets in. "
        "Please sign in on the portal's page once, and set it up there."
    )


@dataclass(frozen=True, slots=True)
class ForAProgram:
    """Who somebody says they are, and what their program is to get."""

    typed: SigningIn
    wanted: NewToken
    code: str = field(default="", repr=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """From `mail`, `password`, `code`, `label`, `scopes` and `days`.  Raises `Invalid`."""
        with reading():
            said = {name: data.get(name, "") for name in TYPED}
            if not all(isinstance(each, str) for each in said.values()):
                raise ValueError("text is text")
            ticked = {f"{SCOPE}{each}": "yes" for each in data["scopes"]}
            until = (today() + timedelta(days=data["days"])).isoformat()
        wanted = NewToken.parse({"label": said["label"], "until": until} | ticked)
        return cls(SigningIn.parse(said), wanted, said["code"][:LONGEST_TYPED])


async def sign_in_program(asked: ForAProgram, visit: Visit, policy: Policy, site: Site) -> str:
    """
    The token, for the only time; its owner is told by mail.

    Raises like `signing.sign_in`, `proofs.second_step` and `making.make`; `SecondStep` when a code
    is lacking, `FactorLacking` when there must be a second factor first.
    """
    session = await signing.sign_in(asked.typed, visit, policy)
    if session.stage is not None:
        session = await _whole(session, asked.code, visit, site)
    actor = await keys.actor_by_cookie(session.cookie)
    if actor is None:  # ended while it was made
        raise HalfOver
    try:
        return await make(actor, asked.wanted)
    finally:
        await keys.end_session(actor)


async def _whole(session: SignedIn, code: str, visit: Visit, site: Site) -> SignedIn:
    half = await keys.half_by_cookie(session.cookie, "second", "setup")
    if half is None:
        raise HalfOver
    try:
        if session.stage == "setup":
            raise FactorLacking
        if not code:
            app = (await document.read(half.actor)).authenticator is not None
            raise SecondStep(app=app)
        return await entering.second_step(half, Proof(code=code), visit, site)
    finally:
        await keys.end_half(half)  # the next try brings the password again
