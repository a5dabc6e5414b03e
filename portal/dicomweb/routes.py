"""DICOMweb (PS3.18) at /dicomweb: addresses of one's own studies, over the room's plain verbs."""

from collections.abc import Mapping
from typing import Final, cast

from quart import Blueprint, Response, ResponseReturnValue, request

from portal import edge
from portal.core.settings import Settings
from portal.core.web import signed_in
from portal.dicomweb import answering, framing, metadata, rendering, retrieving, storing
from portal.dicomweb.attributes import Level
from portal.dicomweb.errors import BadQuery, Refusal
from portal.dicomweb.holdings import Held, Named, Service, held, held_frames, open_named
from portal.dicomweb.matching import is_uid
from portal.dicomweb.parting import boundary_of
from portal.dicomweb.queries import CUT, NO_KEY, Query, read_query
from portal.dicomweb.searching import Found, Search
from portal.keys import Scope
from portal.studies import Shelf

PREFIX = "/dicomweb"
STUDY = "/studies/<study_uid>"
SERIES = f"{STUDY}/series/<series_uid>"
INSTANCE = f"{SERIES}/instances/<sop_uid>"
LOOKS = (
    "search_studies", "search_series", "search_instances", "series_of", "instances_of",
    "instances_of_series", "study_metadata", "series_metadata", "instance_metadata", "study",
    "series", "instance", "bulk", "frames", "rendered", "rendered_frame", "study_rendered",
    "series_rendered", "study_thumbnail", "series_thumbnail", "thumbnail", "frame_thumbnail",
)  # fmt: skip
ADDS = ("store", "store_within")
FOR_PROGRAMS: Final[Mapping[str, Scope]] = {
    **{f"dicomweb.{name}": "read" for name in LOOKS},
    **{f"dicomweb.{name}": "add" for name in ADDS},
}
"""Where a token counts, and what it must be allowed."""


