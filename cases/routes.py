"""Pages and small answers of cases, threads and posts.  Every rule is in the services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from quart import Blueprint, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue

from cases import access, casework, outcomes, reading, telling
from cases.answers import body, day_of, steady, whole, words
from cases.community_routes import blueprint as community_blueprint
from cases.errors import Outdated
from cases.forms import CaseWords, Closing, NewCase, OutcomeWords
from cases.ids import CaseId, CommunityId
from cases.opened import OpenCase
from cases.post_routes import blueprint as post_blueprint
from cases.post_routes import changes_json
from portal import storing, studies, vault
from portal.core.db import now
from portal.core.errors import Conflict, Invalid, Unknown
from portal.core.errors import reading as reading_input
from portal.core.language import ZONE
from portal.core.web import explain, signed_in, status_of, wants_html
from viewer.routes import inline_preview, policy

IN_TWELVE_WEEKS: Final = timedelta(weeks=12)
"""When most diagnoses are known: what the page proposes."""


def create_blueprint(shelf: studies.Shelf, socket: str = "") -> Blueprint:
    """
    Everything under /communities, /cases, /threads and /posts.

    *socket* is the origin of the web socket (`ws://host:port`), for the policy of the case page.
    """
    blueprint = Blueprint("cases", __name__)
    _new_case(blueprint, shelf)
    _case_itself(blueprint, shelf, socket)
    _case(blueprint)
    blueprint.register_blueprint(community_blueprint, name="communities")
    blueprint.register_blueprint(post_blueprint, name="posts")
    return blueprint


def _new_case(blueprint: Blueprint, shelf: studies.Shelf) -> None:
    async def form_page(
        community: UUID, form: Mapping[str, Any], chosen: list[str], fields: Mapping[str, str]
    ) -> str:
        actor = signed_in()
        return await render_template(
            "cases/new_case.html",
            community=await access.community_for(actor, CommunityId(community)),
            studies=await studies.my_studies(shelf, actor),
            form=form,
            chosen=chosen,
            fields=fields,
            client_id=form.get("client_id") or uuid4(),
            day_of=day_of,
            words=words(),
        )

    @blueprint.get("/communities/<uuid:community>/cases/new")
    @steady
    async def new_case(community: UUID) -> ResponseReturnValue:
        return await form_page(community, {}, request.args.getlist("study"), {})

    @blueprint.post("/communities/<uuid:community>/cases")
    async def open_case(community: UUID) -> ResponseReturnValue:
        form = await request.form
        chosen = form.getlist("studies")
        try:
            new = NewCase.parse(community, form, chosen)
        except Invalid as error:
            fields = error.details.get("fields", {})
            return await form_page(community, form, chosen, fields), 422
        case = await casework.open_case(signed_in(), new)
        return redirect(url_for("cases.show", case=case), 303)


def _case_itself(blueprint: Blueprint, shelf: studies.Shelf, socket: str) -> None:
    @blueprint.get("/cases/<uuid:case>")
    @steady
    async def show(case: UUID) -> ResponseReturnValue:
        return await _case_page(shelf, socket, await access.case_for(signed_in(), CaseId(case)))

    @blueprint.post("/cases/<uuid:case>/outcome")
    async def write_outcome(case: UUID) -> ResponseReturnValue:
        form = await body()
        try:
            await outcomes.write_outcome(signed_in(), CaseId(case), OutcomeWords.parse(form))
        except (Invalid, Outdated) as error:
            if not wants_html():
                raise
            opened = await access.case_for(signed_in(), CaseId(case))
            problem = error.details.get("fields", {}).get("outcome") or explain(error)
            typed = Typed(str(form.get("outcome", "")), problem)
            html, headers = await _case_page(shelf, socket, opened, typed)
            return html, status_of(error), headers
        return _back(case)


def _case(blueprint: Blueprint) -> None:
    @blueprint.get("/cases/<uuid:case>/changes")
    @steady
    async def changes(case: UUID) -> ResponseReturnValue:
        actor = signed_in()
        since = whole(request.args.get("since", 0))
        return await changes_json(actor, CaseId(case), since)

    @blueprint.get("/cases/<uuid:case>/edit")
    @steady
    async def edit_form(case: UUID) -> ResponseReturnValue:
        opened = await access.case_for(signed_in(), CaseId(case))
        return await _edit_page(opened, _as_typed(opened) | {"rev": opened.row.rev}, {})

    @blueprint.post("/cases/<uuid:case>/edit")
    async def edit(case: UUID) -> ResponseReturnValue:
        form = await body()
        opened = await access.case_for(signed_in(), CaseId(case))
        try:
            new = CaseWords.parse(form, kept=casework.answer_by(opened.words))
        except Invalid as error:
            return await _edit_page(opened, form, error.details.get("fields", {})), 422
        with reading_input():
            rev = int(form["rev"])
        try:
            await casework.edit(signed_in(), CaseId(case), new, rev)
        except Conflict as error:
            if not wants_html():
                raise
            return await _conflict(case, form, error), status_of(error)
        return _back(case)

    _ending(blueprint)


@dataclass(frozen=True, slots=True)
class Typed:
    """An outcome that could not be kept: it is shown again with the reason."""

    text: str = field(default="", repr=False)
    problem: str = ""


async def _case_page(
    shelf: studies.Shelf, socket: str, opened: OpenCase, typed: Typed | None = None
) -> tuple[str, dict[str, str]]:
    page = await reading.page_of(opened)
    await telling.seen(opened.community.actor, opened.id, telling.OF_A_CASE)
    html = await render_template(
        "cases/case.html",
        page=page,
        community=opened.community,
        case=opened.row,
        about=opened.words,
        **await _images(shelf, opened, page.studies),
        members=[
            {"id": str(each.id), "name": each.name, "away": each.away} for each in page.members
        ],
        closed=opened.row.status == "closed",
        may_reopen=page.may_end,
        outcome=await outcomes.outcome_of(opened) if page.closed_at else None,
        typed=typed or Typed(),
        answer_by=casework.answer_by(opened.words),
        overdue=casework.is_overdue(opened),
        new_id=uuid4,
        pane=request.args.get("pane", ""),
        words=words(),
    )
    return html, {"Content-Security-Policy": policy(socket)}


def _ending(blueprint: Blueprint) -> None:
    @blueprint.get("/cases/<uuid:case>/closure")
    @steady
    async def ask_closing(case: UUID) -> ResponseReturnValue:
        opened = await casework.ending(signed_in(), CaseId(case))
        return await _closing_page(opened, {}, {})

    @blueprint.post("/cases/<uuid:case>/closure")
    async def close(case: UUID) -> ResponseReturnValue:
        form = await body()
        try:
            closing = Closing.parse(form)
        except Invalid as error:
            opened = await casework.ending(signed_in(), CaseId(case))
            return await _closing_page(opened, form, error.details.get("fields", {})), 422
        await casework.close(signed_in(), CaseId(case), closing)
        return _back(case)

    @blueprint.post("/cases/<uuid:case>/reopening")
    async def reopen(case: UUID) -> ResponseReturnValue:
        await casework.reopen(signed_in(), CaseId(case))
        return _back(case)


async def _images(shelf: studies.Shelf, opened: OpenCase, wanted: Sequence[UUID]) -> dict[str, Any]:
    """The case's studies as its page shows them; one that was withdrawn has no summary."""
    opening = await casework.study_keys(opened.community, wanted)
    found = await studies.listed_with(shelf, opening)
    summaries = await studies.unopened(set(wanted) - opening.keys())
    summaries |= {summary.id: summary for summary, _ in found}
    by_id = {study.id: study for summary, study in found if not summary.damaged}
    viewable = [study for study in wanted if study in by_id]
    return {
        "studies": [(study, summaries.get(study)) for study in wanted],
        "damaged": any(each.damaged for each in summaries.values()),
        "viewable": [study.hex for study in viewable],
        "preview": await _preview(opened, by_id[viewable[0]]) if viewable else None,
    }


