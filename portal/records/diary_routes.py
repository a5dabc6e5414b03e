"""Pages and addresses of the health diary."""

from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import UUID, uuid4, uuid5

from quart import Blueprint, ResponseReturnValue, redirect, render_template, request

from portal import accounts, edge, storing, vault
from portal.core.actor import AccountId
from portal.core.db import now
from portal.core.errors import Invalid, PortalError, Unknown
from portal.core.language import N_, ZONE, gettext
from portal.core.web import explain, signed_in, status_of
from portal.records import binning, book, chain, diary, plots
from portal.records.book import Kept, Turn
from portal.records.chain import SavedElsewhere, Version
from portal.records.diary import KIND, KINDS, MOST_OWN, Entry
from portal.records.diary_forms import (
    UNITS,
    EntryTyped,
    Span,
    checked_entry,
    entry_labels,
    span_of,
)
from portal.records.diary_printing import (
    DiaryPrinted,
    TooMuchPaper,
    as_csv,
    diary_as_pdf,
    printable,
)
from portal.records.files import as_file

LISTED: Final = 200
"""Entries that a page shows, the latest ones."""
PDF: Final = N_("Health diary.pdf")
CSV: Final = N_("Health diary.csv")


def add_diary(blueprint: Blueprint, free_quota: int) -> None:
    """One's own diary under `/diary`; *free_quota*: bytes a free account may keep."""
    _looking(blueprint)
    _writing(blueprint, free_quota)
    _deleting(blueprint)
    _taking_away(blueprint)


def _looking(blueprint: Blueprint) -> None:
    @blueprint.get("/diary")
    async def show_diary() -> ResponseReturnValue:
        """The last three months in which something is written."""
        there = await book.months(signed_in())
        name = there.found[0].summary["month"] if there.found else _here().isoformat()[:7]
        return await _diary_page(span_of(name, 3), there=there)

    @blueprint.post("/diary")
    async def show_span() -> ResponseReturnValue:
        """A POST, so that neither days nor what somebody measures stand in an address."""
        sent = await request.form
        try:
            return await _diary_page(Span.parse(sent))
        except Invalid as error:
            if "fields" not in error.details:
                raise
            today = _here().date()
            page = await _diary_page(span_of(today.isoformat()[:7], 1), error, dict(sent.items()))
            return page, status_of(error)

    @blueprint.get("/diary/months/<uuid:month_id>")
    async def show_month(month_id: UUID) -> ResponseReturnValue:
        month = await chain.open_own(signed_in(), month_id, KIND)
        return await _diary_page(span_of(month.summary["month"], 1))

    @blueprint.get("/diary/<uuid:entry_id>/history")
    async def entry_history(entry_id: UUID) -> ResponseReturnValue:
        month = await book.where(signed_in(), entry_id)
        versions = [
            (each, Entry.unpacked(each.said) if isinstance(each, Version) else None)
            for each in await chain.history(month, entry_id)
        ][: chain.SHOWN]
        return await render_template(
            "records/entry_history.html", id=entry_id, month=month.id, versions=versions
        )


def _here() -> datetime:
    """What the clock says where the portal's people are, without a zone."""
    return now().astimezone(ZONE).replace(tzinfo=None, second=0, microsecond=0)


async def _diary_page(
    span: Span,
    error: Invalid | None = None,
    sent: dict[str, str] | None = None,
    there: book.Months | None = None,
) -> str:
    actor = signed_in()
    pages = await book.read(actor, span, there)
    shown, entries = pages.entries[:LISTED], [each.entry for each in reversed(pages.entries)]
    said = sent or {"since": f"{span.since}", "until": f"{span.until}", "kind": span.kind}
    just = request.args.get("binned", None, type=UUID)
    thrown = [] if just is None else await binning.in_bin(actor, just)
    return await render_template(
        "records/diary.html",
        span=span,
        said=said,
        fields=error.details["fields"] if error else {},
        kinds=[(code, gettext(words)) for code, (words, _names) in KINDS.items()],
        days=[(day, list(each)) for day, each in groupby(shown, _day_of)],
        count=len(pages.entries),
        listed=LISTED,
        damaged=pages.damaged,
        plots=plots.plots(entries) if not span.kind else [],
        paper=printable(span, entries),
        too_much=explain(TooMuchPaper()),
        shape=plots,
        saved="saved" in request.args,
        thrown=next((each for each, _moment in thrown), None),
    )


def _day_of(kept: Kept) -> date:
    return kept.entry.day


def _writing(blueprint: Blueprint, free_quota: int) -> None:
    @blueprint.get("/diary/new")
    async def new_entry() -> ResponseReturnValue:
        entry = Entry(when=_here().isoformat(timespec="minutes"))
        return await _entry_page(None, EntryTyped.of(entry, 0, uuid4()))

    @blueprint.post("/diary/new")
    async def write_entry() -> ResponseReturnValue:
        return await _sent(EntryTyped.parse(await request.form), None, free_quota)

    @blueprint.get("/diary/<uuid:entry_id>/edit")
    async def edit_entry(entry_id: UUID) -> ResponseReturnValue:
        month, last = await book.one(signed_in(), entry_id)
        wanted = request.args.get("from", last.rev, type=int)
        if not 1 <= wanted <= last.rev:
            raise Unknown
        version = last if wanted == last.rev else await chain.one(month, entry_id, wanted)
        typed = EntryTyped.of(Entry.unpacked(version.said), last.rev, uuid4())
        return await _entry_page(entry_id, typed, older=wanted != last.rev)

    @blueprint.post("/diary/<uuid:entry_id>/edit")
    async def rewrite_entry(entry_id: UUID) -> ResponseReturnValue:
        return await _sent(EntryTyped.parse(await request.form), entry_id, free_quota)


