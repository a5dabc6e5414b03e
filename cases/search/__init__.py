"""The archive search: one sealed index per community, asked and extended in memory only."""

from cases.search.archive import Archive, forget
from cases.search.harvest import DescribeStudies

__all__ = ["Archive", "DescribeStudies", "forget"]
