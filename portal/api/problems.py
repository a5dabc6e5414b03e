"""What goes wrong, told to programs as RFC 9457 has it; people get their pages as before."""

import json
from typing import Final

from quart import Quart, Response, ResponseReturnValue, g, request

from portal.core.errors import PortalError
from portal.core.web import explain, render_error, status_of, wants_html

MEDIA: Final = "application/problem+json"


def init_app(app: Quart) -> None:
    """From now on *app* tells errors to whoever asks, each in their way."""
    app.register_error_handler(PortalError, tell)


async def tell(error: PortalError) -> ResponseReturnValue:
    """
    One error: as a problem to whoever shows a token, right or wrong, and under /api.

    Who opens an address there in a browser gets a page, and is led to signing in.
    """
    by_token = g.get("csrf", "") is None or "challenge" in g
    if by_token or (request.blueprint == "api" and not wants_html()):
        return _problem(error)
    return await render_error(error)


def _problem(error: PortalError) -> Response:
    """What kind it is, in a word for programs and in a sentence for people."""
    status = status_of(error)
    said = {"type": f"/api#{error.code}", "status": status, "title": explain(error)}
    facts = {name: each for name, each in error.details.items() if _is_plain(each)}
    body = json.dumps(facts | said | {"error": error.code}, ensure_ascii=False)
    answer = Response(body, status, content_type=MEDIA)
    if "retry_after" in facts:
        answer.headers["Retry-After"] = str(facts["retry_after"])
    return answer


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)
