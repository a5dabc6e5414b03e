"""
The search box: words, "phrases", -without, and operators, read into a query.

A word matches in German or in English, each by its stem; all parts must match.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from whoosh import analysis, query

from cases.search.index import ENGLISH, GERMAN
from portal.core.errors import Invalid
from portal.core.language import N_, ZONE, gettext

OPERATORS: Final = ("from", "modality", "region", "status", "before", "after")
STATUSES: Final = {"open": "open", "closed": "closed", "offen": "open", "geschlossen": "closed"}
LONGEST: Final = 400
"""Characters; longer searches are refused rather than cut."""

_PART: Final = re.compile(
    r'(?P<minus>-)?(?:(?P<operator>[a-zA-Z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s"]+))'
)
_ANALYSERS: Final[dict[str, analysis.Analyzer]] = {"de": GERMAN, "en": ENGLISH}


class BadSearch(Invalid):
    """The search box holds something that cannot be read."""

    code = "bad_search"
    message = N_("This search cannot be read: %(problem)s")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search, read but not yet run.  Days are whole days in German local time."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
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


@dataclass(slots=True)
class _Draft:
    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)


def read(text: str) -> Wanted:
    """
    Read the search box.

    Raises `BadSearch` for a date, a status or an operator that nobody can read.
    """
    if len(text) > LONGEST:
        raise BadSearch(problem=gettext("it is too long."))
    draft = _Draft()
    for part in _PART.finditer(text):
        _take(part, draft)
    statuses = [_status(value) for value in draft.filters.get("status", [])]
    return Wanted(
        words=tuple(draft.words),
        phrases=tuple(draft.phrases),
        without=tuple(draft.without),
        from_=tuple(draft.filters.get("from", [])),
        modality=tuple(value.upper() for value in draft.filters.get("modality", [])),
        region=tuple(value.lower() for value in draft.filters.get("region", [])),
        status=statuses[-1] if statuses else None,
        before=min(map(_day, draft.filters.get("before", [])), default=None),
        after=max(map(_day, draft.filters.get("after", [])), default=None),
    )


def _take(part: re.Match[str], draft: _Draft) -> None:
    operator = (part["operator"] or "").lower()
    value = part["quoted"] if part["quoted"] is not None else part["word"]
    if operator in OPERATORS:
        draft.filters.setdefault(operator, []).append(value.strip())
        return
    if operator:
        # "10:30" or "Th12:" is text, not an operator.
        value = f"{part['operator']}:{value}"
    if part["minus"]:
        draft.without.append(value)
    elif part["quoted"] is not None:
        draft.phrases.append(value)
    else:
        draft.words.append(value)


def _status(value: str) -> str:
    if value.lower() not in STATUSES:
        raise BadSearch(problem=gettext("status: takes open or closed."))
    return STATUSES[value.lower()]


def _day(value: str) -> date:
    for pattern in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})",
    ):
        if found := re.fullmatch(pattern, value):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
    raise BadSearch(problem=gettext("a day is written 2026-03-12 or 12.03.2026."))


def build(
    wanted: Wanted, *, authors: Collection[str] | None, cases: Collection[str] | None
) -> query.Query:
    """
    The query for one index.  `authors` and `cases` narrow to those hex ids; None narrows nothing,
    an empty collection matches nothing.
    """
    parts: list[query.Query] = [each for word in wanted.words if (each := _word(word))]
    parts += [each for phrase in wanted.phrases if (each := _phrase(phrase))]
    if (wanted.words or wanted.phrases) and not parts:
        return query.NullQuery
    for name in ("modality", "region"):
        if values := getattr(wanted, name):
            parts.append(_any(name, values))
    if (authors is not None and not authors) or (cases is not None and not cases):
        return query.NullQuery
    if authors is not None:
        parts.append(_any("author", authors))
    if cases is not None:
        parts.append(_any("case", cases))
    if wanted.before or wanted.after:
        parts.append(_between(wanted.after, wanted.before))
    unwanted = [
        each for word in wanted.without if (each := _phrase(word) if " " in word else _word(word))
    ]
    positive = query.And(parts) if parts else query.Every()
    found: query.Query = query.AndNot(positive, query.Or(unwanted)) if unwanted else positive
    return found.normalize()


def _word(word: str) -> query.Query | None:
    if word.endswith("*") and len(word) > 3:  # noqa: PLR2004 -- shorter prefixes match everything
        stem = word[:-1].lower()
        return query.Or([query.Prefix("de", stem), query.Prefix("en", stem)])
    either = []
    for name, analyser in _ANALYSERS.items():
        if stems := [token.text for token in analyser(word, mode="query")]:
            # "Th12-L1" falls into several stems, which must stand side by side.
            terms = [query.Term(name, stem) for stem in stems]
            either.append(terms[0] if len(terms) == 1 else query.Phrase(name, stems))
    return query.Or(either) if either else None


def _phrase(phrase: str) -> query.Query | None:
    either = []
    for name, analyser in _ANALYSERS.items():
        if stems := [token.text for token in analyser(phrase, mode="query")]:
            either.append(
                query.Phrase(name, stems) if len(stems) > 1 else query.Term(name, stems[0])
            )
    return query.Or(either) if either else None


def _any(name: str, values: Collection[str]) -> query.Query:
    return query.Or([query.Term(name, value) for value in values])


def _between(after: date | None, before: date | None) -> query.Query:
    """From the day after *after* to the day before *before*, days as in Germany, stored in UTC."""

    def midnight(day: date) -> datetime:
        moment = datetime.combine(day, time(), ZONE)
        return moment.astimezone(UTC).replace(tzinfo=None)

    start = midnight(after + timedelta(days=1)) if after else None
    end = midnight(before) if before else None
    return query.DateRange("created", start, end, endexcl=True)


def stems_of(wanted: Wanted) -> frozenset[str]:
    """What to mark in a snippet: the stems of every word asked for."""
    words = [*wanted.words, *wanted.phrases]
    return frozenset(
        token.text
        for text in words
        for each in _ANALYSERS.values()
        for token in each(text, mode="query")
    ) | frozenset(f"{word[:-1].lower()}*" for word in wanted.words if word.endswith("*"))


def snippet(text: str, stems: Collection[str], *, length: int = 220) -> list[tuple[str, bool]]:
    """
    The part of *text* around its first match, in pieces: (words, whether they match).

    `length` is the number of characters shown at most; "…" says that something was left out.
    """
    spans = sorted(_matches(text, stems))
    first = spans[0][0] if spans else 0
    start = max(0, first - length // 3)
    start = text.find(" ", start) + 1 if start else 0
    end = min(len(text), start + length)
    pieces: list[tuple[str, bool]] = [("…", False)] if start else []
    at = start
    for begin, stop in spans:
        if begin < at or stop > end:
            continue
        pieces += [(text[at:begin], False), (text[begin:stop], True)]
        at = stop
    pieces.append((text[at:end] + ("…" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _matches(text: str, stems: Collection[str]) -> Iterator[tuple[int, int]]:
    prefixes = tuple(stem[:-1] for stem in stems if stem.endswith("*"))
    seen = set()
    for analyser in _ANALYSERS.values():
        for token in analyser(text, chars=True, mode="index"):
            hit = token.text in stems or (prefixes and token.text.startswith(prefixes))
            if hit and token.startchar not in seen:
                seen.add(token.startchar)
                yield token.startchar, token.endchar
