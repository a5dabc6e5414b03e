"""Answers as PS3.18 wants them: JSON, messages of several parts, and what is refused."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from math import ceil
from typing import Any

from quart import Response, ResponseReturnValue, request

from portal.core import web
from portal.dicomweb.accepting import JSON, accepted
from portal.dicomweb.errors import NotAcceptable, Refusal
from viewer.routes import LEAST_RATE, PATIENCE

Pieces = AsyncGenerator[bytes, None]


async def refused(error: Refusal) -> ResponseReturnValue:
    """A refusal with its own status, in words."""
    words = web.explain(error)
    return {"error": error.code, "message": words}, error.status


def json_wanted() -> str:
    """The kind of JSON that is accepted.  Raises `NotAcceptable`, as XML is not written."""
    for wish in accepted():
        if wish.single and wish.takes(JSON):
            return JSON
        if wish.single and wish.takes("application/json"):
            return "application/json"
    raise NotAcceptable(available=f"{JSON}, application/json")


def listed(results: list[dict[str, Any]], warnings: list[str]) -> Response:
    """What a search found; 204 when it found nothing (PS3.18 10.6.3)."""
    media = json_wanted()
    text = json.dumps(results, ensure_ascii=False, separators=(",", ":"))
    answer = Response(text, content_type=media) if results else Response(status=204)
    return _warned(answer, warnings)


def written(
    found: dict[str, Any], media: str, status: int, warnings: Sequence[str] = ()
) -> Response:
    """One object of DICOM JSON."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return _warned(Response(text, status, content_type=media), warnings)


def _warned(answer: Response, warnings: Sequence[str]) -> Response:
    for words in warnings:
        answer.headers.add("Warning", f'299 {request.host}: "{words}"')
    return answer


async def streamed(pieces: Pieces, media: str, size: int = 0) -> Response:
    """
    *pieces* as they come; what goes wrong with the first is raised, later it breaks the connection.

    An answer that is read slower than an honest line would is ended, *size* bytes being expected.
    """
    first = await anext(pieces, b"")

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    answer = Response(body(), content_type=media)
    answer.timeout = ceil(PATIENCE + size / LEAST_RATE)
    return answer
