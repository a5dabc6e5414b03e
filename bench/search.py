"""
Archive search over one community, beside SQLite's FTS5 in the same run.

Ours answers from the search process (query read, sent over, run, every match returned); FTS5
answers inside this process and keeps its text in plain form.  Usage: python -m bench.search [posts]
"""

import asyncio
import random
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from bench.printing import head, note, percentile, row
from cases.search.index import Document
from cases.search.query import read
from cases.search.worker import Name, Worker

WORDS = [
    "dense",
    "vessel",
    "bleeding",
    "fracture",
    "nodule",
    "lesion",
    "effusion",
    "oedema",
    "midline",
    "shift",
    "contrast",
    "follow",
    "biopsy",
    "months",
    "left",
    "right",
    "upper",
    "lower",
    "lobe",
    "artery",
    "vein",
    "liver",
    "kidney",
    "brain",
    "knee",
    "meniscus",
    "ligament",
    "Blutung",
    "Fraktur",
    "Rundherd",
    "Läsion",
    "Erguss",
    "Ödem",
    "Mittellinie",
    "Kontrastmittel",
    "Verlauf",
    "Kontrolle",
    "links",
    "rechts",
    "Oberlappen",
    "Unterlappen",
    "Arterie",
    "Vene",
    "Leber",
    "Niere",
    "Gehirn",
    "Knie",
    "Meniskus",
    "Kreuzband",
    "Verdacht",
    "normal",
    "abnormal",
    "suspicious",
    "benign",
    "malignant",
    "acute",
    "chronic",
    "stable",
    "progressive",
    "regression",
]
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
    vocabulary = WORDS + [f"w{number}" for number in range(4000)]
    weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
    return [" ".join(pick.choices(vocabulary, weights, k=39)) for _ in range(count)]


async def main(count: int) -> None:
    """Index, ask, add one more, and print."""
    texts = posts(count)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    documents = [
        Document(
            id=f"post:{number}",
            case=f"case{number % 200}",
            text=text,
            author=f"author{number % 12}",
            created=start + timedelta(minutes=number),
        )
        for number, text in enumerate(texts)
    ]
    head(f"Search, {count} posts", "FTS5")
    worker = Worker()
    empty, full = Name("bench", 0), Name("bench", count)
    await worker.extend(empty, b"", Name("warm", 0), [], [])

    at = perf_counter()
    raw = await worker.extend(empty, b"", full, documents, [])
    ours_index = perf_counter() - at
    peer = sqlite3.connect(":memory:")
    peer.execute("create virtual table post using fts5(text)")
    at = perf_counter()
    peer.executemany("insert into post(rowid, text) values (?, ?)", enumerate(texts))
    peer.commit()
    row("index all", ours_index, perf_counter() - at, "s")
    note(f"index: {len(raw) / 2**20:.1f} MiB, {count / ours_index:.0f} posts/s")

    everything: tuple[list[float], list[float]] = ([], [])
    for kind, make in QUERIES.items():
        ours, theirs = await _ask(
            worker, full, peer, [make(random.Random(n)) for n in range(PER_KIND)]
        )
        everything[0].extend(ours)
        everything[1].extend(theirs)
        row(f"{kind}, p95", percentile(ours, 95) * 1000, percentile(theirs, 95) * 1000, "ms")
    for percent in (50, 95):
        row(
            f"all kinds, p{percent}",
            percentile(everything[0], percent) * 1000,
            percentile(everything[1], percent) * 1000,
            "ms",
            goal="<= 2.0" if percent == 95 else "",
        )

    at = perf_counter()
    one = Document(id="post:new", case="case1", text="one more post", author="a", created=start)
    await worker.extend(full, None, Name("bench", count + 1), [one], [])
    ours_one = perf_counter() - at
    at = perf_counter()
    peer.execute("insert into post(text) values ('one more post')")
    peer.commit()
    row("one more post findable after", ours_one * 1000, (perf_counter() - at) * 1000, "ms")
    worker.close()


async def _ask(
    worker: Worker, name: Name, peer: sqlite3.Connection, queries: list[str]
) -> tuple[list[float], list[float]]:
    ours, theirs = [], []
    for text in queries:
        at = perf_counter()
        await worker.find(name, read(text), authors=None, cases=None)
        ours.append(perf_counter() - at)
        at = perf_counter()
        peer.execute(
            "select rowid, rank from post where post match ? order by rank", (text,)
        ).fetchall()
        theirs.append(perf_counter() - at)
    return ours, theirs


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
