"""Whether a value is what a search asks for (PS3.4 C.2.2.2, PS3.18 8.3.4.1)."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from portal.dicomweb.attributes import BY_NAME, Record
from portal.dicomweb.errors import BadQuery

Test = Callable[[str], bool]

_WILD: Final = frozenset("*?")
_DAY: Final = re.compile(r"[0-9]{8}")
_TIME: Final = re.compile(r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_UID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")
LONGEST_UID: Final = 64
_TIME_DIGITS: Final = 12
"""Hours, minutes, seconds and millionths."""
_LISTED: Final = re.compile(r"[,\\]+")
"""What parts a list; OHIF writes two backslashes."""
_LISTS: Final = frozenset({"ModalitiesInStudy", "Modality"})
_SAME_CASE: Final = frozenset({"CS", "SH"})


class Matcher:
    """
    The *keys* of a query, ready to be asked about many records.

    Raises `BadQuery` for a key whose value cannot be one of its kind.
    """

    def __init__(self, keys: Mapping[str, str], *, fuzzy: bool = False) -> None:
        self._tests = {
            name: _test(name, value, fuzzy=fuzzy) for name, value in keys.items() if value
        }

    def __call__(self, record: Record) -> bool:
        """Whether every key matches; of several values one is enough."""
        return all(any(map(test, _values(record.get(name)))) for name, test in self._tests.items())

    def among(self, count: int, column: Callable[[str], Sequence[Any]]) -> Sequence[int]:
        """
        Which of *count* records match, of which *column* gives all values of an attribute.

        Of thousands of examinations many have the same value, which is compared once.
        """
        left: Sequence[int] = range(count)
        for name, test in self._tests.items():
            values, known = column(name), dict[Any, bool]()
            found = []
            for at in left:
                value = values[at]
                same = tuple(value) if isinstance(value, list) else value
                if same not in known:
                    known[same] = any(map(test, _values(value)))
                if known[same]:
                    found.append(at)
            left = found
        return left


def uids_in(value: str) -> frozenset[str]:
    """A list of UIDs, parted by commas or backslashes.  Raises `BadQuery`."""
    found = frozenset(each.strip() for each in _LISTED.split(value))
    if not all(is_uid(each) for each in found):
        raise BadQuery
    return found


def is_uid(text: str) -> bool:
    """Whether this may be a UID (PS3.5 9.1)."""
    return len(text) <= LONGEST_UID and _UID.fullmatch(text) is not None


def _values(value: Any) -> Iterable[str]:
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return ["" if value is None else str(value)]


def _test(name: str, value: str, *, fuzzy: bool) -> Test:
    vr = BY_NAME[name].vr
    if vr == "PN" and fuzzy:
        return _sounds_like(value)
    if vr in _OF_KIND:
        return _OF_KIND[vr](value)
    if name in _LISTS:
        tests = [_wildcard(each.strip()) for each in _LISTED.split(value)]
        return lambda held: any(test(held) for test in tests)
    return _wildcard(value, folded=vr not in _SAME_CASE)


def _number(value: str) -> Test:
    try:
        wanted = float(value)
    except ValueError:
        raise BadQuery from None
    return lambda held: bool(held) and float(held) == wanted


def _range(value: str, form: re.Pattern[str], whole: Callable[[str, str], str]) -> Test:
    """One value, or from one to another of which one may be missing (PS3.4 C.2.2.2.5)."""
    low, dash, high = value.partition("-")
    given = [each for each in (low, high) if each]
    if not given or not all(form.fullmatch(each) for each in given):
        raise BadQuery
    start = whole(low, "0") if low else ""
    stop = whole(high or low, "9") if high or not dash else "\x7f"
    return lambda held: bool(form.fullmatch(held)) and start <= whole(held, "0") <= stop


def _whole_time(text: str, filler: str) -> str:
    return text.replace(".", "").ljust(_TIME_DIGITS, filler)


_OF_KIND: Final[dict[str, Callable[[str], Test]]] = {
    "UI": lambda value: uids_in(value).__contains__,
    "DA": lambda value: _range(value, _DAY, lambda each, _filler: each),
    "TM": lambda value: _range(value, _TIME, _whole_time),
    **dict.fromkeys(("IS", "US", "DS"), _number),
}


def _wildcard(value: str, *, folded: bool = False) -> Test:
    """`*` stands for any characters and `?` for one (PS3.4 C.2.2.2.4)."""
    wanted = _folded(value) if folded else value
    fold = _folded if folded else str
    if not _WILD & set(wanted):
        return lambda held: fold(held) == wanted
    parts = wanted.split("*")
    return lambda held: _fits(parts, fold(held))


def _fits(parts: list[str], held: str) -> bool:
    """Each part as early as it can be, the last one at the end: nothing is tried twice."""
    first, *rest = parts
    if not rest:
        return len(first) == len(held) and _alike(first, held, 0)
    if not _alike(first, held, 0):
        return False
    at = len(first)
    for part in rest[:-1]:
        while at + len(part) <= len(held) and not _alike(part, held, at):
            at += 1
        if at + len(part) > len(held):
            return False
        at += len(part)
    end = len(held) - len(rest[-1])
    return end >= at and _alike(rest[-1], held, end)


def _alike(part: str, held: str, at: int) -> bool:
    piece = held[at : at + len(part)]
    return len(piece) == len(part) and all(a in {"?", b} for a, b in zip(part, piece, strict=True))


def _folded(text: str) -> str:
    """Names of people are the same in any case, and with or without what trails them."""
    return unicodedata.normalize("NFC", text).casefold().rstrip("^ ")


def _sounds_like(value: str) -> Test:
    """Every word begins some word of the name, whatever their order, accents and case."""
    wanted = _words(value.replace("*", " ").replace("?", " "))
    return lambda held: all(any(word.startswith(each) for word in _words(held)) for each in wanted)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    return re.findall(r"\w+", bare)
