"""Whose images are these?  Compared with what the account says about its owner."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

Answer = Literal["matches", "differs", "unasked"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an image or an account says about a person.  Empty: it does not say."""

    name: str = ""
    """DICOM's Person Name: family^given^…"""
    birth_date: str = ""
    """`YYYYMMDD`."""
    sex: str = ""
    """`M`, `F` or `O` (DICOM's Patient's Sex)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two people may be one, and in which facts they differ."""

    answer: Answer
    differs: tuple[str, ...] = ()


def compare(images: Facts, account: Facts) -> Comparison:
    """
    Compare fact by fact; what either side does not say is no difference.

    Images with neither a name nor a date of birth are anybody's: they differ, in no fact.
    """
    differs = []
    if images.birth_date and account.birth_date and images.birth_date != account.birth_date:
        differs.append("birth_date")
    if images.sex in {"M", "F"} and account.sex in {"M", "F"} and images.sex != account.sex:
        differs.append("sex")
    if images.name and account.name and not _alike(images.name, account.name):
        differs.append("name")
    says_whose = bool(images.name.strip("^ ") or images.birth_date)
    return Comparison("matches" if says_whose and not differs else "differs", tuple(differs))


def _alike(one: str, other: str) -> bool:
    """A second given name that only one side knows is no difference."""
    left, right = _folded(one), _folded(other)
    return left <= right or right <= left


def _folded(name: str) -> frozenset[str]:
    """The words of a name without case, accents and German transliterations, in any order."""
    text = name.split("=", maxsplit=1)[0].casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = unicodedata.normalize("NFC", text).replace(umlaut, letters)
    plain = unicodedata.normalize("NFKD", text)
    words = "".join(each if each.isalnum() else " " for each in plain if not _is_accent(each))
    return frozenset(words.split())


def _is_accent(character: str) -> bool:
    return unicodedata.combining(character) > 0
