"""
One community's search index, whole in memory, as bytes in and bytes out.

Whoosh would write its working files to disk and un-pickle what it reads: here both happen in
memory only, and the bytes come out of an authenticated box before Whoosh sees them.
"""

import io
import itertools
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from whoosh import analysis, fields, query
from whoosh.filedb.filestore import RamStorage
from whoosh.filedb.structfile import StructFile
from whoosh.index import Index as WhooshIndex

_HEADER: Final = struct.Struct(">4sI")
_ENTRY: Final = struct.Struct(">II")
_MAGIC: Final = b"hdi1"


@dataclass(frozen=True, slots=True)
class Document:
    """
    One findable thing: a post, a thread's title or a case's own words.

    `id` is unique in the community ("post:<hex>"); `author` is an account's hex id.
    """

    id: str
    case: str
    text: str = field(repr=False)
    author: str
    created: datetime
    modality: str = ""
    region: str = ""
    kind: str = "post"


@dataclass(frozen=True, slots=True)
class Found:
    """One match: the document's id and case, how well it fits, and when it was written (UTC)."""

    id: str
    case: str
    score: float
    created: datetime

    @property
    def key(self) -> tuple[str, UUID]:
        """Its kind ("post", "thread" or "case") and the id of its row."""
        kind, hex_id = self.id.split(":")
        return kind, UUID(hex=hex_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """The best matches, how many there are in all, and how they spread over the facets."""

    total: int
    best: tuple[Found, ...]
    facets: Mapping[str, Mapping[str, int]]
    """modality and region, each with the number of matches of its values."""


FACETS: Final = ("modality", "region")


def _stemmed(language: str) -> analysis.Analyzer:
    # No stop words: "not dense" must not find "dense".
    words = analysis.RegexTokenizer() | analysis.LowercaseFilter()
    return words | analysis.StemFilter(lang=language)


GERMAN: Final = _stemmed("de")
ENGLISH: Final = _stemmed("en")


def _schema() -> fields.Schema:
    return fields.Schema(
        id=fields.ID(stored=True, unique=True),
        case=fields.ID(stored=True),
        kind=fields.ID(stored=True),
        author=fields.ID(),
        modality=fields.ID(sortable=True),
        region=fields.ID(sortable=True),
        created=fields.DATETIME(stored=True),
        de=fields.TEXT(analyzer=GERMAN, phrase=True),
        en=fields.TEXT(analyzer=ENGLISH, phrase=True),
    )


class Index:
    """The index of one community, open in memory."""

    def __init__(self, storage: "_Memory", index: WhooshIndex) -> None:
        self._storage = storage
        self._index = index
        self._open: _Open | None = None

    @classmethod
    def empty(cls) -> Self:
        """An index that finds nothing yet."""
        storage = _Memory()
        return cls(storage, storage.create_index(_schema()))

    @classmethod
    def load(cls, raw: bytes) -> Self:
        """
        Open what `dump` gave.  *raw* must have been authenticated: Whoosh un-pickles parts of it.

        Raises ValueError when the bytes are of no format we wrote.
        """
        magic, count = _HEADER.unpack_from(raw)
        if magic != _MAGIC:
            raise ValueError("not a search index")
        storage, at = _Memory(), _HEADER.size
        view = memoryview(raw)
        for _ in range(count):
            name_length, length = _ENTRY.unpack_from(raw, at)
            at += _ENTRY.size
            name = bytes(view[at : at + name_length]).decode()
            at += name_length
            storage.files[name] = bytes(view[at : at + length])
            at += length
        return cls(storage, storage.open_index())

    @property
    def size(self) -> int:
        """Bytes in memory, about what `dump` gives."""
        return sum(map(len, self._storage.files.values()))

    def dump(self) -> bytes:
        """All files of the index in one piece."""
        parts = [_HEADER.pack(_MAGIC, len(self._storage.files))]
        for name, data in sorted(self._storage.files.items()):
            encoded = name.encode()
            parts += [_ENTRY.pack(len(encoded), len(data)), encoded, data]
        return b"".join(parts)

    def apply(self, put: Iterable[Document], remove: Iterable[str] = ()) -> None:
        """Add or replace *put*, forget the ids in *remove*; found as soon as this returns."""
        if self._open is not None:
            self._open.searcher.close()
            self._open = None
        writer = self._index.writer(limitmb=64)
        for gone in remove:
            writer.delete_by_term("id", gone)
        for each in put:
            # Naive UTC, as Whoosh's date field wants it.
            created = each.created.replace(tzinfo=None)
            writer.update_document(
                id=each.id,
                case=each.case,
                kind=each.kind,
                author=each.author,
                modality=each.modality,
                region=each.region,
                created=created,
                de=each.text,
                en=each.text,
            )
        writer.commit()
        self._storage.forget_closed_segments(self._index)

    def find(self, wanted: query.Query, most: int) -> Answer:
        """The best *most* matches and the true number of all."""
        opened = self._opened()
        # Without a limit: with one, Whoosh's own count would be wrong.
        results = opened.searcher.search(wanted, limit=None)
        counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        for name, column in opened.columns.items():
            counts[name].update(column[number] for _, number in results.top_n)
        best = tuple(
            Found(hit["id"], hit["case"], hit.score or 0.0, hit["created"])
            for hit in itertools.islice(results, most)
        )
        return Answer(len(results.top_n), best, {name: dict(counts[name]) for name in FACETS})

    def _opened(self) -> "_Open":
        """What reads this state, kept until it changes: opening goes through every document."""
        if self._open is None:
            searcher = self._index.searcher()
            names = FACETS if searcher.doc_count_all() else ()
            columns = {name: searcher.reader().column_reader(name) for name in names}
            self._open = _Open(searcher, columns)
        return self._open


@dataclass(frozen=True, slots=True)
class _Open:
    """Whoosh's reader of one state of an index, and its columns by name."""

    searcher: Any
    columns: Mapping[str, Any]


class _Captured(io.BytesIO):
    """A file that hands its content over when closed, however it is closed."""

    def __init__(self, keep: Callable[[bytes], None]) -> None:
        super().__init__()
        self._keep = keep

    def close(self) -> None:
        if not self.closed:
            self._keep(self.getvalue())
        super().close()


class _Memory(RamStorage):  # type: ignore[misc]
    """Keeps working files in memory as well, where the stock storage writes them to disk."""

    def create_file(self, name: str, **_kwargs: Any) -> StructFile:
        def keep(data: bytes) -> None:
            self.files[name] = data

        return StructFile(_Captured(keep), name=name)

    def temp_storage(self, name: str | None = None) -> "_Memory":  # noqa: ARG002 -- Whoosh's signature
        return _Memory()

    def forget_closed_segments(self, index: WhooshIndex) -> None:
        """Drop files of merged-away segments, which Whoosh leaves to a file system's clean-up."""
        alive = {segment.segment_id() for segment in index._segments()}  # noqa: SLF001
        for name in [each for each in self.files if each.endswith((".seg", ".trm", ".pst"))]:
            if not any(segment in name for segment in alive):
                del self.files[name]
