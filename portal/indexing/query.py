"""What was asked for, as a query: a word matches in German or in English, each by its stem."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from whoosh import analysis, query

from portal.core.language import ZONE
from portal.indexing.index import ENGLISH, GERMAN
from portal.indexing.wanted import Wanted

_ANALYSERS: Final[dict[str, analysis.Analyzer]] = {"de": GERMAN, "en": ENGLISH}


def build(
    wanted: Wanted, *, authors: Collection[str] | None, cases: Collection[str] | None
) -> query.Query:
    """
    The query for one index.  `authors` and `cases` narrow to those hex ids; None narrows nothing,
    an empty collection matches nothing.
    """
    parts: list[query.Query] = [each for word in wanted.words if (each := _word(word))]
    parts += [each for phrase in wanted.phrases if (each := _phrase(phrase))]
    parts += [query.Or(ways) for group in wanted.either if (ways := _ways(group))]
    if (wanted.words or wanted.phrases or wanted.either) and not parts:
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
    unwanted = _ways(wanted.without)
    positive = query.And(parts) if parts else query.Every()
    found: query.Query = query.AndNot(positive, query.Or(unwanted)) if unwanted else positive
    return found.normalize()


def _ways(terms: Collection[str]) -> list[query.Query]:
    return [each for term in terms if (each := _phrase(term) if " " in term else _word(term))]


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
    words = [*wanted.words, *wanted.phrases, *(term for group in wanted.either for term in group)]
    return frozenset(
        token.text
        for text in words
        for each in _ANALYSERS.values()
        for token in each(text, mode="query")
    ) | frozenset(f"{word[:-1].lower()}*" for word in words if word.endswith("*"))


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
