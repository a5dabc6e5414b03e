"""A bucket that is away, full or wrongly named: said as such, and nothing is called lost."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from portal import storing
from portal.core.settings import BadSettings, Settings
from portal.storing.bucket import BucketStore
from tests.s3 import S3


@pytest.fixture
def store(s3: S3) -> BucketStore:
    return BucketStore(s3.bucket(), s3.key_file)


async def _says_away(store: BucketStore) -> None:
    each = uuid4()
    for asking in (
        store.put(each, b"data"), store.get(each), store.size(each), store.ranges(each, [(0, 1)]),
        store.absent([each]), store.is_marked(), store.mark(), store.clock(), store.delete(each),
        store.older_than(1, 2, 3),
    ):  # fmt: skip
        with pytest.raises(storing.Away):
            await asking


async def test_a_service_that_does_not_answer_is_away(s3: S3) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    await _says_away(BucketStore(f"s3://bucket?endpoint=http://127.0.0.1:{nobody}", s3.key_file))


async def test_a_bucket_that_does_not_exist_takes_nothing(s3: S3) -> None:
    store = BucketStore(f"s3://never-made?endpoint={s3.endpoint}", s3.key_file)
    with pytest.raises(storing.Away):
        await store.put(uuid4(), b"data")
    assert not await store.is_marked()


async def test_a_put_that_is_repeated_because_its_answer_was_lost_meets_itself(
    store: BucketStore,
) -> None:
    object_id, data = uuid4(), os.urandom(100_000)
    await store.put(object_id, data)
    assert await store.put(object_id, bytearray(data)) == len(data)


@pytest.fixture
async def full() -> AsyncIterator[str]:
    """A service that has no room left for anything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<Error><Code>XMinioStorageFull</Code></Error>"
        head = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"s3://bucket?endpoint=http://127.0.0.1:{port}"


async def test_a_bucket_without_room_is_full(full: str, s3: S3) -> None:
    with pytest.raises(storing.DiskFull):
        await BucketStore(full, s3.key_file).put(uuid4(), b"data")


def test_everything_lies_below_the_prefix(s3: S3) -> None:
    url = urlsplit(s3.bucket())
    mine = BucketStore(url.geturl(), s3.key_file)
    beside = BucketStore(url._replace(path="/portal-of-others").geturl(), s3.key_file)
    object_id = uuid4()

    async def story() -> None:
        await mine.put(object_id, b"mine")
        assert await beside.absent([object_id]) == [object_id]
        assert await beside.older_than(0, await mine.clock() + 10, object_id.bytes[0]) == []

    asyncio.run(story())


@pytest.mark.parametrize(
    "url",
    ["http://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket?secret=1", "s3:bucket"],
)
def test_an_address_that_is_none_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="HDS_OBJECT_STORE"):
        storing.store_for(Settings(data=tmp_path, object_store=url))


def test_a_key_file_that_holds_no_key_is_named_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for content in (None, "only-one-line", "three\nlines\nhere"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(BadSettings, match="HDS_OBJECT_KEY_FILE") as said:
            storing.store_for(
                Settings(data=tmp_path, object_store="s3://bucket", object_key_file=file)
            )
        assert content is None or content.split()[0] not in str(said.value)
