"""Faults of ours: nothing of them is shown, and no secret of theirs is logged."""

import logging
from typing import Any, Final

from quart import Quart, has_request_context, request
from quart.typing import ResponseReturnValue

from portal import api, storing, vault
from portal.core import web
from portal.core.errors import Gone
from portal.core.language import N_

log = logging.getLogger(__name__)

KEPT: Final = frozenset({"study_id", "document_id"})
"""What an address names that somebody brought here, and may have elsewhere."""


class Unopened(Gone):
    """A row does not open, and nobody can bring it again."""

    code = "damaged"
    message = N_(
        "Something stored here is damaged and does not open. Nothing was changed. Please tell "
        "whoever runs this portal."
    )


def install_faults(app: Quart) -> None:
    """Answer and log faults of *app* discreetly."""
    app.register_error_handler(500, _answer)
    app.register_error_handler(vault.Tampered, _damaged)
    app.log_exception = _log  # type: ignore[method-assign, assignment]


async def _answer(_error: Exception) -> ResponseReturnValue:
    return await web.render_error_500()


async def _damaged(_error: Exception) -> ResponseReturnValue:
    """Somebody changed a row, or the disk did: nothing of it is shown, and the rest goes on."""
    log.critical("something does not open in %s %s", request.method, request.endpoint)
    kept = not KEPT.isdisjoint(request.view_args or {})
    return await api.tell(storing.Damaged() if kept else Unopened())


def _log(exc_info: Any) -> None:
    """Where it happened: an address may hold the secret of a mailed link, its endpoint does not."""
    asked = has_request_context()  # nobody asks while the portal starts and stops
    where = f"{request.method} {request.endpoint}" if asked else "starting or stopping"
    log.error("fault in %s", where, exc_info=exc_info)
