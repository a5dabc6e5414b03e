"""Finding one's own things in My documents: filtered, sorted and sought, and never in a URL."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID

from portal.core.language import N_
from portal.studies.listing import Entry
from portal.studies.summaries import DOCUMENT, StudySummary

LONGEST: Final = 200
"""Characters of what is sought."""
KINDS: Final = {"images": N_("Examinations"), "findings": N_("Findings and documents")}
SORTS: Final = {
    "date": N_("Date of the examination"),
    "added": N_("Date of arrival"),
    "name": N_("Name"),
    "size": N_("Size"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see of their things, and in which order."""

    words: str = ""
    modality: str = ""
    year: str = ""
    kind: str = ""
    sort: str = "date"

    @classmethod
    def typed(cls, form: Any) -> Self:
        """As a form says it; what is no choice of ours is no wish."""
        kind, sort = str(form.get("kind", "")), str(form.get("sort", "date"))
        return cls(
            words=str(form.get("q", ""))[:LONGEST].strip(),
            modality=str(form.get("modality", ""))[:16],
            year=str(form.get("year", ""))[:4],
            kind=kind if kind in KINDS else "",
            sort=sort if sort in SORTS else "date",
        )

    @property
    def narrows(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.words or self.modality or self.year or self.kind)

    @property
    def is_plain(self) -> bool:
        """Whether this is the whole list as it always stands."""
        return not self.narrows and self.sort == "date"


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from."""

    modalities: tuple[str, ...]
    years: tuple[str, ...]


def choices(entries: Sequence[Entry]) -> Choices:
    """The kinds of images and the years that occur, the latest first."""
    images = {code for each in entries if each.study for code in each.study.modalities}
    years = {each.year for each in entries if each.year.isdigit()}
    return Choices(tuple(sorted(images - {DOCUMENT})), tuple(sorted(years, reverse=True)))


def chosen(
    entries: Sequence[Entry],
    wanted: Wanted,
    inside: Collection[UUID] = (),
    written: Mapping[UUID, Collection[str]] = MappingProxyType({}),
) -> list[Entry]:
    """
    Those of *entries* that are wanted, in the order wanted.

    Every word must occur in what an entry and its findings are called; *inside* are documents that
    say them in their text, *written* which words stand inside which study.
    """
    sought = folded(wanted.words).split()
    found = [
        each
        for each in entries
        if _fits(each, wanted) and (_says(each, sought, written) or _inside(each, inside))
    ]
    return _sorted(found, wanted.sort)


def _fits(entry: Entry, wanted: Wanted) -> bool:
    study = entry.study
    if wanted.modality and (study is None or wanted.modality not in study.modalities):
        return False
    if wanted.year and entry.year != wanted.year:
        return False
    if wanted.kind == "images":
        return study is not None
    said = entry.papers or entry.record or (study and study.documents)
    return wanted.kind != "findings" or bool(said)


def _says(entry: Entry, sought: Sequence[str], written: Mapping[UUID, Collection[str]]) -> bool:
    there = written.get(entry.study.id, ()) if entry.study else ()
    lacking = [word for word in sought if word not in there]
    if not lacking:
        return True
    said = [each.title for each in entry.papers]
    said += [entry.record.title, entry.record.person] if entry.record else []
    if entry.study is not None:
        said += _words_of(entry.study)
    text = folded(" ".join(said))
    return all(word in text for word in lacking)


def _words_of(study: StudySummary) -> list[str]:
    return [
        study.title, study.described, study.body_part, study.shown_name, study.shown_date,
        *study.shown_modalities,
    ]  # fmt: skip


def _inside(entry: Entry, inside: Collection[UUID]) -> bool:
    return any(each.id in inside for each in entry.papers)


def folded(text: str) -> str:
    """Without case and accents, so that "schadel" finds "Schädel"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))


def _sorted(found: list[Entry], by: str) -> list[Entry]:
    if by == "date":
        return found  # as they come
    if by == "name":
        return sorted(found, key=lambda each: folded(each.name))
    keys: dict[str, Callable[[Entry], Any]] = {
        "added": lambda each: each.added,
        "size": lambda each: each.size,
    }
    return sorted(found, key=keys[by], reverse=True)