async def _preview(opened: OpenCase, study: studies.OpenStudy) -> str | None:
    """
    The first picture, painted with the page; None when the study went away or is damaged.

    Who sees it has opened the images: their owner reads that.
    """
    try:
        picture = await inline_preview(study)
        if picture is not None:
            await studies.seen(signed_in(), study, "viewed", opened.community.name)
    except (Unknown, storing.Damaged, vault.Tampered):
        return None
    return picture


async def _conflict(case: UUID, form: Mapping[str, Any], error: Conflict) -> str:
    """
    The form with everything that was typed; beside it what another window saved meanwhile.

    Saving once more replaces that version: the person has seen it by then.
    """
    opened = await access.case_for(signed_in(), CaseId(case))
    saved = _as_typed(opened)
    mine = {name: str(form.get(name, "")).replace("\r\n", "\n").strip() for name in saved}
    other = {name: words for name, words in saved.items() if words != mine[name]}
    return await _edit_page(
        opened, mine | {"rev": opened.row.rev}, {}, problem=explain(error), other=other
    )


async def _closing_page(
    opened: OpenCase, form: Mapping[str, Any], fields: Mapping[str, str]
) -> str:
    today = now().astimezone(ZONE).date()
    return await render_template(
        "cases/close_case.html",
        community=opened.community,
        case=opened.row,
        about=opened.words,
        form=form,
        fields=fields,
        tomorrow=today + timedelta(days=1),
        proposed=today + IN_TWELVE_WEEKS,
    )


def _as_typed(opened: OpenCase) -> dict[str, Any]:
    """The words of a case as its form shows them."""
    wanted = casework.answer_by(opened.words)
    shown = wanted.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if wanted else ""
    return {**opened.words, "answer_by": shown}


async def _edit_page(
    opened: OpenCase,
    form: Mapping[str, Any],
    fields: Mapping[str, str],
    *,
    problem: str = "",
    other: Mapping[str, str] | None = None,
) -> str:
    return await render_template(
        "cases/edit_case.html",
        community=opened.community,
        case=opened.row,
        form=form,
        fields=fields,
        problem=problem,
        other=other or {},
        words=words(),
    )


def _back(case: UUID) -> ResponseReturnValue:
    if not wants_html():
        return {"ok": True}
    return redirect(url_for("cases.show", case=case), 303)
