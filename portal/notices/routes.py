"""The pages of notices.  Every rule is in the verbs; words come from whoever keeps the things."""

import base64
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response, current_app, redirect, render_template, request
from quart.typing import ResponseReturnValue

from portal import accounts, keys
from portal.core.db import now
from portal.core.errors import Invalid
from portal.core.errors import reading as reading_input
from portal.core.language import ZONE
from portal.core.settings import Settings
from portal.core.web import explain, signed_in, wants_html
from portal.notices import devices, reading, stopping, wishing
from portal.notices.devices import Subscription
from portal.notices.forms import PAUSES, parse_pause, parse_wishes, zones
from portal.notices.kinds import CHANNELS, CHOSEN
from portal.notices.preferences import DEFAULT, Preferences
from portal.notices.reading import Describe, Shown
from portal.notices.timing import HOUR_MINUTES

PUBLIC: Final = frozenset(
    {
        "notices.ask_stop",  # the link in our mails works without signing in
        "notices.stop",
        "notices.push_worker",  # browsers renew it by themselves, also when nobody is signed in
    }
)
"""What strangers reach here, each with its reason."""

FROM_ANYWHERE: Final = frozenset({"notices.stop"})
"""Writes that need not start on our pages: a mail program's own button (RFC 8058) sends neither
cookie nor origin.  What it can do is in the address: end the mails of the account that got it."""


def create_blueprint(describe: Describe, settings: Settings) -> Blueprint:
    """Pages under /notices and /profile/notices; *describe* puts notices into words."""
    blueprint = Blueprint("notices", __name__)
    _list(blueprint, describe)
    _wishes(blueprint)
    _stopping(blueprint)
    _devices(blueprint, settings)
    return blueprint


def _list(blueprint: Blueprint, describe: Describe) -> None:
    @blueprint.get("/notices")
    async def show() -> ResponseReturnValue:
        found = await reading.listed(signed_in(), describe)
        days = [(day, list(each)) for day, each in groupby(found, key=_day)]
        return await render_template(
            "notices/list.html",
            days=days,
            unread=any(each.unread for each in found),
            latest=found[0].at if found else now(),
        )

    @blueprint.get("/notices/count")
    async def count() -> ResponseReturnValue:
        return {"unread": await reading.unread(signed_in().id)}

    @blueprint.get("/notices/<uuid:notice>")
    async def open_(notice: UUID) -> ResponseReturnValue:
        return redirect(await reading.open_(signed_in(), notice, describe), 303)

    @blueprint.post("/notices/<uuid:notice>/read")
    async def read(notice: UUID) -> ResponseReturnValue:
        await reading.read(signed_in(), notice)
        return _back()

    @blueprint.post("/notices/read")
    async def read_all() -> ResponseReturnValue:
        with reading_input():
            until = datetime.fromisoformat((await request.form)["until"])
            until.astimezone(ZONE)
        await reading.read_all(signed_in(), until)
        return _back()


def _wishes(blueprint: Blueprint) -> None:
    @blueprint.get("/profile/notices")
    async def wishes() -> ResponseReturnValue:
        return await _wishes_page(await wishing.wishes_of(signed_in()))

    @blueprint.post("/profile/notices")
    async def wish() -> ResponseReturnValue:
        form = await request.form
        try:
            wanted = parse_wishes(form, form.getlist("choice"))
        except Invalid as error:
            known = await wishing.wishes_of(signed_in())
            fields = error.details.get("fields", {})
            return await _wishes_page(known, fields or {"": explain(error)}, form), 422
        await wishing.wish(signed_in(), wanted)
        return redirect("/profile/notices?saved=1", 303)

    @blueprint.post("/profile/notices/pause")
    async def pause() -> ResponseReturnValue:
        await wishing.pause(signed_in(), parse_pause(await request.form))
        return redirect("/profile/notices", 303)

    @blueprint.post("/profile/notices/mails")
    async def want_mails() -> ResponseReturnValue:
        await wishing.want_mails(signed_in())
        return redirect("/profile/notices?saved=1", 303)


