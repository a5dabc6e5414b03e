"""
T22, without a clock: an answer about somebody costs what an answer about nobody costs.

The same statements in the same order, as many derivations, and as many boxes tried.  What the
clock says besides is in `test_guessing.py`.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import pytest
from quart import Response

from portal import keys, vault
from portal.accounts.factors.devices import remember
from portal.accounts.models import Throttle
from portal.core.actor import Secret
from portal.core.web import cookie_name
from tests.accounts.losing import forgets
from tests.accounts.stories import ERIKA, text_of
from tests.people import PASSWORD, Browser, World
from tests.queries import counting

NOBODY: Final = "nobody@example.test"
WAITING: Final = "waiting@example.test"
"""Under this address somebody waits who has not activated their account."""
WRONG: Final = "not this one, surely"
POSTMAN: Final = re.compile(
    r'"mail_delivered"|FROM "mail_waiting"|UPDATE "mail_waiting"|"mail_undelivered"'
)
"""Statements of the outbox's worker, which nobody waits for."""


@dataclass
class Cost:
    """What an answer costs."""

    statements: list[str] = field(default_factory=list)
    derivations: int = 0
    tried: int = 0


Asks = Callable[[World, str], Awaitable[Response]]


async def signs_in(world: World, mail: str) -> Response:
    return await world.browser().post("/sign-in", form={"mail": mail, "password": WRONG})


async def signs_in_with_somebodys_device(world: World, mail: str) -> Response:
    browser = world.browser()
    browser.client.set_cookie("localhost", "hds-device", remember("", uuid4(), 0))
    return await browser.post("/sign-in", form={"mail": mail, "password": WRONG})


async def forgets_with_another_code(world: World, mail: str) -> Response:
    return await forgets(world, mail, vault.pass_code())


async def has_lost_both(world: World, mail: str) -> Response:
    return await world.browser().post("/forgotten/everything", form={"mail": mail})


async def registers_with(world: World, mail: str) -> Response:
    return await world.browser().post("/register", form=ERIKA | {"mail": mail})


async def enters_with(world: World, mail: str) -> Response:
    form = {"mail": mail, "password": "a new walrus each single time", "kind": "patient"}
    return await world.browser().post("/register/short", form=form)


DOORS: Final = (
    signs_in,
    signs_in_with_somebodys_device,
    forgets_with_another_code,
    has_lost_both,
    registers_with,
    enters_with,
)


@pytest.mark.parametrize("asks", DOORS)
async def test_an_address_with_an_account_costs_what_one_without_costs(
    world: World, asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    await _waits(world)
    spent = _watched(monkeypatch)

    await asks(world, "first@example.test")  # what is asked once in ten minutes is known now
    costs = [await _cost(world, asks, mail, spent) for mail in (NOBODY, erika.mail, WAITING)]

    assert costs[0].statements == costs[1].statements == costs[2].statements != []
    assert costs[0].derivations == costs[1].derivations == costs[2].derivations
    assert costs[0].tried == costs[1].tried == costs[2].tried


async def test_unlocking_costs_the_same_for_everybody_and_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    spent = _watched(monkeypatch)

    async def unlocks(world: World, account: str) -> Response:
        form = {"account": account, "proof_password": WRONG}
        headers = {"Accept": "application/json"}
        return await world.browser().post("/unlock", json=form, headers=headers)

    about = (str(uuid4()), str(erika.actor.id))
    costs = [await _cost(world, unlocks, each, spent) for each in about]

    assert costs[0] == costs[1]
    assert costs[0].statements


@pytest.mark.parametrize("whose", ["active", "waiting", "registered"])
async def test_wanting_an_address_costs_the_same_whether_it_is_taken(
    world: World, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wants it: with an active account, with one that waits, with a Pass just made."""
    ada = await world.patient("Ada Lindqvist")
    browser, path, form = await _who_wants(world, whose)
    spent = _watched(monkeypatch)

    async def wants(_world: World, mail: str) -> Response:
        return await browser.post(path, form=form | {"mail": mail})

    await wants(world, "first@example.test")  # what is asked about the asker once is known now
    costs = [await _cost(world, wants, mail, spent) for mail in (NOBODY, ada.mail)]

    assert costs[0] == costs[1]
    assert any('INTO "mail_waiting"' in each for each in costs[0].statements)


async def _who_wants(world: World, whose: str) -> tuple[Browser, str, dict[str, str]]:
    if whose == "active":
        erika = await world.patient("Erika Beispiel")
        return erika.browser, "/profile/address", {"present": PASSWORD}
    if whose == "waiting":
        return await _waits(world), "/activation/address", {"present": PASSWORD}
    browser = world.browser()
    page = await text_of(await browser.post("/register", form=ERIKA))
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    assert ticket
    return browser, "/register/again", {"ticket": ticket.group(1), "elsewhere": "1"}


async def _waits(world: World) -> Browser:
    """Somebody in an account whose address nobody has confirmed."""
    browser = world.browser()
    form = {"mail": WAITING, "password": PASSWORD, "kind": "patient"}
    assert (await browser.post("/register/short", form=form)).status_code == 303
    browser.csrf = keys.csrf_token(browser.cookie(cookie_name(world.settings)) or "")
    return browser


def _watched(monkeypatch: pytest.MonkeyPatch) -> Cost:
    """Counts derivations and boxes tried from now on."""
    spent, derive, unbox = Cost(), vault.derive, vault.unbox_secret

    def derives(typed: str, salt: bytes, cost: vault.Cost) -> Secret:
        spent.derivations += 1
        return derive(typed, salt, cost)

    def tries(key: Secret, boxed: bytes, context: bytes) -> Secret:
        spent.tried += 1
        return unbox(key, boxed, context)

    monkeypatch.setattr(vault, "derive", derives)
    monkeypatch.setattr(vault, "unbox_secret", tries)
    return spent


async def _cost(world: World, asks: Asks, about: str, spent: Cost) -> Cost:
    await Throttle.all().delete()
    derivations, tried = spent.derivations, spent.tried
    with counting() as sent:
        answer = await asks(world, about)
    assert answer.status_code < 429, await text_of(answer)
    statements = [each.split(": [", 1)[0] for each in sent if not POSTMAN.search(each)]
    return Cost(statements, spent.derivations - derivations, spent.tried - tried)
