"""How many examinations fit into a space, by their usual sizes (rules.md S-124, S-125)."""

from dataclasses import dataclass
from typing import Final, Self

MB: Final = 1024**2
"""1 GB = 1024 MB."""
ULTRASOUND: Final = 5 * MB
X_RAY: Final = 30 * MB
SLICES: Final = 200 * MB
"""CT, MRI and mammography."""


@dataclass(frozen=True, slots=True)
class Fits:
    """About so many of one kind, if nothing else comes."""

    slices: int
    x_rays: int
    ultrasounds: int

    @classmethod
    def into(cls, free: int) -> Self:
        """Into *free* bytes."""
        return cls(free // SLICES, free // X_RAY, free // ULTRASOUND)
