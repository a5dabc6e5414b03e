"""The searching process: what it keeps, what it asks for, and that it comes back after a kill."""

import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from cases.search.reading import read
from portal.indexing import Document, Name, NotOpen, Worker

EMPTY, FULL = Name("a" * 32, 0), Name("a" * 32, 1)
POST = Document(
    id="post:1", case="case", text="Dense vessel", author="b" * 32, created=datetime.now(UTC)
)


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


async def test_an_extended_index_is_found_in_and_its_old_state_is_gone(worker: Worker) -> None:
    await worker.extend(EMPTY, b"", FULL, [POST], [])

    found = await worker.find(FULL, read("vessel"), authors=None, cases=None)

    assert [hit.id for hit in found.best] == ["post:1"]
    with pytest.raises(NotOpen):
        await worker.find(EMPTY, read("vessel"), authors=None, cases=None)


async def test_the_process_starts_with_what_it_needs_and_no_more(worker: Worker) -> None:
    """It knows nothing that opens a box, and is there before a first word has been typed."""
    await worker.extend(EMPTY, b"", FULL, [POST], [])

    loaded = set(worker._pool.submit(eval, "list(__import__('sys').modules)").result())

    ours = {each for each in loaded if each.split(".")[0] in {"portal", "cases", "viewer"}}
    light = {"portal", "portal.core", "portal.core.language"}
    assert {each for each in ours if not each.startswith("portal.indexing")} <= light
    assert loaded & {"quart", "tortoise", "cryptography", "pydicom", "numpy"} == set()


async def test_another_community_is_not_in_reach(worker: Worker) -> None:
    await worker.extend(EMPTY, b"", FULL, [POST], [])

    with pytest.raises(NotOpen):
        await worker.find(Name("c" * 32, 1), read("vessel"), authors=None, cases=None)


async def test_a_killed_process_is_replaced_and_asks_for_the_bytes_again(worker: Worker) -> None:
    await worker.extend(EMPTY, b"", FULL, [POST], [])
    raw = await worker.dump(FULL)
    for process in list(worker._pool._processes.values()):
        os.kill(process.pid or 0, signal.SIGKILL)

    worker.warm()
    with pytest.raises(NotOpen):
        await worker.find(FULL, read("vessel"), authors=None, cases=None)
    await worker.extend(FULL, raw, FULL, [], [])
    found = await worker.find(FULL, read("vessel"), authors=None, cases=None)

    assert found.total == 1
