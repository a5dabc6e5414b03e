"""Images made on the spot, and the real files beside the project."""

from tests.studies.conftest import shared, slices

__all__ = ["shared", "slices"]
