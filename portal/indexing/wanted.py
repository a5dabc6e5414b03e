"""What is looked for, read from what somebody typed."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search, read but not yet run.  Days are whole days in German local time."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    """Words or phrases joined by OR: one of each group is enough."""
    without: tuple[str, ...] = ()
    from_: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    status: str | None = None
    before: date | None = None
    after: date | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing was asked."""
        return self == Wanted()
