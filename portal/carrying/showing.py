"""How far it is: a line that moves on a terminal, now and then a plain line elsewhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

EVERY: Final = 10.0
OFTEN: Final = 0.2
"""Seconds between two lines, or two looks of the one line."""
WIDTH: Final = 72
IN_MINUTES: Final = 90
"""Seconds from which on minutes are said."""
THOUSAND: Final = 1000
UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


@dataclass
class Progress:
    """Speaks on *out*; results are somebody else's to print."""

    out: TextIO
    clock: Callable[[], float] = time.monotonic
    _needed: int = 0
    _sent: int = 0
    _began: float = 0.0
    _last: float = float("-inf")
    _open: bool = False

    def looked(self, number: int) -> None:
        """So many files were looked at."""
        self._tell(f"looking at files: {number:,}")

    def files(self, number: int) -> None:
        """So many files are here."""
        self._tell(f"files: {number:,}")

    def begins(self, needed: int) -> None:
        """From now on so many bytes travel."""
        self._needed, self._sent, self._began = needed, 0, self.clock()
        self._last = float("-inf")
        if needed:
            self._tell(f"{size(needed)} to go")

    def sent(self, number: int) -> None:
        """So many more bytes have arrived."""
        self._sent += number
        done = self._sent >= self._needed
        left = self._left()
        words = f"{size(self._sent)} of {size(self._needed)}" + (f", {left}" if left else "")
        self._tell(words, now=done)

    def say(self, words: str) -> None:
        """Something that must not be passed over."""
        self._end()
        self.out.write(f"{words}\n")
        self.out.flush()

    def done(self) -> None:
        """The line that moves stays as it is."""
        self._end()

    def _left(self) -> str:
        passed = self.clock() - self._began
        if not self._sent or passed < 1.0 or self._sent >= self._needed:
            return ""
        seconds = (self._needed - self._sent) * passed / self._sent
        return (
            f"about {seconds / 60:.0f} min left"
            if seconds >= IN_MINUTES
            else f"{seconds:.0f} s left"
        )

    def _tell(self, words: str, *, now: bool = False) -> None:
        moves = self.out.isatty()
        moment = self.clock()
        if not now and moment - self._last < (OFTEN if moves else EVERY):
            return
        self._last = moment
        self.out.write(f"\r{words:<{WIDTH}}" if moves else f"{words}\n")
        self.out.flush()
        self._open = moves

    def _end(self) -> None:
        if self._open:
            self.out.write("\n")
            self.out.flush()
            self._open = False


def size(number: int) -> str:
    """Bytes as people read them; a kB has 1,000."""
    shown, unit = float(number), 0
    while shown >= THOUSAND and unit + 1 < len(UNITS):
        shown, unit = shown / THOUSAND, unit + 1
    return f"{shown:.0f} {UNITS[unit]}" if not unit else f"{shown:.1f} {UNITS[unit]}"
