"""
Archive search over one community, beside SQLite's FTS5 in the same run.

Ours goes the whole way for every search: membership asked and the community's root opened, the
query read, what is new added to the index, every match ranked and counted in the search process,
the hits' rows unsealed and cut into snippets.  FTS5 answers inside this process over plain text,
and nobody asks who may read it.
"""

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from time import perf_counter
from uuid import UUID, uuid4

from bench import people
from bench.people import Visitor
from bench.printing import head, note, percentile, row
from bench.stage import Stage
from cases import threads
from cases.forms import NewPost
from cases.ids import ThreadId
from cases.search import Archive
from cases.search.finding import search
from portal import storing
from portal.core.actor import Secret

VOCABULARY = """
    dense vessel bleeding fracture nodule lesion effusion oedema midline shift contrast
    follow biopsy months left right upper lower lobe artery vein liver kidney brain knee
    meniscus ligament Blutung Fraktur Rundherd Läsion Erguss Ödem Mittellinie Kontrastmittel
    Verlauf Kontrolle links rechts Oberlappen Unterlappen Arterie Vene Leber Niere Gehirn
    Knie Meniskus Kreuzband Verdacht normal abnormal suspicious benign malignant acute
    chronic stable progressive regression
"""
WORDS = tuple(VOCABULARY.split())
QUERIES: dict[str, Callable[[random.Random], str]] = {
    "rare word": lambda pick: f"w{pick.randrange(4000)}",
    "common word": lambda pick: pick.choice(WORDS),
    "two words": lambda pick: f"{pick.choice(WORDS)} {pick.choice(WORDS)}",
    "phrase": lambda pick: f'"{pick.choice(WORDS)} {pick.choice(WORDS)}"',
}
PER_KIND = 25


def posts(count: int) -> list[str]:
    """Texts of about 39 words, common words more often than rare ones."""
    pick = random.Random(7)
    vocabulary = [*WORDS, *(f"w{number}" for number in range(4000))]
    weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
    return [" ".join(pick.choices(vocabulary, weights, k=39)) for _ in range(count)]


async def measure(stage: Stage) -> None:
    """Index, ask, add one more, and print."""
    texts = posts(stage.sizes.posts)
    head(f"Search, {len(texts)} posts", "FTS5")
    visitor = await people.physician(stage.portal, "Search")
    community = await people.community(visitor.actor, "Archive")
    thread = await people.discussion(community, texts, cases=min(200, len(texts)))
    with closing(sqlite3.connect(":memory:")) as peer:
        async with Archive(storing.store_for(stage.portal.settings)).working() as archive:
            await _index(visitor, archive, peer, texts)
            await _ask_all(visitor, archive, peer)
            await _one_more(visitor, archive, peer, thread)


async def _no_words(_opened: Mapping[UUID, Secret]) -> dict[UUID, str]:
    return {}


async def _index(
    visitor: Visitor, archive: Archive, peer: sqlite3.Connection, texts: list[str]
) -> None:
    """The first search of a community without an index builds, seals and keeps it."""
    began = perf_counter()
    await search(visitor.actor, archive, _no_words, "w1")
    await archive.sealed()
    ours = perf_counter() - began
    peer.execute("create virtual table post using fts5(text)")
    began = perf_counter()
    peer.executemany("insert into post(rowid, text) values (?, ?)", enumerate(texts))
    peer.commit()
    row("index all", ours, perf_counter() - began, "s")
    note(f"{len(texts) / ours:.0f} posts/s, unsealed, indexed, sealed again")


async def _ask_all(visitor: Visitor, archive: Archive, peer: sqlite3.Connection) -> None:
    everything: tuple[list[float], list[float]] = ([], [])
    for kind, make in QUERIES.items():
        ours, theirs = [], []
        for text in (make(random.Random(n)) for n in range(PER_KIND)):
            began = perf_counter()
            await search(visitor.actor, archive, _no_words, text)
            ours.append(perf_counter() - began)
            began = perf_counter()
            _ask_peer(peer, text)
            theirs.append(perf_counter() - began)
        everything[0].extend(ours)
        everything[1].extend(theirs)
        row(f"{kind}, p95", percentile(ours, 95) * 1000, percentile(theirs, 95) * 1000, "ms")
    for percent in (50, 95):
        mine, other = (percentile(each, percent) * 1000 for each in everything)
        row(f"all kinds, p{percent}", mine, other, "ms", goal="<= 2.0" if percent == 95 else "")


def _ask_peer(peer: sqlite3.Connection, text: str) -> int:
    found = peer.execute("select rowid, rank from post where post match ? order by rank", (text,))
    return len(found.fetchall())


async def _one_more(
    visitor: Visitor, archive: Archive, peer: sqlite3.Connection, thread: UUID
) -> None:
    """From writing a post to an answer that holds it."""
    ours, theirs = [], []
    for number in range(5):
        word = f"unheard{number}"
        began = perf_counter()
        await threads.post(visitor.actor, NewPost(ThreadId(thread), uuid4(), f"An {word} word"))
        while not (await search(visitor.actor, archive, _no_words, word)).total:
            pass
        ours.append(perf_counter() - began)
        began = perf_counter()
        peer.execute("insert into post(text) values (?)", (f"An {word} word",))
        peer.commit()
        assert _ask_peer(peer, word) == 1
        theirs.append(perf_counter() - began)
    row("a new post is found after, p50", percentile(ours, 50) * 1000,
        percentile(theirs, 50) * 1000, "ms")  # fmt: skip
