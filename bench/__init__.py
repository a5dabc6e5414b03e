"""Runnable benchmarks.  Each prints its figures as ratios against a named peer of the same run."""
