"""The viewer's page and the endpoints that feed it; who may open what is decided elsewhere."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from math import ceil
from typing import Final
from uuid import UUID

from quart import Blueprint, Response, ResponseReturnValue, abort, render_template, request

from viewer import records
from viewer.series import Series, Slot
from viewer.study import OpenStudy, ViewedStudy

PREVIEW_SIZES: Final = frozenset({128, 512})
JPEG: Final = "image/jpeg"
STREAM: Final = "application/octet-stream"
LEAST_RATE: Final = 32 * 1024
PATIENCE: Final = 60
"""Bytes a second, on the whole, and seconds: a download that is slower than both is ended."""

Stretches = Callable[[int, int], AsyncGenerator[bytes, None]]
"""Reads the bytes from one place up to another, a stretch at a time."""

Paint = Callable[[ViewedStudy], Awaitable[str | None]]
"""The picture to come with a page, as a data URI, or None."""


Downloads = Callable[[ViewedStudy], str]
"""The address of its downloads, empty for whoever may only look."""


def policy(socket: str = "") -> str:
    """
    The policy of every page that holds a viewer; *socket* is the origin of a web socket, if any.

    Beyond the portal's own: the decoder is WebAssembly, and the worker's address passes through
    the `hds-viewer` policy of Trusted Types.
    """
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        f"img-src 'self' data: blob:; connect-src 'self' {socket}; font-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; "
        "trusted-types hds hds-viewer"
    )


def create_blueprint(
    open_study: OpenStudy, paint: Paint | None = None, downloads: Downloads = lambda _study: ""
) -> Blueprint:
    """
    The viewer under `/v`; *open_study* raises for everybody who may not see a study.

    *paint* gives the picture that its page comes with, instead of `inline_preview`.  *downloads*
    says where the reader may take the study away.
    """
    paint = paint or inline_preview
    blueprint = Blueprint("viewer", __name__, url_prefix="/v")

    @blueprint.after_request
    async def private(response: Response) -> Response:
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @blueprint.get("/<uuid:study_id>")
    async def page(study_id: UUID) -> ResponseReturnValue:
        study = await open_study(study_id)
        html = await render_template(
            "viewer/page.html",
            study=study,
            base=request.path,
            downloads=downloads(study),
            preview=await paint(study),
        )
        return html, {"Content-Security-Policy": policy()}

    _serve_series(blueprint, open_study)
    _serve_instances(blueprint, open_study)
    return blueprint


def _serve_series(blueprint: Blueprint, open_study: OpenStudy) -> None:
    @blueprint.get("/<uuid:study_id>/open")
    async def open_series(study_id: UUID) -> ResponseReturnValue:
        """The manifest (unless `manifest=0`) and the first frame in one response."""
        study = await open_study(study_id)
        if request.args.get("manifest") == "0":
            parts, listed = [], await study.listed()
        else:
            packed, listed = await study.opening()
            parts = [records.record(0, len(packed), records.MANIFEST, packed)]
        places = _slots(listed)
        at = _whole_number("at", len(places) // 2)
        slot = places[at] if 0 <= at < len(places) else None
        if slot is not None:
            parts.append(await records.frame_record(study, slot))
        return Response(b"".join(parts), content_type=STREAM)

    @blueprint.get("/<uuid:study_id>/low")
    async def low(study_id: UUID) -> ResponseReturnValue:
        """Exact low-resolution prefixes of a whole series, nearest to `at` first."""
        study = await open_study(study_id)
        places = _slots(await study.listed())
        at, resolution = _whole_number("at", 0), _whole_number("res", 3)
        stream = records.prefix_records(study, places, resolution, at)
        response = Response(stream, content_type=STREAM)
        response.timeout = None
        return response


def _serve_instances(blueprint: Blueprint, open_study: OpenStudy) -> None:
    @blueprint.get("/<uuid:study_id>/i/<uuid:instance>/frames/<int:frame>")
    async def frame_bytes(study_id: UUID, instance: UUID, frame: int) -> ResponseReturnValue:
        """One frame, counted from 0; with `Range` only the bytes the reader lacks (RFC 9110)."""
        study = await open_study(study_id)
        codec, size = await study.frame_size(instance, frame)
        start, stop = _wanted_range(size)
        data = await study.frame(instance, frame, start, stop)
        headers = {"Accept-Ranges": "bytes", "X-HDS-Codec": codec}
        whole = (start, stop) == (0, size)
        if not whole:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return Response(data, 200 if whole else 206, headers, content_type=STREAM)

    @blueprint.get("/<uuid:study_id>/i/<uuid:instance>/preview")
    async def preview(study_id: UUID, instance: UUID) -> ResponseReturnValue:
        study = await open_study(study_id)
        size = _whole_number("w", 128)
        jpeg = await study.preview(instance, size) if size in PREVIEW_SIZES else None
        if jpeg is None:
            abort(404)
        return Response(jpeg, content_type=JPEG)

    @blueprint.get("/<uuid:study_id>/i/<uuid:instance>/original")
    async def original(study_id: UUID, instance: UUID) -> ResponseReturnValue:
        """The uploaded file, under a name that says nothing about the patient."""
        file = await (await open_study(study_id)).original_file(instance)
        response = await streamed(file.size, file.stretches)
        response.content_type = "application/dicom"
        response.headers["Content-Disposition"] = f'attachment; filename="{instance.hex}.dcm"'
        return response


async def streamed(size: int, stretches: Stretches, etag: str = "") -> Response:
    """
    The range asked for, or everything (RFC 9110), as it is read; nothing is kept in memory.

    What goes wrong with the first stretch is raised; what does later breaks the connection.  A
    download slower than `LEAST_RATE` is ended.  Whoever has some bytes under *etag* (strong,
    without quotes) gets the others of the same; what is another now begins anew (RFC 9110, 13.1.5).
    """
    start, stop = _wanted_range(size, etag)
    pieces = stretches(start, stop)
    first = await anext(pieces, b"")

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    whole = (start, stop) == (0, size)
    response = Response(body(), 200 if whole else 206, {"Accept-Ranges": "bytes"})
    if not whole:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if etag:
        response.headers["ETag"] = f'"{etag}"'
    response.content_length = stop - start
    response.timeout = ceil(PATIENCE + (stop - start) / LEAST_RATE)
    return response


def _slots(listed: Sequence[Series]) -> Sequence[Slot | None]:
    """Those of the series asked for; of the first one shown if none was named."""
    wanted = _whole_number("series", -1)
    if wanted < 0:
        shown = _first_shown(listed)
        return shown.slots if shown else ()
    found = next((series for series in listed if series.id == wanted), None)
    if found is None:
        abort(404)
    return found.slots


def _first_shown(listed: Sequence[Series]) -> Series | None:
    """The series with most pictures, as the browser chooses too: scouts are seldom the question."""
    return max(listed, key=lambda series: series.pictures, default=None)


def _whole_number(name: str, default: int) -> int:
    """A query parameter; whatever is not a whole number counts as not given."""
    return request.args.get(name, default, type=int)


def _wanted_range(size: int, etag: str = "") -> tuple[int, int]:
    """The one byte range asked for, or everything; 416 when there are no such bytes."""
    asked = request.range
    # Without a validator none that is asked for can match (RFC 9110, 13.1.5).
    same = bool(etag) and request.headers.get("If-Range") == f'"{etag}"'
    conditional = "If-Range" in request.headers and not same
    if asked is None or conditional or asked.units != "bytes" or len(asked.ranges) != 1:
        return 0, size
    start, stop = asked.ranges[0]
    if start < 0:
        start, stop = max(0, size + start), size
    stop = size if stop is None else min(stop, size)
    if start >= stop:
        # Complete, so that no page about errors replaces it (RFC 9110, 15.5.17).
        abort(Response(status=416, headers={"Content-Range": f"bytes */{size}"}))
    return start, stop


async def inline_preview(study: ViewedStudy) -> str | None:
    """The first picture to be shown, as a data URI: it is painted with the page itself."""
    series = _first_shown(await study.listed())
    if series is None or series.middle is None:
        return None
    jpeg = await study.preview(series.middle, 512)
    return f"data:{JPEG};base64,{base64.b64encode(jpeg).decode()}" if jpeg else None
