"""
How many mutants there are, in blocks that are tests of their own.

`FUZZ=long` asks for all that security S18 asks for, `FUZZ=dicom/4711` for one case again; without
it a few thousand run with every other test.
"""

import os
from dataclasses import dataclass
from typing import Final

from tests.fuzzing.mutants import KINDS, Kind, Mutant, mutant

BLOCK: Final[dict[Kind, int]] = {"dicom": 500, "pdf": 100, "jpeg": 100, "png": 100, "zip": 100}
EVERY_TIME: Final[dict[Kind, int]] = {
    "dicom": 6000,
    "pdf": 600,
    "jpeg": 400,
    "png": 400,
    "zip": 200,
}
LONG: Final[dict[Kind, int]] = {
    "dicom": 100_000, "pdf": 8000, "jpeg": 4000, "png": 4000, "zip": 4000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """Some mutants of one kind, from number *first* on."""

    kind: Kind
    first: int
    count: int

    def __str__(self) -> str:
        return f"{self.kind}/{self.first}-{self.first + self.count - 1}"

    def mutants(self) -> list[Mutant]:
        return [mutant(self.kind, self.first + number) for number in range(self.count)]


def blocks(*kinds: Kind) -> list[Block]:
    """What is to be tried of these kinds."""
    asked = os.environ.get("FUZZ", "")
    for kind in KINDS:
        if asked.startswith(f"{kind}/"):
            number = int(asked.removeprefix(f"{kind}/"))
            return [Block(kind, number, 1)] if kind in kinds else []
    if asked not in {"", "long"}:
        raise ValueError(f"FUZZ={asked} is neither long nor a mutant's name")
    many = LONG if asked == "long" else EVERY_TIME
    return [
        Block(kind, first, min(BLOCK[kind], many[kind] - first))
        for kind in kinds
        for first in range(0, many[kind], BLOCK[kind])
    ]
