"""Which media types somebody accepts (RFC 9110 12.5.1, PS3.18 8.7), and the first we can give."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from quart import request

JSON: Final = "application/dicom+json"
MULTIPART: Final = "multipart/related"
LONGEST: Final = 4096
"""Characters of what is accepted that are read."""

_ENTRY: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_FIELD: Final = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')


@dataclass(frozen=True, slots=True)
class Wish:
    """One media type that is accepted; `multipart/related` with the type of its parts."""

    outer: str
    part: str
    """The type of the parts, or the type itself where nothing is wrapped."""
    syntax: str
    """UID of a transfer syntax, `*` for any, or empty."""
    quality: float

    @property
    def several(self) -> bool:
        """Whether a message of several parts is accepted."""
        return self.outer in {MULTIPART, "*/*", "multipart/*"}

    @property
    def single(self) -> bool:
        """Whether the thing itself is accepted."""
        return not self.outer.startswith("multipart/")

    def takes(self, media: str) -> bool:
        """Whether parts of this type are."""
        mine = self.part
        return mine in {"*/*", media} or (
            mine.endswith("/*") and media.startswith(mine.removesuffix("*"))
        )


def accepted() -> list[Wish]:
    """What the present request accepts, the best first; everything when it says nothing."""
    said = request.args.get("accept") or request.headers.get("Accept") or "*/*"
    wishes = [_wish(each) for each in _ENTRY.findall(said[:LONGEST])]
    known = [each for each in wishes if each.outer and each.quality > 0]
    return sorted(known, key=lambda each: -each.quality)


def _wish(entry: str) -> Wish:
    outer, *fields = (each.strip() for each in _FIELD.findall(entry))
    said = {}
    for each in fields:
        name, _, value = each.partition("=")
        said[name.strip().lower()] = value.strip().strip('"')
    outer = outer.lower()
    default = "*/*" if outer.startswith("multipart/") else outer
    return Wish(outer, said.get("type", default).lower(), said.get("transfer-syntax", ""),
                _quality(said.get("q", "1")))  # fmt: skip


def _quality(said: str) -> float:
    try:
        return min(1.0, max(0.0, float(said)))
    except ValueError:
        return 0.0


T = TypeVar("T")


def first(offers: Sequence[T], fits: Callable[[Wish, T], bool]) -> tuple[Wish, T] | None:
    """The best wish that an offer fits, with the first such offer; None when there is none."""
    return next(
        ((wish, offer) for wish in accepted() for offer in offers if fits(wish, offer)), None
    )
