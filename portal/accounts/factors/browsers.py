"""Cookies on both ways: what a browser brings, and what it is told to forget."""

from quart import Response, request

from portal import keys
from portal.accounts.answers import (
    YEAR_SECONDS,
    device_cookie,
    drop_cookie,
    give_cookie,
    half_cookie,
)
from portal.accounts.factors.devices import Visit, number_of, remember
from portal.accounts.models import Account
from portal.core.actor import AccountId
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.edge import network_of

LONGEST_AGENT = 400


def visit(settings: Settings) -> Visit:
    """The browser that asks."""
    return Visit(
        network_of(request.remote_addr),
        request.headers.get("User-Agent", "")[:LONGEST_AGENT],
        request.cookies.get(device_cookie(settings), ""),
    )


def here(settings: Settings) -> str:
    """The number of the browser that asks; empty when it never signed in to anything."""
    return number_of(request.cookies.get(device_cookie(settings), ""))


async def stay_known(answer: Response, settings: Settings, account: AccountId) -> None:
    """This browser is known after all others were forgotten: its owner sits before it."""
    owner = await Account.get_or_none(id=account).only("devices_rev")
    if owner is None:
        return
    before = request.cookies.get(device_cookie(settings), "")
    known = remember(before, account, owner.devices_rev)
    give_cookie(answer, settings, device_cookie(settings), known, YEAR_SECONDS)


async def half(settings: Settings, *stages: keys.Stage) -> keys.Half | None:
    """Whoever is half-way in with this browser, at one of *stages*."""
    return await keys.half_by_cookie(request.cookies.get(half_cookie(settings), ""), *stages)


def drop_session(answer: Response, settings: Settings) -> None:
    """The session's cookie goes; it opens nothing any more."""
    drop_cookie(answer, settings, cookie_name(settings))


def forget_sign_in(answer: Response, settings: Settings) -> None:
    """
    Everything of this sign-in goes: cookies by name, caches and storage by `Clear-Site-Data`.

    Not all cookies: by one of them the browser is known when its owner comes back, and so nobody is
    warned of a strange device after each time of logging out.
    """
    drop_session(answer, settings)
    drop_cookie(answer, settings, half_cookie(settings))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