def _stopping(blueprint: Blueprint) -> None:
    @blueprint.get("/notices/stop/<token>")
    async def ask_stop(token: str) -> ResponseReturnValue:
        """A page with buttons: mail scanners open links, and open only."""
        await stopping.owner_of(token)
        return await render_template("notices/stop.html", token=token, done="")

    @blueprint.post("/notices/stop/<token>")
    async def stop(token: str) -> ResponseReturnValue:
        done = "pause" if (await request.form).get("for") == "week" else "stop"
        await (stopping.pause if done == "pause" else stopping.stop)(token)
        return await render_template("notices/stop.html", token=token, done=done)


def _devices(blueprint: Blueprint, settings: Settings) -> None:
    hosts = tuple(settings.push_hosts.split())

    @blueprint.get("/push-worker.js")
    async def push_worker() -> ResponseReturnValue:
        """At the root, because a worker serves the folder it lies in and what is below."""
        asset: Any = current_app.jinja_env.globals["asset"]
        static: Any = current_app.view_functions["static"]
        name = asset("push-worker.js").removeprefix("/static/")
        answer: Response = await static(filename=name)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @blueprint.post("/profile/notices/devices")
    async def add_device() -> ResponseReturnValue:
        sent = await request.get_json(silent=True)
        found = Subscription.parse(sent, hosts)
        await devices.add(signed_in(), found, accounts.this_browser(settings))
        return {"ok": True}, 201

    @blueprint.post("/profile/notices/devices/known")
    async def knows_device() -> ResponseReturnValue:
        """Whether this device is told; what the browser remembers may be over here."""
        sent = await request.get_json(silent=True)
        with reading_input():
            endpoint = str(sent["endpoint"])
        return {"known": await devices.knows(signed_in(), endpoint)}

    @blueprint.post("/profile/notices/devices/removal")
    async def remove_device() -> ResponseReturnValue:
        sent = await request.get_json(silent=True) if request.is_json else None
        if sent is None:
            await devices.remove_all(signed_in())
            return redirect("/profile/notices?saved=1", 303)
        with reading_input():
            endpoint = str(sent["endpoint"])
        await devices.remove(signed_in(), endpoint)
        return {"ok": True}


async def _wishes_page(
    wishes: Preferences,
    fields: Mapping[str, str] | None = None,
    form: Mapping[str, Any] | None = None,
) -> str:
    quiet = tuple(map(_clock, wishes.quiet)) if wishes.quiet else ("", "")
    shown = form or {
        "rhythm": wishes.rhythm,
        "hour": wishes.hour,
        "quiet_from": quiet[0],
        "quiet_until": quiet[1],
        "zone": wishes.zone,
        "urgent_breaks": wishes.urgent_breaks,
    }
    paused = wishes.paused_until
    return await render_template(
        "notices/wishes.html",
        wishes=wishes,
        kinds={n: kind for n, kind in CHOSEN.items() if signed_in().kind in kind.audience},
        channels=CHANNELS,
        pauses=PAUSES,
        paused=paused if paused is not None and paused > now() else None,
        zones=zones(),
        push_key=_push_key(),
        devices=await devices.count(signed_in()),
        is_new=wishes == DEFAULT,
        shown=shown,
        fields=fields or {},
        saved="saved" in request.args,
    )


def _push_key() -> str:
    """Our public key as browsers want it; empty where no pushes are sent."""
    identity = keys.push_identity()
    if identity is None:
        return ""
    return base64.urlsafe_b64encode(identity.public).decode().rstrip("=")


def _clock(minutes: int) -> str:
    hours, rest = divmod(minutes, HOUR_MINUTES)
    return f"{hours:02}:{rest:02}"


def _day(shown: Shown) -> object:
    try:
        return shown.at.astimezone(ZONE).date()
    except OverflowError:  # somebody edited the row to an end of the calendar
        return shown.at.date()


def _back() -> ResponseReturnValue:
    return redirect("/notices", 303) if wants_html() else {"ok": True}
