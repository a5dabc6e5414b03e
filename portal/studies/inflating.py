"""A document in an object whose data set is packed (PS3.5 A.5), unpacked a stretch at a time."""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from portal import vault
from portal.studies.originals import Original
from viewer.routes import Stretches

STRETCH: Final = 256 * 1024
"""Bytes of the document that are in memory at a time."""


def stretches_of(file: Original, start: int, packed: int | None) -> Stretches:
    """
    Reads a value where it lies in its file, and keeps nothing of it.

    It begins at *start* of the file, or of what a deflated file packs from its byte *packed* on.
    """
    if packed is not None:
        return inflated(file, packed, start)
    return lambda first, last: file.stretches(start + first, start + last)


def inflated(file: Original, packed: int, start: int) -> Stretches:
    """
    Reads a document that begins at *start* of what *file* packs from its byte *packed* on.

    Only for what a child has just unpacked without fault: it is the same bytes again.
    """

    async def stretches(first: int, last: int) -> AsyncGenerator[bytes, None]:
        skip, left = start + first, last - first
        async with aclosing(_plain(file, packed)) as pieces:
            async for piece in pieces:
                wanted = piece[skip : skip + left]
                skip = max(0, skip - len(piece))
                left -= len(wanted)
                if wanted:
                    yield wanted
                if not left:
                    return
        raise vault.Tampered

    return stretches


async def _plain(file: Original, packed: int) -> AsyncGenerator[bytes, None]:
    """What is packed, in pieces of at most `STRETCH`."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    async with aclosing(file.stretches(packed)) as pieces:
        async for piece in pieces:
            rest = piece
            while True:
                try:
                    plain = await asyncio.to_thread(inflater.decompress, rest, STRETCH)
                except zlib.error:
                    raise vault.Tampered from None
                rest = inflater.unconsumed_tail
                if plain:
                    yield plain
                if not rest and len(plain) < STRETCH:
                    break
