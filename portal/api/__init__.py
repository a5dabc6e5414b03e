"""What programs ask the portal, in JSON."""

from portal.api.problems import init_app, tell
from portal.api.routes import create_blueprint

__all__ = ["create_blueprint", "init_app", "tell"]
