"""Pages and addresses of medication plans."""

from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from quart import Blueprint, ResponseReturnValue, redirect, render_template, request

from portal import accounts, edge, storing, vault
from portal.core import language
from portal.core.actor import AccountId, Actor
from portal.core.db import now
from portal.core.errors import Invalid, Unknown
from portal.core.language import LANGUAGES, N_, ZONE
from portal.core.web import explain, signed_in, status_of
from portal.records import chain, comparing, listing, medication, printing
from portal.records.chain import Damaged, OpenRecord, SavedElsewhere, Version, Written
from portal.records.files import as_file
from portal.records.forms import FULL, Typed, checked, labels_of, new_line
from portal.records.medication import KIND, MOST_LINES, Plan

FILE: Final = N_("Medication plan.pdf")


def add_plans(blueprint: Blueprint, free_quota: int) -> None:
    """One's own plans under `/plans`; *free_quota*: bytes a free account may keep."""
    _looking(blueprint)
    _writing(blueprint, free_quota)
    _printing(blueprint)


def _looking(blueprint: Blueprint) -> None:
    @blueprint.get("/plans")
    async def plans() -> ResponseReturnValue:
        mine = await listing.mine(signed_in())
        # What does not open may be a plan, too, and can only be deleted.
        return await render_template(
            "records/plans.html", plans=[each for each in mine if each.kind in {KIND, ""}]
        )

    @blueprint.get("/plans/<uuid:record_id>")
    async def show_plan(record_id: UUID) -> ResponseReturnValue:
        record, found = await _newest(signed_in(), record_id)
        return await _plan_page(record, found, newest=found.rev)

    @blueprint.get("/plans/<uuid:record_id>/history")
    async def plan_history(record_id: UUID) -> ResponseReturnValue:
        record = await chain.open_own(signed_in(), record_id, KIND)
        return await render_template(
            "records/history.html",
            id=record.id,
            versions=compared(await chain.history(record, record.id)),
        )

    @blueprint.get("/plans/<uuid:record_id>/history/<int:rev>")
    async def plan_version(record_id: UUID, rev: int) -> ResponseReturnValue:
        record, last = await _newest(signed_in(), record_id)
        if rev > last.rev:
            raise Unknown
        return await _plan_page(record, await chain.one(record, record.id, rev), newest=last.rev)


async def _newest(actor: Actor, record_id: UUID) -> tuple[OpenRecord, Version]:
    record = await chain.open_own(actor, record_id, KIND)
    return record, await chain.newest(record, record.id)


async def _plan_page(record: OpenRecord, version: Version, *, newest: int) -> str:
    return await render_template(
        "records/plan.html",
        id=record.id,
        plan=Plan.unpacked(version.said),
        version=version,
        newest=newest,
        **_about(),
        saved="saved" in request.args,
        forms=_forms(),
    )


def _about() -> dict[str, Any]:
    """For the head of a plan: what stands there, in the reader's language."""
    words = {name: language.gettext(label) for name, label in medication.ABOUT.items()}
    return {"about": words, "shown": comparing.shown_about}


def _forms() -> list[str]:
    """The languages a plan can be printed in, the reader's own first."""
    own = language.language()
    return [own, *(each for each in LANGUAGES if each != own)]


@dataclass(frozen=True, slots=True)
class Change:
    """A version in the history, with what it changed."""

    version: Version | Damaged
    changes: list[str]


def compared(versions: list[Version | Damaged]) -> list[Change]:
    """Each version beside the one before it, the newest first, at most `chain.SHOWN`."""
    found = []
    for at, version in enumerate(versions[: chain.SHOWN]):
        before = versions[at + 1] if at + 1 < len(versions) else None
        is_first = version.rev == 1
        if isinstance(version, Damaged) or not (is_first or isinstance(before, Version)):
            found.append(Change(version, []))
            continue
        was = Plan.unpacked(before.said) if isinstance(before, Version) else None
        found.append(Change(version, comparing.changes(was, Plan.unpacked(version.said))))
    return found


def _writing(blueprint: Blueprint, free_quota: int) -> None:
    @blueprint.get("/plans/new")
    async def new_plan() -> ResponseReturnValue:
        profile = await accounts.profile_of(signed_in())
        born = profile.birth_date.isoformat() if profile.birth_date else ""
        plan = Plan(person=profile.name, born=born, lines=(new_line("drug"),))
        return await _form_page(None, Typed(plan, frozenset(), "", 0, uuid4()))

    @blueprint.post("/plans/new")
    async def begin_plan() -> ResponseReturnValue:
        typed = Typed.parse(await request.form)
        return await _sent(typed, None, free_quota)

    @blueprint.get("/plans/<uuid:record_id>/edit")
    async def edit_plan(record_id: UUID) -> ResponseReturnValue:
        record, last = await _newest(signed_in(), record_id)
        wanted = request.args.get("from", last.rev, type=int)
        if not 1 <= wanted <= last.rev:
            raise Unknown
        version = last if wanted == last.rev else await chain.one(record, record.id, wanted)
        typed = Typed(Plan.unpacked(version.said), frozenset(), "", last.rev, uuid4())
        return await _form_page(record_id, typed, older=wanted != last.rev)

    @blueprint.post("/plans/<uuid:record_id>/edit")
    async def write_plan(record_id: UUID) -> ResponseReturnValue:
        return await _sent(Typed.parse(await request.form), record_id, free_quota)


