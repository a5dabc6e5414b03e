"""A file that is on its way here, and goes on where it was cut."""

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from portal.carrying.line import Line, Refused

TOO_FAR: Final = 416


class Part:
    """
    What has arrived, on disk.

    *tagged*: what is sent may change, so it goes on only under the tag that it began with.
    """

    def __init__(self, path: Path, *, tagged: bool = False) -> None:
        self._opened = path.open("ab")
        self._tag_file = _tag_file(path)
        self._tagged = tagged
        if tagged and not self._tag():
            self.anew()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return os.fstat(self._opened.fileno()).st_size

    def wanted(self) -> dict[str, str]:
        """What a request for the rest says (RFC 9110, 13.1.5 and 14.2)."""
        if not self.size:
            return {}
        asked = {"Range": f"bytes={self.size}-"}
        return asked | ({"If-Range": self._tag()} if self._tagged else {})

    def begins(self, tag: str, *, partial: bool) -> None:
        """What comes now is the rest, or everything once more."""
        if not partial:
            self.anew()
        if self._tagged:
            self._tag_file.write_text(tag, encoding="ascii")

    def take(self, piece: bytes) -> None:
        """The next bytes."""
        self._opened.write(piece)
        self._opened.flush()

    def anew(self) -> None:
        """What is here is worth nothing."""
        self._opened.truncate(0)

    def _tag(self) -> str:
        try:
            return self._tag_file.read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""

    @staticmethod
    def forget(path: Path) -> None:
        """It is used, or of no use."""
        path.unlink(missing_ok=True)
        _tag_file(path).unlink(missing_ok=True)


def bring(line: Line, address: str, part: Part) -> None:
    """Everything that is at *address*.  Raises `Stop`."""
    try:
        line.fetch(address, part)
    except Refused as refused:
        if refused.status != TOO_FAR or not part.size:
            raise
        part.anew()  # whole already, or another file's beginning: once more from there
        line.fetch(address, part)


def _tag_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-tag")