class EntryWentAway(chain.WentAway):
    """Between opening the form and saving it."""

    message = N_(
        "This entry is not in your diary any more; perhaps it went into the bin in another window. "
        "What you entered stands below: “Save” makes it a new entry."
    )


async def _sent(typed: EntryTyped, entry_id: UUID | None, free_quota: int) -> ResponseReturnValue:
    """The entry saved, or the form with what is wrong and everything that was typed."""
    try:
        return await _tried(typed, entry_id, free_quota)
    except (Unknown, vault.Tampered) as error:
        if entry_id is None:
            raise
        if isinstance(error, vault.Tampered):
            vault.report("newest version of an item does not open: item", entry_id)
        away = EntryWentAway()
        anew = replace(typed, rev=0, client_id=uuid5(typed.client_id, away.code))
        return await _entry_page(None, anew, problem=away), status_of(away)


async def _tried(typed: EntryTyped, entry_id: UUID | None, free_quota: int) -> ResponseReturnValue:
    """As `_sent`.  Raises `Unknown` or `vault.Tampered` for an entry that nobody can write on."""
    actor = signed_in()
    try:
        entry = checked_entry(typed)
        turn = Turn(typed.client_id, typed.rev, (await accounts.profile_of(actor)).name)
        if entry_id is None:
            saved = await book.write_new(actor, entry, turn, free_quota)
        else:
            saved = entry_id
            await book.rewrite(actor, saved, entry, turn, free_quota)
    except SavedElsewhere as error:
        assert entry_id is not None  # noqa: S101 -- what is begun replaces nothing
        _month, other = await book.one(actor, entry_id)
        again = replace(typed, rev=other.rev)
        return await _entry_page(entry_id, again, problem=error, other=other), status_of(error)
    except storing.QuotaFull as error:
        return await _entry_page(entry_id, typed, problem=error), status_of(error)
    except Invalid as error:
        page = await _entry_page(entry_id, typed, fields=error.details["fields"])
        return page, status_of(error)
    try:
        month = await book.where(actor, saved)
    except Unknown:  # the same form came again after its entry went into the bin
        return redirect("/diary", 303)
    return redirect(f"/diary/months/{month.id}?saved=1", 303)


async def _entry_page(
    entry_id: UUID | None,
    typed: EntryTyped,
    *,
    fields: dict[str, str] | None = None,
    problem: PortalError | None = None,
    other: Version | None = None,
    older: bool = False,
) -> str:
    own = [*typed.entry.own, *([diary.Own()] * (MOST_OWN - len(typed.entry.own)))]
    return await render_template(
        "records/edit_entry.html",
        id=entry_id,
        entry=typed.entry,
        own=own,
        sugar=typed.sugar,
        sugar_unit=typed.sugar_unit,
        units=list(UNITS.items()),
        steps=[(f"{step}", f"{step}") for step in range(11)],
        rev=typed.rev,
        client_id=typed.client_id,
        fields=fields or {},
        field_labels=entry_labels() if fields else {},
        problem=explain(problem) if problem else "",
        other=other,
        other_entry=Entry.unpacked(other.said) if other else None,
        older=older,
        unsaved=bool(fields or problem or older),
        limits=diary,
        month=(await book.where(signed_in(), entry_id)).id if entry_id else None,
    )


def _deleting(blueprint: Blueprint) -> None:
    @blueprint.post("/diary/<uuid:entry_id>/bin")
    async def throw_entry(entry_id: UUID) -> ResponseReturnValue:
        thrown = await book.throw(signed_in(), entry_id)
        return redirect(f"/diary?binned={thrown}", 303)


def _taking_away(blueprint: Blueprint) -> None:
    turnstile = edge.Turnstile[AccountId](each=2, all_=2, waiting=32)

    @blueprint.post("/diary/print")
    async def print_diary() -> ResponseReturnValue:
        actor, span = signed_in(), Span.parse(await request.form)
        entries = await _earliest_first(span)
        person = (await accounts.profile_of(actor)).name
        try:
            with await turnstile.through(actor.id):
                pdf = await diary_as_pdf(DiaryPrinted(entries, span, person))
        except TooMuchPaper as error:  # the page says so, and offers what can be printed
            return await _diary_page(span), status_of(error)
        return as_file(pdf, "application/pdf", gettext(PDF))

    @blueprint.post("/diary/table")
    async def diary_table() -> ResponseReturnValue:
        entries = await _earliest_first(Span.parse(await request.form))
        return as_file(as_csv(entries), "text/csv; charset=utf-8", gettext(CSV))


async def _earliest_first(span: Span) -> list[Entry]:
    pages = await book.read(signed_in(), span)
    return [each.entry for each in reversed(pages.entries)]
