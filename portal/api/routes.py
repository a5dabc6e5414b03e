"""Addresses under /api, for programs with a token and for pages with a session."""

from collections.abc import Mapping
from typing import Final

from quart import Blueprint, ResponseReturnValue

from portal import storing, studies
from portal.core.web import signed_in
from portal.keys import Scope

FOR_PROGRAMS: Final[Mapping[str, Scope]] = {"api.space": "read"}
"""What programs may use, and what their token must be allowed."""


def create_blueprint(shelf: studies.Shelf) -> Blueprint:
    """Everything over *shelf*."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")

    @blueprint.get("/space")
    async def space() -> ResponseReturnValue:
        """Bytes: used, allowed on the whole, and free."""
        found = await storing.space(signed_in().id, shelf.free_quota)
        return {"used": found.used, "allowed": found.allowed, "free": found.free}

    return blueprint
