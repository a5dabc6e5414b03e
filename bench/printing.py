"""Figures side by side: ours, the peer's, and the ratio between them."""

from collections.abc import Sequence
from statistics import quantiles


def percentile(seconds: Sequence[float], percent: int) -> float:
    """The given percentile of *seconds*."""
    return quantiles(seconds, n=100, method="inclusive")[percent - 1]


def row(measure: str, ours: float, peer: float, unit: str, *, goal: str = "") -> None:
    """One line: what was measured, both figures, ours divided by the peer's."""
    ratio = f"{ours / peer:8.2f}" if peer else "       -"
    print(f"{measure:<44}{ours:>12.2f}{peer:>12.2f} {unit:<6}{ratio}   {goal}")


def head(title: str, peer: str) -> None:
    """The heading above the rows of one benchmark."""
    print(f"\n{title}\n{'':<44}{'ours':>12}{peer:>12} {'':<6}{'ratio':>8}   goal")


def note(text: str) -> None:
    """A line of plain words among the rows."""
    print(f"  {text}")
