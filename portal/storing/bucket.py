"""
Sealed objects in a bucket of an S3-compatible service, through `obstore`.

The service answers a put when the object is durable; an object is there whole or not at all.  What
says nothing of an object itself (no connection, no right, no such bucket) is `Away`: the whole
store cannot be reached, and nothing is called lost because of that.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from portal.core.settings import BadSettings
from portal.storing.errors import Away, DiskFull
from portal.storing.store import COALESCE, MARK, Store, older, path_of

if TYPE_CHECKING:
    from obstore.store import S3Config  # is there for type checkers only

PAUSE: Final = 30
"""Seconds after which to try again what could not be reached."""
ASKED_AT_ONCE: Final = 16
LISTED: Final = 50
"""So many objects of one part are looked for in its list, fewer one by one."""
CLOCK: Final = "clock"
"""Written anew whenever somebody asks what time it is there."""

FULL: Final = ("507 ", "StorageFull", "QuotaExceeded", "EntityTooLarge")
"""How services say that there is no room: all that obstore leaves of it is the text."""
BEYOND: Final = "InvalidRange"

T = TypeVar("T")


class Address(NamedTuple):
    """`s3://bucket/prefix?region=…&endpoint=…`, taken apart."""

    bucket: str
    prefix: str
    region: str
    endpoint: str

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises `BadSettings`."""
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query))
        endpoint = given.pop("endpoint", "")
        region = given.pop("region", "us-east-1")
        if parts.scheme != "s3" or not parts.hostname or parts.username or given:
            raise BadSettings(
                "HDS_OBJECT_STORE must be s3://bucket/prefix?region=…&endpoint=https://…"
            )
        return cls(parts.netloc, parts.path.strip("/"), region, endpoint)


class BucketStore(Store):
    """Objects below a prefix of a bucket."""

    def __init__(self, url: str, key_file: Path | None) -> None:
        """
        *key_file* holds the access key's id and its secret, each on a line; without it the
        environment is asked as by every other program (`AWS_*`, the machine's role).

        Raises `BadSettings`.
        """
        address = Address.read(url)
        given = _key(key_file)
        if address.endpoint:
            given["endpoint"] = address.endpoint
        self._objects = S3Store(
            address.bucket,
            prefix=address.prefix or None,
            region=address.region,
            virtual_hosted_style_request=not address.endpoint,
            client_options={
                "allow_http": address.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
            config=given,
        )

    async def put(self, object_id: UUID, data: bytes | bytearray | memoryview) -> int:
        return await self._asked(lambda: self._put(path_of(object_id), data))

    async def get(self, object_id: UUID) -> bytes:
        return await self._asked(lambda: bytes(self._objects.get(path_of(object_id)).bytes()))

    async def ranges(self, object_id: UUID, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        return await self._asked(lambda: self._ranges(path_of(object_id), wanted))

    async def size(self, object_id: UUID) -> int:
        return await self._asked(lambda: self._objects.head(path_of(object_id))["size"])

    async def delete(self, object_id: UUID) -> None:
        await self._asked(lambda: self._objects.delete(path_of(object_id)))

    async def clock(self) -> float:
        return await self._asked(self._clock)

    async def absent(self, objects: Sequence[UUID]) -> list[UUID]:
        return await self._asked(lambda: self._absent(objects))

    async def is_marked(self) -> bool:
        return await self._asked(lambda: self._is_there(MARK))

    async def mark(self) -> None:
        await self._asked(lambda: self._objects.put(MARK, b"", use_multipart=False))

    async def older_than(self, seconds: float, now: float, part: int) -> list[UUID]:
        return await self._asked(lambda: older(lambda: self._objects, part, now - seconds))

    async def drop_unfinished(self, seconds: float, now: float, part: int) -> int:
        """None: an object is put in one request."""
        del seconds, now, part
        return 0

    async def _asked(self, ask: Callable[[], T]) -> T:
        with _away():
            return await asyncio.to_thread(ask)

    def _put(self, path: str, data: bytes | bytearray | memoryview) -> int:
        try:
            self._objects.put(path, data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            # A put whose answer was lost is repeated, and meets itself.
            if self._objects.get(path).bytes() != data:
                raise FileExistsError(path) from None
        except FileNotFoundError:
            raise Away(retry_after=PAUSE) from None  # of a put: there is no such bucket
        return len(data)

    def _ranges(self, path: str, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        # Near ones are joined here: obstore dies of a joined range that ends behind the object.
        joined = _joined(wanted)
        starts, stops = [start for start, _ in joined], [stop for _, stop in joined]
        try:
            got = self._objects.get_ranges(path, starts=starts, ends=stops, coalesce=0)
        except BaseError as error:
            if BEYOND in str(error):
                raise EOFError(path) from None
            raise
        if any(len(each) < stop - start for each, (start, stop) in zip(got, joined, strict=True)):
            raise EOFError(path)
        found = []
        for start, stop in wanted:
            at = bisect_right(starts, start) - 1
            found.append(bytes(memoryview(got[at])[start - starts[at] : stop - starts[at]]))
        return found

    def _clock(self) -> float:
        self._objects.put(CLOCK, b"", use_multipart=False)
        return self._objects.head(CLOCK)["last_modified"].timestamp()

    def _absent(self, objects: Sequence[UUID]) -> list[UUID]:
        parts = {each.bytes[0] for each in objects}
        if len(parts) == 1 and len(objects) > LISTED:
            there = set(older(lambda: self._objects, parts.pop()))
            return [each for each in objects if each not in there]
        with ThreadPoolExecutor(ASKED_AT_ONCE) as asking:
            there_too = asking.map(lambda each: self._is_there(path_of(each)), objects)
            return [each for each, found in zip(objects, there_too, strict=True) if not found]

    def _is_there(self, path: str) -> bool:
        try:
            self._objects.head(path)
        except FileNotFoundError:
            return False
        return True


def _joined(wanted: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same bytes as ranges that are further apart than `COALESCE`, in order."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(wanted):
        if joined and start - joined[-1][1] <= COALESCE:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined


@contextmanager
def _away() -> Iterator[None]:
    """What the service says of itself and not of an object, in our words."""
    try:
        yield
    except BaseError as error:
        if any(each in str(error) for each in FULL):
            raise DiskFull from None
        raise Away(retry_after=PAUSE) from None


def _key(file: Path | None) -> "S3Config":
    if file is None:
        return {}
    try:
        key, secret = file.read_text().split()
    except (OSError, ValueError):
        raise BadSettings(
            f"HDS_OBJECT_KEY_FILE: {file} must hold two lines, the key's id and its secret"
        ) from None
    return {"access_key_id": key, "secret_access_key": secret}
