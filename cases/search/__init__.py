"""The archive search: one sealed index per community, asked and extended in memory only."""

from cases.search.archive import Archive
from cases.search.harvest import DescribeStudies
from cases.search.sealed import forget

__all__ = ["Archive", "DescribeStudies", "forget"]
