"""Addresses under /api, for programs with a token and for pages with a session."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from quart import Blueprint, Response, ResponseReturnValue, jsonify, render_template, request

from portal import accounts, documents, keys, storing, studies
from portal.api import description
from portal.core.errors import Invalid, Unknown, reading
from portal.core.settings import Settings
from portal.core.web import signed_in
from portal.keys import Allowed
from viewer.routes import streamed

FOR_PROGRAMS: Final[Mapping[str, Allowed]] = {
    "api.space": "read",
    "api.list_studies": "read",
    "api.files": "read",
    "api.file": "read",
    "api.list_documents": "read",
    "api.end_token": "any",
}
"""What programs may use, and what their token must be allowed."""

PUBLIC: Final = frozenset(
    {
        "api.page",  # how programs are written, before anybody has a token
        "api.openapi",  # the same for programs; nothing of anybody is in it
        "api.make_token",  # signing in where there is no page: judged and counted as there
    }
)
"""What strangers reach here, each with its reason."""

LIMIT: Final = 100
MOST: Final = 1000
"""Entries in one answer."""

T = TypeVar("T")
Json = dict[str, Any]


def create_blueprint(shelf: studies.Shelf, settings: Settings) -> Blueprint:
    """Everything over *shelf*, and what says how it is asked."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    _lists(blueprint, shelf)
    _files(blueprint, shelf)
    _tokens(blueprint, settings)
    blueprint.after_request(_without_markup)

    @blueprint.get("")
    async def page() -> ResponseReturnValue:
        return await render_template(
            "api/page.html", said=description.document(settings.origin), origin=settings.origin
        )

    @blueprint.get("/openapi.json")
    async def openapi() -> ResponseReturnValue:
        return jsonify(description.document(settings.origin))

    return blueprint


async def _without_markup(answer: Response) -> Response:
    """What files say of themselves is no markup, whoever shows the answer: JSON has two ways."""
    if answer.mimetype == "application/json":
        said = await answer.get_data(as_text=False)
        answer.set_data(said.replace(b"<", b"\\u003c"))  # stands in strings only (RFC 8259)
    return answer


def _lists(blueprint: Blueprint, shelf: studies.Shelf) -> None:
    @blueprint.get("/space")
    async def space() -> ResponseReturnValue:
        """Bytes: used, allowed on the whole, and free."""
        found = await storing.space(signed_in().id, shelf.free_quota)
        return {"used": found.used, "allowed": found.allowed, "free": found.free}

    @blueprint.get("/studies")
    async def list_studies() -> ResponseReturnValue:
        found = await studies.my_studies(shelf, signed_in())
        return {"items": [_study(each) for each in _page(found)], "total": len(found)}

    @blueprint.get("/documents")
    async def list_documents() -> ResponseReturnValue:
        found = [
            (paper, entry.study)
            for entry in await studies.my_documents(shelf, signed_in())
            for paper in entry.papers
        ]
        return {"items": [_document(*each) for each in _page(found)], "total": len(found)}


def _files(blueprint: Blueprint, shelf: studies.Shelf) -> None:
    @blueprint.get("/studies/<uuid:study_id>/files")
    async def files(study_id: UUID) -> ResponseReturnValue:
        study = await studies.open_own(shelf, signed_in(), study_id)
        await studies.seen(signed_in(), study, "program")
        found = [(instance, file.entry) async for instance, file in study.originals()]
        return {"items": [_file(instance, dict(entry)) for instance, entry in found]}

    @blueprint.get("/studies/<uuid:study_id>/files/<uuid:instance>")
    async def file(study_id: UUID, instance: UUID) -> ResponseReturnValue:
        """Bit for bit as it was uploaded, also by ranges."""
        study = await studies.open_own(shelf, signed_in(), study_id)
        await studies.seen(signed_in(), study, "program")
        found = await study.original_file(instance)
        answer = await streamed(found.size, found.stretches)
        answer.content_type = "application/dicom"
        answer.headers["Content-Disposition"] = f'attachment; filename="{instance.hex}.dcm"'
        digest = base64.b64encode(bytes.fromhex(found.entry["sha256"])).decode()
        answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"  # RFC 9530: of the whole file
        return answer


def _tokens(blueprint: Blueprint, settings: Settings) -> None:
    site = accounts.Site.of(settings)

    @blueprint.post("/token")
    async def make_token() -> ResponseReturnValue:
        """Signing in without a page."""
        with reading():
            data = dict(await request.get_json(silent=True))
        asked = accounts.ForAProgram.parse(data)
        visit = accounts.this_visit(settings)
        token = await accounts.sign_in_program(asked, visit, settings.second_factor, site)
        return {"token": token, "until": asked.wanted.until.isoformat()}, 201

    @blueprint.delete("/token")
    async def end_token() -> ResponseReturnValue:
        """The token that asks is good no more."""
        actor = signed_in()
        if not await keys.end_own_token(actor, actor.session):
            raise Unknown  # a session asked, which is no token
        return "", 204


def _page(found: Sequence[T]) -> Sequence[T]:
    first = request.args.get("from", 0, type=int)
    limit = request.args.get("limit", LIMIT, type=int)
    if first < 0 or not 1 <= limit <= MOST:
        raise Invalid
    return found[first : first + limit]


def _study(each: studies.StudySummary) -> Json:
    return {
        "id": str(each.id),
        "date": _day(each.date),
        "title": each.title,
        "modalities": list(each.modalities),
        "body_part": each.body_part,
        "patient_name": each.patient_name,
        "birth_date": _day(each.birth_date),
        "sex": each.sex,
        "series": each.series,
        "files": each.instances,
        "images": each.images,
        "size": each.size,
        "prepared": each.prepared,
        "damaged": each.damaged,
    }


def _document(each: documents.DocumentSummary, study: studies.StudySummary | None) -> Json:
    return {
        "id": str(each.id),
        "study": None if study is None else str(study.id),
        "date": _day(each.day),
        "title": each.title,
        "pages": each.pages,
        "size": each.size,
        "sha256": each.facts.sha256,
        "damaged": each.damaged,
        "media_type": each.facts.content_type,
        "href": f"/d/{each.id}/original",
    }


def _file(instance: UUID, entry: Json) -> Json:
    header = entry["header"]
    return {
        "id": str(instance),
        "sop_instance_uid": header["sop_instance_uid"],
        "series_instance_uid": header["series_instance_uid"],
        "modality": header["modality"] or "",
        "kind": header["kind"],
        "size": entry["size"],
        "sha256": entry["sha256"],
    }


def _day(written: str) -> str | None:
    """DICOM's `YYYYMMDD` as RFC 3339 has days; None for what is no day."""
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:8])).isoformat()
    except ValueError:
        return None
