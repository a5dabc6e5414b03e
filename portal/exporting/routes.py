"""Pages to choose what to download, and the archive itself."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from math import ceil
from typing import Final
from uuid import UUID

from quart import Blueprint, Response, ResponseReturnValue, redirect, render_template, request

from portal import accounts, auditing, edge, studies
from portal.core.actor import AccountId, Actor
from portal.core.errors import Busy, Invalid, reading
from portal.core.web import signed_in, wants_html
from portal.exporting.archive import Known
from portal.exporting.choosing import AT_ONCE, MOST, Choice, chosen
from portal.exporting.everything import everything
from portal.exporting.noting import note_taken
from portal.exporting.picturing import Look, pictured
from portal.exporting.planning import planned
from portal.exporting.plans import Plan
from portal.keys import Allowed
from viewer.routes import LEAST_RATE, PATIENCE, streamed

FOR_PROGRAMS: Final[Mapping[str, Allowed]] = {"exporting.archive": "read"}
"""What programs may use, and what their token must be allowed."""

NAME: Final = "HealthDataSpace.zip"
"""Says nothing of anybody: it shows in the browser's list and in the folder of downloads."""
NEVER_RUNS: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"

ACCOUNT: Final = "/profile/export"

Turns = edge.Turnstile[AccountId]


def create_blueprint(shelf: studies.Shelf) -> Blueprint:
    """The downloads of what lies on *shelf*."""
    blueprint = Blueprint("exporting", __name__)
    # Each holds a few MiB and a child now and then: two of one account leave room for others.
    known, turns = Known(), edge.Turnstile[AccountId](each=3, all_=8, waiting=32, patience=30)

    @blueprint.get("/download")
    async def choose() -> ResponseReturnValue:
        entries = await studies.my_documents(shelf, signed_in())
        count = len(entries)
        first = min(max(0, request.args.get("from", 0, type=int)), max(0, count - 1))
        last = min(first + AT_ONCE, count)
        return await render_template(
            "exporting/choose.html",
            listed=entries[first:last],
            first=first,
            last=last,
            count=count,
            earlier=f"/download?from={max(0, first - AT_ONCE)}" if first else "",
            later=f"/download?from={last}" if last < count else "",
            nothing_chosen=request.args.get("chosen") == "0",
        )

    @blueprint.get("/download/size")
    async def size() -> ResponseReturnValue:
        choice = _choice()
        if choice.is_empty:
            return redirect("/download?chosen=0", 303)
        with await turns.through(signed_in().id):
            entries = await chosen(shelf, signed_in(), choice)
            plans = [
                await planned(shelf, signed_in(), known, entries, choice.series, dicom=dicom)
                for dicom in (True, False)
            ]
        return await render_template(
            "exporting/size.html", choice=choice, plans=plans, listed=entries
        )

    @blueprint.get("/download/archive")
    async def archive() -> ResponseReturnValue:
        choice, dicom = _choice(), request.args.get("dicom") == "1"
        with await turns.through(signed_in().id):
            entries = await chosen(shelf, signed_in(), choice)
            plan_it = partial(
                planned, shelf, signed_in(), known, entries, choice.series, dicom=dicom
            )
            try:
                plan = await (await plan_it()).sized()
            except Busy:  # what cannot be made is known by now: the next one does without
                plan = await (await plan_it()).sized()
        await note_taken(signed_in(), entries)
        return await _sent(plan, turns, signed_in())

    @blueprint.get("/download/picture/<uuid:study_id>/<uuid:instance>/<int:frame>")
    async def picture(study_id: UUID, instance: UUID, frame: int) -> ResponseReturnValue:
        look = Look.asked(request.args)
        with await turns.through(signed_in().id):
            made = await pictured(shelf, signed_in(), study_id, instance, frame, look)
        headers = {
            "Content-Security-Policy": NEVER_RUNS,
            "Content-Disposition": f'attachment; filename="{made.name}"',
        }
        return Response(made.data, headers=headers, content_type=f"image/{look.format}")

    _account(blueprint, shelf, known, turns)
    return blueprint


