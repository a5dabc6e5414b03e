"""The house's own sources, parsed once."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("portal", "cases", "viewer", "realtime")


@dataclass(frozen=True)
class Source:
    path: str
    """As written in a report: relative to the project, with slashes."""
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def room(self) -> str:
        """`portal.studies`, `portal.app`, `cases`, `viewer`: what the architecture calls a room."""
        parts = self.module.split(".")
        return ".".join(parts[:2]) if parts[0] == "portal" else parts[0]


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the product."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return tuple(
        Source(file.relative_to(ROOT).as_posix(), text, ast.parse(text))
        for file in files
        for text in [file.read_text()]
    )


def imports(source: Source) -> set[str]:
    """Full names of what a file imports: modules, and names from modules as `module.name`."""
    found = set()
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {f"{module}.{alias.name}" for alias in names}
    return found