def create_blueprint(settings: Settings, shelf: Shelf) -> Blueprint:
    """The service over *shelf*, for whoever is signed in."""
    blueprint = Blueprint("dicomweb", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(Refusal, answering.refused)
    service = Service(shelf, f"{settings.origin}{PREFIX}")

    @blueprint.after_request
    async def private(response: Response) -> Response:
        response.headers["Cache-Control"] = "private, no-store"
        return response

    _search(blueprint, service)
    _search_below(blueprint, service)
    _metadata(blueprint, service)
    _files(blueprint, service)
    _store(blueprint, service)
    _frames(blueprint, service)
    _pictures(blueprint, service)
    return blueprint


def _search(blueprint: Blueprint, service: Service) -> None:
    @blueprint.get("/studies")
    async def search_studies() -> ResponseReturnValue:
        query = _query("study")
        return _page(await _searching(service).studies(query), query)

    @blueprint.get("/series")
    async def search_series() -> ResponseReturnValue:
        query = _query("series")
        return _page(await _searching(service).within(query), query)

    @blueprint.get("/instances")
    async def search_instances() -> ResponseReturnValue:
        query = _query("instance")
        return _page(await _searching(service).within(query), query)


def _search_below(blueprint: Blueprint, service: Service) -> None:
    """The same in what the address names; what is not there is not found, rather than empty."""

    async def below(level: Level, study_uid: str, series_uid: str = "") -> ResponseReturnValue:
        await open_named(service.shelf, signed_in(), study_uid)
        if series_uid:
            await held(service, signed_in(), Named(study_uid, series_uid))
        named = {"StudyInstanceUID": study_uid} | (
            {"SeriesInstanceUID": series_uid} if series_uid else {}
        )
        query = _query(level, named)
        return _page(await _searching(service).within(query), query)

    @blueprint.get(f"{STUDY}/series")
    async def series_of(study_uid: str) -> ResponseReturnValue:
        return await below("series", study_uid)

    @blueprint.get(f"{STUDY}/instances")
    async def instances_of(study_uid: str) -> ResponseReturnValue:
        return await below("instance", study_uid)

    @blueprint.get(f"{SERIES}/instances")
    async def instances_of_series(study_uid: str, series_uid: str) -> ResponseReturnValue:
        return await below("instance", study_uid, series_uid)


def _metadata(blueprint: Blueprint, service: Service) -> None:
    async def described(named: Named) -> ResponseReturnValue:
        pieces, size = await metadata.described(service, signed_in(), named)
        return await answering.streamed(pieces, answering.json_wanted(), size)

    @blueprint.get(f"{STUDY}/metadata")
    async def study_metadata(study_uid: str) -> ResponseReturnValue:
        return await described(Named(study_uid))

    @blueprint.get(f"{SERIES}/metadata")
    async def series_metadata(study_uid: str, series_uid: str) -> ResponseReturnValue:
        return await described(Named(study_uid, series_uid))

    @blueprint.get(f"{INSTANCE}/metadata")
    async def instance_metadata(
        study_uid: str, series_uid: str, sop_uid: str
    ) -> ResponseReturnValue:
        return await described(Named(study_uid, series_uid, sop_uid))


def _files(blueprint: Blueprint, service: Service) -> None:
    @blueprint.get(STUDY)
    async def study(study_uid: str) -> ResponseReturnValue:
        return await retrieving.files(await held(service, signed_in(), Named(study_uid)))

    @blueprint.get(SERIES)
    async def series(study_uid: str, series_uid: str) -> ResponseReturnValue:
        named = Named(study_uid, series_uid)
        return await retrieving.files(await held(service, signed_in(), named))

    @blueprint.get(INSTANCE)
    async def instance(study_uid: str, series_uid: str, sop_uid: str) -> ResponseReturnValue:
        named = Named(study_uid, series_uid, sop_uid)
        return await retrieving.files(await held(service, signed_in(), named))

    @blueprint.get(f"{INSTANCE}/bulkdata/<path:place>")
    async def bulk(
        study_uid: str, series_uid: str, sop_uid: str, place: str
    ) -> ResponseReturnValue:
        return await retrieving.bulk(
            await _one(service, Named(study_uid, series_uid, sop_uid)), place
        )


def _store(blueprint: Blueprint, service: Service) -> None:
    turnstile = storing.turnstile()

    async def taken(within: str = "") -> ResponseReturnValue:
        boundary = boundary_of(request.headers.get("Content-Type", ""))
        media = answering.json_wanted()
        asked = cast("edge.Request", request)
        asked.be_patient(storing.PATIENCE)
        actor = signed_in()
        with await turnstile.through(actor.id):
            work = storing.Storing(service, actor, within)
            report = await work.take(asked.body, boundary, asked.content_length)
        return answering.written(report.as_json(), media, report.status, report.warnings)

    @blueprint.post("/studies")
    async def store() -> ResponseReturnValue:
        return await taken()

    @blueprint.post(STUDY)
    async def store_within(study_uid: str) -> ResponseReturnValue:
        if not is_uid(study_uid):
            raise BadQuery
        return await taken(study_uid)


def _frames(blueprint: Blueprint, service: Service) -> None:
    @blueprint.get(f"{INSTANCE}/frames/<listed>")
    async def frames(
        study_uid: str, series_uid: str, sop_uid: str, listed: str
    ) -> ResponseReturnValue:
        named = Named(study_uid, series_uid, sop_uid)
        found = await held_frames(service, signed_in(), named)
        return await framing.frames(found, framing.numbers(listed))


def _pictures(blueprint: Blueprint, service: Service) -> None:
    @blueprint.get(f"{STUDY}/rendered")
    async def study_rendered(study_uid: str) -> ResponseReturnValue:
        return await rendering.all_rendered(await held(service, signed_in(), Named(study_uid)))

    @blueprint.get(f"{SERIES}/rendered")
    async def series_rendered(study_uid: str, series_uid: str) -> ResponseReturnValue:
        named = Named(study_uid, series_uid)
        return await rendering.all_rendered(await held(service, signed_in(), named))

    @blueprint.get(f"{INSTANCE}/rendered")
    async def rendered(study_uid: str, series_uid: str, sop_uid: str) -> ResponseReturnValue:
        found = await _one(service, Named(study_uid, series_uid, sop_uid))
        return await rendering.rendered(found, 1)

    @blueprint.get(f"{INSTANCE}/frames/<listed>/rendered")
    async def rendered_frame(
        study_uid: str, series_uid: str, sop_uid: str, listed: str
    ) -> ResponseReturnValue:
        found = await _one(service, Named(study_uid, series_uid, sop_uid))
        return await rendering.rendered(found, framing.number(listed))

    async def small(named: Named, frame: int | None = None) -> ResponseReturnValue:
        """The middle one of what has a picture stands for all."""
        found = await held(service, signed_in(), named)
        shown = [each for each in found if each.header["kind"] == "image"] or found
        return await rendering.thumbnail(shown[len(shown) // 2], frame)

    @blueprint.get(f"{STUDY}/thumbnail")
    async def study_thumbnail(study_uid: str) -> ResponseReturnValue:
        return await small(Named(study_uid))

    @blueprint.get(f"{SERIES}/thumbnail")
    async def series_thumbnail(study_uid: str, series_uid: str) -> ResponseReturnValue:
        return await small(Named(study_uid, series_uid))

    @blueprint.get(f"{INSTANCE}/thumbnail")
    async def thumbnail(study_uid: str, series_uid: str, sop_uid: str) -> ResponseReturnValue:
        return await small(Named(study_uid, series_uid, sop_uid))

    @blueprint.get(f"{INSTANCE}/frames/<listed>/thumbnail")
    async def frame_thumbnail(
        study_uid: str, series_uid: str, sop_uid: str, listed: str
    ) -> ResponseReturnValue:
        named = Named(study_uid, series_uid, sop_uid)
        return await small(named, framing.number(listed))


async def _one(service: Service, named: Named) -> Held:
    return (await held(service, signed_in(), named))[0]


def _searching(service: Service) -> Search:
    return Search(service.shelf, signed_in(), service.root)


def _query(level: Level, named: dict[str, str] | None = None) -> Query:
    """The present request's query; what the address names cannot be asked otherwise."""
    answering.json_wanted()
    return read_query(level, request.args.items(multi=True), named or {})


def _page(found: Found, query: Query) -> ResponseReturnValue:
    warnings = [NO_KEY] if query.unmatched else []
    if found.more:
        warnings.append(CUT % {"count": found.more})
    return answering.listed(found.results, warnings)
