"""What the browser gets has a direction too: pages know the viewer, both know the ground."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.architecture.sources import ROOT

FLOORS: Final = ("client/ground/", "viewer/web/", "client/")
"""From the lowest on: a file belongs to the first whose folder it lies in, and looks up to none."""
SAID: Final = re.compile(r'(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]*)"')


def floor_of(path: str) -> int:
    return next(floor for floor, folder in enumerate(FLOORS) if path.startswith(folder))


def imports() -> Iterator[tuple[str, str]]:
    """Which of our files each of them names."""
    for folder in ("client", "viewer/web"):
        for file in sorted((ROOT / folder).rglob("*.ts")):
            for named in SAID.findall(file.read_text()):
                target = Path(file.parent, f"{named}.ts").resolve()
                yield file.relative_to(ROOT).as_posix(), target.relative_to(ROOT).as_posix()


def test_no_file_of_the_browser_looks_up() -> None:
    found = list(imports())

    assert len(found) > 200, "they are found"
    assert ("client/discussion/images.ts", "viewer/web/mount.ts") in found
    assert all(Path(ROOT, target).is_file() for _, target in found)
    assert [(a, b) for a, b in found if floor_of(b) > floor_of(a)] == []
