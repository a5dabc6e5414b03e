"""Everything an account keeps, to take away: archives that go on where they were interrupted."""

from portal.exporting.routes import create_blueprint

__all__ = ["create_blueprint"]
