"""Pages and addresses of documents: shown as pictures, given back as they came."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote
from uuid import UUID

from quart import Blueprint, Response, ResponseReturnValue, redirect, render_template, request

from portal import accounts, storing
from portal.auditing import Act
from portal.core.errors import Unknown, reading
from portal.core.language import gettext as _
from portal.core.web import signed_in
from portal.documents import binning, cleaning, listing, opening
from portal.documents.cleaning import KnownBy
from portal.documents.desk import Desk
from portal.documents.facts import LONGEST_LABEL, explain
from portal.documents.opening import Enclosed, OpenDocument, Readable
from portal.documents.seeing import seen
from portal.keys import Scope
from viewer.pdf import MOST_PAGES, WIDTHS
from viewer.routes import Stretches, streamed

OpenEnclosed = Callable[[UUID, UUID], Awaitable[Enclosed]]
"""Opens the document inside an instance of a study for whoever asks, or raises `Unknown`."""

FOR_PROGRAMS: Final[Mapping[str, Scope]] = {"documents.original": "read"}
"""What programs may use, and what their token must be allowed."""

NEVER_RUNS: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""Beside `attachment`: even a browser that shows a download must not let it do anything."""
ZOOMS: Final = {"100": 1200, "150": 2400, "200": 2400}
"""How wide pages are shown, in percent, and as pictures how wide, in pixels."""
UNDRAWN: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="400" viewBox="0 0 1200 400">'
    '<rect width="1200" height="400" fill="#fff"/><text x="600" y="205" font-size="34" '
    'font-family="sans-serif" fill="#333" text-anchor="middle">{words}</text></svg>'
)


def create_blueprint(desk: Desk, open_enclosed: OpenEnclosed, known_by: KnownBy) -> Blueprint:
    """One's own documents under `/d`, and those that lie inside studies one may open under `/v`."""
    blueprint = Blueprint("documents", __name__)
    _own(blueprint, desk)
    _keeping(blueprint)
    _cleaning(blueprint, desk, known_by)
    _enclosed(blueprint, desk, open_enclosed)
    return blueprint


