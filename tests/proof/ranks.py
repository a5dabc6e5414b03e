"""Whether two lists of timings can be told apart (Mann and Whitney 1947)."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from math import erfc, sqrt


def probability(first: Sequence[float], second: Sequence[float]) -> float:
    """
    How likely ranks at least this uneven are when both come from one source (two-sided p).

    By the normal approximation with correction for ties, good from about twenty values each.
    """
    n, m = len(first), len(second)
    both = sorted(chain(first, second))
    ranks: dict[float, float] = {}
    at = 0
    ties = Counter(both)
    for value in sorted(ties):
        ranks[value] = at + (ties[value] + 1) / 2
        at += ties[value]
    u = sum(ranks[value] for value in first) - n * (n + 1) / 2
    tied = sum(each**3 - each for each in ties.values())
    variance = n * m / 12 * (n + m + 1 - tied / ((n + m) * (n + m - 1)))
    return 1.0 if variance == 0 else erfc(abs(u - n * m / 2) / sqrt(2 * variance))
