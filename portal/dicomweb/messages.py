"""Messages of several parts (RFC 2387, PS3.18 8.6.1.2), written as they are read."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from secrets import token_hex

from quart import Response

from portal.dicomweb.accepting import MULTIPART
from portal.dicomweb.answering import streamed

END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its type, how many bytes it has, and how they are read."""

    media: str
    size: int
    read: Callable[[], AsyncGenerator[bytes, None]]


async def message(parts: Sequence[Part]) -> Response:
    """All parts in one message of known length; one stretch of one part is in memory at a time."""
    boundary = token_hex(16)
    heads = [f"--{boundary}\r\nContent-Type: {each.media}\r\n\r\n".encode() for each in parts]
    last = f"--{boundary}--\r\n".encode()
    size = sum(map(len, heads)) + len(last) + sum(each.size + len(END) for each in parts)

    async def pieces() -> AsyncGenerator[bytes, None]:
        for head, part in zip(heads, parts, strict=True):
            yield head
            async with aclosing(part.read()) as stretches:
                async for piece in stretches:
                    yield piece
            yield END
        yield last

    kind = parts[0].media.partition(";")[0]
    answer = await streamed(
        _begun(pieces()), f'{MULTIPART}; type="{kind}"; boundary={boundary}', size
    )
    answer.content_length = size
    return answer


async def growing(
    media: str, contents: AsyncGenerator[tuple[str, bytes], None], expected: int
) -> Response:
    """
    A message of parts that are made while it is read, each with the address it may be had from.

    What goes wrong with the first is raised.  *expected* is about how many bytes there will be.
    """
    boundary = token_hex(16)

    async def pieces() -> AsyncGenerator[bytes, None]:
        async with aclosing(contents):
            async for address, data in contents:
                head = f"Content-Type: {media}\r\nContent-Location: {address}\r\n\r\n"
                yield f"--{boundary}\r\n{head}".encode() + data + END
        yield f"--{boundary}--\r\n".encode()

    return await streamed(pieces(), f'{MULTIPART}; type="{media}"; boundary={boundary}', expected)


async def _begun(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same, the first head with the first bytes: what is wrong with these is told in time."""
    head = await anext(pieces)
    start = await anext(pieces, b"")
    yield head + start
    async for piece in pieces:
        yield piece


def whole(data: bytes) -> Callable[[], AsyncGenerator[bytes, None]]:
    """Reads what is in memory already."""

    async def read() -> AsyncGenerator[bytes, None]:
        yield data

    return read