def _own(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/d/<uuid:document_id>")
    async def show(document_id: UUID) -> ResponseReturnValue:
        document = await _opened(desk, document_id, "viewed")
        return await _page_of(desk, await opening.seen(desk, signed_in(), document), own=True)

    @blueprint.get("/d/<uuid:document_id>/pages/<int:page>")
    async def page(document_id: UUID, page: int) -> ResponseReturnValue:
        return await _picture(desk, await _opened(desk, document_id, "viewed"), page)

    @blueprint.get("/d/<uuid:document_id>/original")
    async def original(document_id: UUID) -> ResponseReturnValue:
        document = await _opened(desk, document_id, "downloaded")
        return await _attached(document, await opening.given_back(desk, signed_in(), document))

    @blueprint.get("/d/<uuid:document_id>/preview")
    async def preview(document_id: UUID) -> ResponseReturnValue:
        picture = await (await opening.open_own(desk, signed_in(), document_id)).preview()
        if picture is None:
            raise Unknown
        return Response(picture, content_type="image/jpeg")


async def _opened(desk: Desk, document_id: UUID, act: Act) -> OpenDocument:
    """A document of one's own; the log says so before the answer begins."""
    document = await opening.open_own(desk, signed_in(), document_id)
    await seen(signed_in(), document, act)
    return document


def _keeping(blueprint: Blueprint) -> None:
    @blueprint.post("/d/<uuid:document_id>/label")
    async def rename(document_id: UUID) -> ResponseReturnValue:
        with reading():
            label = (await request.form)["label"]
        await listing.rename(signed_in(), document_id, label)
        return redirect(f"/d/{document_id}", 303)

    @blueprint.get("/d/<uuid:document_id>/delete")
    async def confirm_delete(document_id: UUID) -> ResponseReturnValue:
        document = await listing.one_of_mine(signed_in(), document_id)
        return await render_template(
            "documents/delete.html",
            document=document,
            binned=await binning.is_binned(signed_in(), document_id),
            days=storing.KEPT.days,
        )

    @blueprint.post("/d/<uuid:document_id>/delete")
    async def delete(document_id: UUID) -> ResponseReturnValue:
        await accounts.step_up(signed_in())
        await listing.delete(signed_in(), document_id)
        return redirect("/documents", 303)

    @blueprint.post("/d/<uuid:document_id>/bin")
    async def throw(document_id: UUID) -> ResponseReturnValue:
        await binning.throw(signed_in(), document_id)
        return redirect(f"/documents?binned={document_id}", 303)

    @blueprint.post("/d/<uuid:document_id>/restore")
    async def take_out(document_id: UUID) -> ResponseReturnValue:
        await binning.take_out(signed_in(), document_id)
        to_bin = (await request.form).get("to") == "bin"
        return redirect("/documents/bin" if to_bin else "/documents", 303)


def _cleaning(blueprint: Blueprint, desk: Desk, known_by: KnownBy) -> None:
    @blueprint.post("/d/<uuid:document_id>/clean")
    async def clean(document_id: UUID) -> ResponseReturnValue:
        cleaned = await cleaning.clean(desk, signed_in(), document_id, known_by)
        return redirect(f"/d/{cleaned}", 303)


def _enclosed(blueprint: Blueprint, desk: Desk, open_enclosed: OpenEnclosed) -> None:
    @blueprint.get("/v/<uuid:study_id>/i/<uuid:enclosed>/document")
    async def show_enclosed(study_id: UUID, enclosed: UUID) -> ResponseReturnValue:
        return await _page_of(desk, await open_enclosed(study_id, enclosed), own=False)

    @blueprint.get("/v/<uuid:study_id>/i/<uuid:enclosed>/document/pages/<int:page>")
    async def enclosed_page(study_id: UUID, enclosed: UUID, page: int) -> ResponseReturnValue:
        return await _picture(desk, await open_enclosed(study_id, enclosed), page)

    @blueprint.get("/v/<uuid:study_id>/i/<uuid:enclosed>/document/original")
    async def enclosed_original(study_id: UUID, enclosed: UUID) -> ResponseReturnValue:
        document = await open_enclosed(study_id, enclosed)
        try:
            stretches = await opening.given_back(desk, signed_in(), document)
        except opening.TooLarge:  # the object around it is given back, bit for bit
            return redirect(f"/v/{study_id}/i/{enclosed}/original", 303)
        return await _attached(document, stretches)


async def _page_of(desk: Desk, document: Readable, *, own: bool) -> ResponseReturnValue:
    first = max(1, request.args.get("from", 1, type=int))
    insists = _insists()
    found = await opening.outline(desk, signed_in(), document, first, insists=insists)
    shown = None if isinstance(found, str) else found
    zoom = request.args.get("zoom", "")
    return await render_template(
        "documents/document.html",
        document=document,
        base=request.path,
        own=own,
        told=cleaning.told(document.facts) if isinstance(document, OpenDocument) else [],
        outline=shown,
        last=min(MOST_PAGES, shown.pages) if shown else 0,
        trouble=explain(found) if isinstance(found, str) else "",
        slow=found == "timeout",
        kept="&anyway=1" if insists else "",
        first=first,
        step=opening.AT_ONCE,
        zoom=zoom if zoom in ZOOMS else "100",
        zooms=list(ZOOMS),
        width=ZOOMS.get(zoom, ZOOMS["100"]),
        longest=LONGEST_LABEL,
    )


def _insists() -> bool:
    """Whether somebody wants to see pages although they took too long before."""
    return request.args.get("anyway") == "1"


async def _picture(desk: Desk, document: Readable, number: int) -> ResponseReturnValue:
    width = request.args.get("w", ZOOMS["100"], type=int)
    if width not in WIDTHS:
        raise Unknown
    picture = await opening.page(desk, signed_in(), document, number, width, insists=_insists())
    if picture is not None:
        return Response(picture, content_type="image/webp")
    words = _("This page cannot be shown. Please download the document.")
    return Response(UNDRAWN.format(words=words), 422, content_type="image/svg+xml")


async def _attached(document: Readable, stretches: Stretches) -> Response:
    response = await streamed(document.size, stretches)
    response.headers["Content-Security-Policy"] = NEVER_RUNS
    response.content_type = document.content_type
    name = quote(document.title + document.suffix, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response
