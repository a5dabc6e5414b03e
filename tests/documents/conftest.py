"""Images made on the spot, and real files beside the project, as the room of studies has them."""

from tests.studies.conftest import shared, slices

__all__ = ["shared", "slices"]