def _account(blueprint: Blueprint, shelf: studies.Shelf, known: Known, turns: Turns) -> None:
    """All of an account at once: more than a hand on an open computer may take along."""

    @blueprint.get(ACCOUNT)
    async def account() -> ResponseReturnValue:
        with await turns.through(signed_in().id):
            line = await auditing.length_of(signed_in())
            plan = await everything(shelf, signed_in(), known, line)
        proved = await _is_proved(signed_in())
        # The line is in the address: what others open meanwhile makes it no other archive.
        return await render_template("exporting/account.html", plan=plan, proved=proved, line=line)

    @blueprint.post(ACCOUNT)
    async def prove() -> ResponseReturnValue:
        await accounts.step_up(signed_in())
        return redirect(ACCOUNT, 303)

    @blueprint.get(f"{ACCOUNT}/archive")
    async def account_archive() -> ResponseReturnValue:
        line = request.args.get("log", None, type=int)
        with await turns.through(signed_in().id):
            plan = await everything(shelf, signed_in(), known, line)
        if not _goes_on(plan.archive.etag):
            if wants_html() and not await _is_proved(signed_in()):
                return redirect(ACCOUNT, 303)  # the page asks, and offers the archive again
            await accounts.step_up(signed_in())
        with await turns.through(signed_in().id):
            plan = await plan.sized()
        await note_taken(signed_in(), await studies.my_documents(shelf, signed_in()))
        return await _sent(plan, turns, signed_in())


async def _is_proved(actor: Actor) -> bool:
    try:
        await accounts.step_up(actor)
    except accounts.StepUpNeeded:
        return False
    return True


def _goes_on(etag: str) -> bool:
    """
    Whether somebody asks for the rest of this very archive: its tag is known only to whoever had
    its beginning, after a proof, and a long download outlasts every proof.
    """
    named = request.if_range.etag == etag or request.if_match.is_strong(etag)  # "*" names none
    return named and "Range" in request.headers


def _choice() -> Choice:
    """From the address.  Raises `Invalid`."""
    with reading():
        wanted, papers = (
            frozenset(UUID(each) for each in listed)
            for listed in (request.args.getlist("e"), request.args.getlist("d"))
        )
        series = UUID(request.args["s"]) if "s" in request.args else None
    is_one = len(wanted) == 1 and not papers
    if len(wanted) + len(papers) > MOST or (series is not None and not is_one):
        raise Invalid
    return Choice(wanted, papers, everything=request.args.get("all") == "1", series=series)


async def _sent(plan: Plan, turns: Turns, actor: Actor) -> Response:
    """The archive or the range asked for, unless it is not the one that was asked for (412)."""
    archive = plan.archive
    if not _is_wanted(archive.etag):
        return Response(status=412, headers={"ETag": f'"{archive.etag}"'})

    async def stretches(start: int, stop: int) -> AsyncGenerator[bytes, None]:
        # Here, so that the place is free as soon as nobody reads any more.
        with await turns.through(actor.id):
            async with aclosing(archive.stretches(start, stop)) as pieces:
                async for piece in pieces:
                    yield piece

    response = await streamed(archive.size, stretches, archive.etag)
    # Sums of what was sent before may have to be made anew: the clock is that of the whole.
    response.timeout = ceil(PATIENCE + archive.size / LEAST_RATE)
    response.content_type = "application/zip"
    response.headers["Content-Security-Policy"] = NEVER_RUNS
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{NAME}\"; filename*=UTF-8''{NAME}"
    )
    return response


def _is_wanted(etag: str) -> bool:
    """Whether the archive is one of those named by `If-Match` (RFC 9110, 13.1.1)."""
    if "If-Match" not in request.headers:
        return True
    return request.if_match.contains(etag)