class PlanWentAway(chain.WentAway):
    """Between opening the form and saving it."""

    message = N_(
        "This plan is not among your plans any more; perhaps it went into the bin in another "
        "window. What you entered stands below: “Save” makes it a new plan."
    )


async def _sent(typed: Typed, record_id: UUID | None, free_quota: int) -> ResponseReturnValue:
    """What the button asked for: the form with one line more, say, or the plan saved."""
    if record_id is None:
        return await _tried(typed, None, free_quota)
    try:
        record = await chain.open_own(signed_in(), record_id, KIND)
        return await _tried(typed, record, free_quota)
    except (Unknown, vault.Tampered) as error:
        if isinstance(error, vault.Tampered):
            vault.report("newest version of an item does not open: item", record_id)
        away = PlanWentAway()
        anew = replace(typed, act="", rev=0, client_id=uuid5(typed.client_id, away.code))
        return await _form_page(None, anew, problem=explain(away)), status_of(away)


async def _tried(typed: Typed, record: OpenRecord | None, free_quota: int) -> ResponseReturnValue:
    """As `_sent`.  Raises `Unknown` or `vault.Tampered` for a plan that nobody can write on."""
    where = record.id if record else None
    if typed.act:
        acted, focus = typed.acted()
        full = len(acted.plan.lines) == MOST_LINES and acted.plan == typed.plan
        problem = language.gettext(FULL) if full and typed.act.startswith("add-") else ""
        return await _form_page(where, acted, focus=focus, problem=problem)
    try:
        plan = checked(typed)
    except Invalid as error:
        page = await _form_page(where, typed, fields=error.details["fields"])
        return page, status_of(error)
    try:
        saved = await _save(typed, plan, record, free_quota)
    except SavedElsewhere as error:
        assert record is not None  # noqa: S101 -- what is begun replaces nothing
        other = await chain.newest(record, record.id)
        again = replace(typed, rev=other.rev)
        page = await _form_page(where, again, problem=explain(error), other=other)
        return page, status_of(error)
    except storing.QuotaFull as error:
        return await _form_page(where, typed, problem=explain(error)), status_of(error)
    return redirect(f"/plans/{saved}?saved=1", 303)


async def _save(typed: Typed, plan: Plan, record: OpenRecord | None, free_quota: int) -> UUID:
    actor = signed_in()
    by = (await accounts.profile_of(actor)).name
    summary = plan.summary(now().isoformat())
    new = Written(typed.client_id, typed.rev, by, plan.packed(), summary)
    if record is None:
        return await chain.begin(actor, new, free_quota)
    if Plan.unpacked((await chain.newest(record, record.id)).said) != plan:
        await chain.write(actor, record, record.id, new, free_quota)
    return record.id


async def _form_page(  # noqa: PLR0913 -- each is one thing that the page may have to say
    record_id: UUID | None,
    typed: Typed,
    *,
    fields: dict[str, str] | None = None,
    problem: str = "",
    other: Version | None = None,
    focus: str = "",
    older: bool = False,
) -> str:
    return await render_template(
        "records/edit_plan.html",
        id=record_id,
        plan=typed.plan,
        gone=typed.gone,
        rev=typed.rev,
        client_id=typed.client_id,
        fields=fields or {},
        field_labels=labels_of(typed) if fields else {},
        problem=problem,
        other=other,
        other_plan=Plan.unpacked(other.said) if other else None,
        focus=focus,
        older=older,
        acted=bool(typed.act),
        vocabulary=medication,
        **_about(),
    )


def _printing(blueprint: Blueprint) -> None:
    turnstile = edge.Turnstile[AccountId](each=2, all_=2, waiting=32)

    @blueprint.get("/plans/<uuid:record_id>/print")
    async def print_plan(record_id: UUID) -> ResponseReturnValue:
        """In the form of the German federal plan, or with English words in it."""
        actor = signed_in()
        spoken = request.args.get("form", language.language())
        if spoken not in LANGUAGES:
            raise Unknown
        _, version = await _newest(actor, record_id)
        by = (await accounts.profile_of(actor)).name
        day = version.at.astimezone(ZONE).date()
        with await turnstile.through(actor.id):
            today = now().astimezone(ZONE).date()
            printed = printing.Printed(Plan.unpacked(version.said), by, day, today)
            pdf = await printing.as_pdf(printed, spoken)
        with language.speaking(spoken):
            name = language.gettext(FILE)
        return as_file(pdf, "application/pdf", name)
