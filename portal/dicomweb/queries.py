"""The parameters of a search (PS3.18 8.3.4 and 10.6.1), read and checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from portal.dicomweb.attributes import ATTRIBUTES, BY_NAME, LEVELS, SHARED, Level
from portal.dicomweb.errors import BadQuery

MOST: Final = 1000
"""Results of one answer, also when more are asked for."""
PARAMETERS: Final = 200
LONGEST: Final = 16 * 1024
"""Characters of one value: some two hundred UIDs."""
OWN: Final = frozenset({"limit", "offset", "fuzzymatching", "includefield", "accept", "charset"})
"""Parameters that are no attributes."""

NO_KEY: Final = "Some attributes are no keys of this search and were not matched"
CUT: Final = "There are %(count)s additional results that can be requested"
"""Warnings, which a program reads in the words of the standard (PS3.18 8.3.4)."""

_NAME: Final = re.compile(
    r"(?:[0-9A-Fa-f]{8}|[A-Za-z][A-Za-z0-9]{1,63})(?:\.(?:[0-9A-Fa-f]{8}|[A-Za-z][A-Za-z0-9]{1,63}))*"
)


@dataclass(frozen=True, slots=True)
class Query:
    """A search at one *level*."""

    level: Level
    keys: dict[str, str] = field(repr=False)
    """What must match, by keyword; an empty text matches everything."""
    fields: frozenset[str]
    """Keywords of what is listed."""
    limit: int
    offset: int
    fuzzy: bool
    unmatched: bool
    """Something was asked for by which nothing is matched here."""

    def keys_of(self, level: Level) -> dict[str, str]:
        """What must match at *level*."""
        return {name: value for name, value in self.keys.items() if BY_NAME[name].level == level}


def read_query(level: Level, given: Iterable[tuple[str, str]], named: Mapping[str, str]) -> Query:
    """
    The query in *given* parameters; *named* are the UIDs that the address gives, by keyword.

    Raises `BadQuery`, also for a parameter about one of these.
    """
    sent = [*given, *named.items()]
    above = frozenset(BY_NAME[each].level for each in named)
    if len(sent) > PARAMETERS or any(len(value) > LONGEST for _, value in sent):
        raise BadQuery
    keys, unmatched = _keys(level, sent)
    asked = [each for name, value in sent if name == "includefield" for each in value.split(",")]
    return Query(
        level=level,
        keys=keys,
        fields=_fields(level, above, asked) | frozenset(keys),
        limit=min(_number(sent, "limit", MOST), MOST),
        offset=_number(sent, "offset", 0),
        fuzzy=_flag(sent, "fuzzymatching"),
        unmatched=unmatched,
    )


def _keys(level: Level, sent: list[tuple[str, str]]) -> tuple[dict[str, str], bool]:
    keys, unmatched = {}, False
    within = LEVELS[: LEVELS.index(level) + 1]
    for name, value in sent:
        if name in OWN:
            continue
        if not _NAME.fullmatch(name):
            raise BadQuery
        known = BY_NAME.get(name) or BY_NAME.get(name.upper())
        if known is None or known.level not in within:
            unmatched = unmatched or bool(value)
            continue
        if known.keyword in keys:
            raise BadQuery
        keys[known.keyword] = value
    return keys, unmatched


def _fields(level: Level, named: frozenset[Level], asked: list[str]) -> frozenset[str]:
    """What is listed: the level's own, of those above what the address does not name."""
    if not all(each == "all" or _NAME.fullmatch(each) for each in asked):
        raise BadQuery
    within = LEVELS[: LEVELS.index(level) + 1]
    shown = {level} | {each for each in within if each not in named}
    found = {
        each.keyword
        for each in ATTRIBUTES
        if each.level in within and ("all" in asked or (each.always and each.level in shown))
    }
    found |= {each for each in SHARED if BY_NAME[each].level in within}
    found |= {"RetrieveURL"} | ({"InstanceAvailability"} if level != "series" else set())
    for name in asked:
        known = BY_NAME.get(name) or BY_NAME.get(name.upper())
        if known is not None and known.level in within:
            found.add(known.keyword)
    return frozenset(found)


def _number(sent: list[tuple[str, str]], name: str, default: int) -> int:
    said = [value for given, value in sent if given == name]
    if not said:
        return default
    if len(said) > 1 or not re.fullmatch(r"[0-9]{1,9}", said[0]):
        raise BadQuery
    return int(said[0])


def _flag(sent: list[tuple[str, str]], name: str) -> bool:
    said = [value.lower() for given, value in sent if given == name]
    if len(said) > 1 or not set(said) <= {"true", "false"}:
        raise BadQuery
    return said == ["true"]
