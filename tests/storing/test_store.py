"""What is stored is there after a power cut, once, and never more than there is room for."""

import asyncio
import os
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal import storing
from portal.storing import Room
from portal.storing.bucket import BucketStore
from portal.storing.store import PARTS
from tests.s3 import S3

GIB = 1024**3
PLENTY = Room(100 * GIB, 50 * GIB)


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, objects: Path) -> storing.Store:
    if request.param == "folder":
        return storing.FolderStore(objects, room=lambda _: PLENTY)
    service: S3 = request.getfixturevalue("s3")
    return BucketStore(service.bucket(), service.key_file)


@pytest.fixture
def folder_store(objects: Path) -> storing.FolderStore:
    return storing.FolderStore(objects, room=lambda _: PLENTY)


async def test_an_object_comes_back_whole_and_by_ranges(store: storing.Store) -> None:
    object_id, data = uuid4(), os.urandom(300_000)

    size = await store.put(object_id, data)

    assert size == await store.size(object_id) == len(data)
    assert await store.get(object_id) == data
    assert await store.ranges(object_id, [(0, 57), (299_990, 300_000), (100, 200_000)]) == [
        data[:57],
        data[-10:],
        data[100:200_000],
    ]


async def test_an_id_is_written_once(store: storing.Store) -> None:
    object_id = uuid4()
    await store.put(object_id, b"first")

    with pytest.raises(FileExistsError):
        await store.put(object_id, b"second")

    assert await store.get(object_id) == b"first"


async def test_two_writers_of_one_id_do_not_mix(store: storing.Store) -> None:
    object_id = uuid4()
    bodies = [bytes([number]) * 200_000 for number in range(8)]

    said = await asyncio.gather(
        *(store.put(object_id, body) for body in bodies), return_exceptions=True
    )

    assert sum(isinstance(each, int) for each in said) == 1
    assert await store.get(object_id) in bodies


async def test_what_is_not_there_is_not_found(store: storing.Store) -> None:
    missing = uuid4()
    await store.put(uuid4(), b"something else")

    for asking in (store.get(missing), store.size(missing), store.ranges(missing, [(0, 1)])):
        with pytest.raises(FileNotFoundError):
            await asking
    await store.delete(missing)


async def test_file_and_folders_are_flushed_before_put_returns(
    folder_store: storing.FolderStore, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    object_id = uuid4()
    await folder_store.put(object_id, b"kept")

    file = objects / object_id.hex[:2] / object_id.hex[2:4] / object_id.hex
    assert flushed[0] == str(file)
    assert set(flushed) >= {str(file.parent), str(file.parents[1]), str(objects)}


async def test_what_is_absent_and_what_is_old_is_told_part_by_part(store: storing.Store) -> None:
    part = [UUID(bytes=b"\x07" + os.urandom(15)) for _ in range(60)]
    other = uuid4()
    for each in (*part[1:], other):
        await store.put(each, b"kept")

    assert await store.absent(part) == [part[0]]
    assert await store.absent([part[0], part[1], other]) == [part[0]]
    clock = await store.clock()
    assert sorted(await store.older_than(60, clock + 61, 7)) == sorted(part[1:])
    assert await store.older_than(3600, clock, 7) == []
    assert await store.older_than(0, clock + 2, (other.bytes[0] + 1) % PARTS or 1) == []


async def test_the_mark_of_a_store_stays(store: storing.Store) -> None:
    assert not await store.is_marked()
    await store.mark()
    await store.mark()
    assert await store.is_marked()


async def test_what_ends_before_a_range_is_cut_short(store: storing.Store) -> None:
    object_id = uuid4()
    await store.put(object_id, b"0123456789")

    for span in ((5, 11), (20, 30)):
        with pytest.raises(EOFError):
            await store.ranges(object_id, [(0, 2), span])
    assert await store.ranges(object_id, []) == []


@pytest.mark.parametrize(
    "room", [Room(100 * GIB, int(4.9 * GIB)), Room(20 * GIB, int(1.9 * GIB))], ids=["5 %", "2 GiB"]
)
async def test_a_nearly_full_disk_takes_nothing_and_still_reads(objects: Path, room: Room) -> None:
    now = [PLENTY]
    store = storing.FolderStore(objects, room=lambda _: now[0])
    early, late = uuid4(), uuid4()
    await store.put(early, b"early")

    now[0] = room
    with pytest.raises(storing.DiskFull):
        await store.put(late, b"late")

    assert await store.get(early) == b"early"
    with pytest.raises(FileNotFoundError):
        await store.get(late)


HALF_WAY = """
import asyncio, resource, sys
from pathlib import Path
from uuid import UUID
from portal.storing import DiskFull, FolderStore, Room

store = FolderStore(Path(sys.argv[1]), room=lambda _: Room(2**40, 2**40))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    asyncio.run(store.put(UUID(int=7), b"x" * 300_000))
except DiskFull:
    print("disk full")
"""


async def test_a_write_that_the_disk_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """The system itself takes no more in the middle of the file, as a full disk does."""
    writing = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HALF_WAY, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await writing.communicate()

    assert said == b"disk full\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_unfinished_writes_are_removed_when_old(
    folder_store: storing.FolderStore, objects: Path
) -> None:
    object_id = uuid4()
    await folder_store.put(object_id, b"whole")
    whole = objects / object_id.hex[:2] / object_id.hex[2:4] / object_id.hex
    torn = whole.with_name(f"{uuid4().hex}#1")
    torn.write_bytes(b"half of somet")

    part, other = object_id.bytes[0], (object_id.bytes[0] + 1) % PARTS
    assert await folder_store.drop_unfinished(3600, time.time(), part) == 0
    assert await folder_store.drop_unfinished(3600, time.time() + 3601, other) == 0
    assert await folder_store.drop_unfinished(3600, time.time() + 3601, part) == 1

    assert not torn.exists()
    assert await folder_store.get(object_id) == b"whole"
