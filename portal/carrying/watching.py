"""A folder whose files are sent as soon as they stopped growing."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.carrying import files
from portal.carrying.line import Line, Unreachable
from portal.carrying.showing import Progress
from portal.carrying.uploading import Outcome, upload

STATE: Final = ".hds-sent.json"
"""Lies in the folder, and is hidden, so it is not sent itself."""

Seen = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


@dataclass
class Watch:
    """Looks at *folder* every *pause* seconds; a file unchanged between two looks is whole."""

    folder: Path
    pause: float
    move_to: Path | None = None
    _before: dict[str, Seen] = field(default_factory=dict)
    _done: dict[str, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            stored = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
            self._done = {str(name): (int(seen[0]), int(seen[1])) for name, seen in stored.items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            self._done = {}  # nothing is lost: the portal knows what it has

    def whole(self) -> list[Path]:
        """Files that did not change since the last look, and are not done."""
        now = {name: seen for name, seen in self._look() if self._done.get(name) != seen}
        still = [self.folder / name for name, seen in now.items() if self._before.get(name) == seen]
        self._before = now
        return still

    def over(self, outcome: Outcome) -> None:
        """Remember, or move away, what needs no further try."""
        # Kept or there already: safe at the portal.  Left: named once, and again when it changes.
        left = {self._looked_at(each.path) for each in outcome.left}
        safe = {self._looked_at(each) for each in (*outcome.kept, *outcome.there)}
        for path in sorted(left | safe):
            if path in left or self.move_to is None or not self._moved(path):
                self._remember(path)
        stay = {name for name, _ in self._look()}
        self._done = {name: seen for name, seen in self._done.items() if name in stay}
        self._write()

    def _looked_at(self, path: Path) -> Path:
        """The file itself, or the ZIP in which it lies."""
        for each in (path, *path.parents):
            if each != self.folder and each.relative_to(self.folder).as_posix() in self._before:
                return each
            if each == self.folder:
                break
        return path

    def _look(self) -> list[tuple[str, Seen]]:
        seen = []
        for path in files.found([self.folder]):
            if self.move_to is not None and self.move_to in path.parents:
                continue
            try:
                facts = path.stat()
            except OSError:
                continue
            seen.append(
                (path.relative_to(self.folder).as_posix(), (facts.st_size, facts.st_mtime_ns))
            )
        return seen

    def _remember(self, path: Path) -> None:
        name = path.relative_to(self.folder).as_posix()
        if name in self._before:
            self._done[name] = self._before[name]

    def _moved(self, path: Path) -> bool:
        assert self.move_to is not None  # noqa: S101 -- asked by the caller
        target = self.move_to / path.relative_to(self.folder)
        number = 1
        while target.exists():
            target = target.with_name(f"{path.stem}-{number}{path.suffix}")
            number += 1
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        except OSError:
            return False
        return True

    def _write(self) -> None:
        fresh = self.folder / f"{STATE}.new"
        fresh.write_text(json.dumps(self._done), encoding="utf-8")
        fresh.replace(self.folder / STATE)


def watch(
    line: Line,
    watched: Watch,
    show: Progress,
    tell: Callable[[Outcome], Any],
    *,
    rounds: int | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Send what is whole, for ever or for so many *rounds*; a portal that is away is waited for."""
    number = 0
    while rounds is None or number < rounds:
        if number:
            sleep(watched.pause)
        number += 1
        whole = watched.whole()
        if not whole:
            continue
        try:
            outcome = upload(line, whole, show)
        except Unreachable as away:
            show.say(f"{away}; going on as soon as it answers")
            continue
        watched.over(outcome)
        tell(outcome)
