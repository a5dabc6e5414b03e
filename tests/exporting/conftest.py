"""Examinations and findings to take away, as the rooms of studies and documents make them."""

from tests.documents.test_documents import erika
from tests.studies.conftest import shared, slices

__all__ = ["erika", "shared", "slices"]
