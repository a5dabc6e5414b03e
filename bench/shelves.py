"""
An account with 10,000 examinations: My documents, and searches by DICOMweb (QIDO-RS).

Every examination lies in boxes of its own, so a list opens them all.  The peer is a plain table in
SQLite with the same facts, in this process: nobody signs in there, and nothing is sealed.
"""

import asyncio
import sqlite3
from contextlib import closing
from time import perf_counter
from typing import Final

import aiohttp

from bench import holdings, people
from bench.measuring import watching
from bench.printing import head, percentile, row
from bench.stage import Stage

TIMES: Final = 5
COLUMNS: Final = (
    "study_date", "patient_name", "patient_id", "accession_number", "modality",
    "study_description", "study_instance_uid",
)  # fmt: skip
QUERIES: Final = {
    "newest 25": ("limit=25", "1 order by study_date desc limit 25"),
    "by name": ("PatientName=Müller*&limit=25", "patient_name like 'Müller%' limit 25"),
    "by modality": ("ModalitiesInStudy=MR&limit=25", "modality = 'MR' limit 25"),
    "by date": ("StudyDate=20250101-20250331", "study_date between '20250101' and '20250331'"),
    "by accession": ("AccessionNumber=A7", "accession_number = 'A7'"),
}


async def measure(stage: Stage) -> None:
    """Fill an account, list it, search it, and print."""
    count = stage.sizes.studies
    head(f"An account with {count} examinations", "SQLite")
    visitor = await people.physician(stage.portal, "Shelves")
    other = await people.physician(stage.portal, "Beside")
    await holdings.fill(visitor.actor, count)
    async with (
        aiohttp.ClientSession(stage.portal.url, headers=visitor.headers) as http,
        aiohttp.ClientSession(stage.portal.url, headers=other.headers) as beside,
    ):
        await _list(stage, http, beside)
        with closing(sqlite3.connect(":memory:")) as peer:
            _fill_peer(peer, count)
            await _search(http, peer)


async def _list(stage: Stage, http: aiohttp.ClientSession, beside: aiohttp.ClientSession) -> None:
    """My documents, and how long somebody else waits for a small page meanwhile."""
    page = {"Accept": "text/html"}
    await _got(http, "/documents", page)
    ended = asyncio.Event()
    waits = asyncio.create_task(_waits(beside, ended))
    with watching(stage.portal.family) as spent:
        for _ in range(TIMES):
            await _got(http, "/documents", page)
    ended.set()
    took = await waits
    row("My documents, wall", spent.wall / TIMES, 0.0, "s")
    row("My documents, CPU", spent.cpu / TIMES, 0.0, "s")
    row("somebody else's page meanwhile, p50", percentile(took, 50) * 1000, 0.0, "ms")
    row("somebody else's page meanwhile, longest", max(took) * 1000, 0.0, "ms")


async def _waits(http: aiohttp.ClientSession, ended: asyncio.Event) -> list[float]:
    took: list[float] = []
    while not ended.is_set() or len(took) < 2:
        began = perf_counter()
        await _got(http, "/documents", {"Accept": "text/html"})
        took.append(perf_counter() - began)
    return took


async def _got(http: aiohttp.ClientSession, path: str, headers: dict[str, str]) -> bytes:
    async with http.get(path, headers=headers) as answer:
        answer.raise_for_status()
        return await answer.read()


def _fill_peer(peer: sqlite3.Connection, count: int) -> None:
    peer.execute(f"create table study ({', '.join(COLUMNS)})")
    rows = ([each[name] for name in COLUMNS] for each in holdings.headers(count))
    peer.executemany(f"insert into study values ({', '.join('?' * len(COLUMNS))})", rows)  # noqa: S608 -- our own columns
    for column in COLUMNS:
        peer.execute(f"create index by_{column} on study ({column})")


async def _search(http: aiohttp.ClientSession, peer: sqlite3.Connection) -> None:
    for name, (asked, where) in QUERIES.items():
        ours, theirs = [], []
        for _ in range(TIMES):
            began = perf_counter()
            await _got(http, f"/dicomweb/studies?{asked}", {"Accept": "application/dicom+json"})
            ours.append(perf_counter() - began)
            began = perf_counter()
            peer.execute(f"select * from study where {where}").fetchall()  # noqa: S608 -- ours
            theirs.append(perf_counter() - began)
        row(f"QIDO {name}, p50", percentile(ours, 50) * 1000, percentile(theirs, 50) * 1000, "ms")
