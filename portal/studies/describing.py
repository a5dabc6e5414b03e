"""
The JSON that describes a study (RFC 8259), packed; for threads, beside the loop.

The encoder and the scanner of the standard library are one call of C each, in which no other
thread has its turn, the loop's neither.  What describes thousands of images is therefore written
and read in pieces.
"""

import json
import zlib
from collections.abc import Iterator
from typing import Any, Final

from portal import storing

MOST: Final = 512 * 1024 * 1024
"""Bytes of JSON that are unpacked; the description of 3,000 images has about 10 MiB."""

GZIP: Final = zlib.MAX_WBITS + 16
EITHER: Final = zlib.MAX_WBITS + 32
"""For zlib: write a header of gzip (RFC 1952); read one of gzip or zlib (RFC 1950)."""


def packed(value: object, depth: int, wbits: int = zlib.MAX_WBITS) -> bytes:
    """Compact JSON, deflated; what lies deeper than *depth* is one piece each."""
    packer = zlib.compressobj(1, wbits=wbits)
    pieces = [packer.compress(piece.encode()) for piece in _pieces(value, depth)]
    return b"".join([*pieces, packer.flush()])


def _pieces(value: object, depth: int) -> Iterator[str]:
    if not depth or not isinstance(value, dict | list):
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    elif isinstance(value, dict):
        for number, (name, each) in enumerate(value.items()):
            yield f"{',' if number else '{'}{json.dumps(name, ensure_ascii=False)}:"
            yield from _pieces(each, depth - 1)
        yield "}" if value else "{}"
    else:
        for number, each in enumerate(value):
            yield "," if number else "["
            yield from _pieces(each, depth - 1)
        yield "]" if value else "[]"


def inflated(data: bytes) -> bytes:
    """What `packed` packed.  Raises `Damaged` when it is cut short or more than `MOST`."""
    unpacker = zlib.decompressobj(EITHER)
    plain = unpacker.decompress(data, MOST)
    if not unpacker.eof:
        raise storing.Damaged
    return plain


def unpacked(data: bytes) -> Any:
    """The inverse of `packed`."""
    return json.loads(inflated(data), object_hook=_turn)


def _turn(found: dict[str, Any]) -> dict[str, Any]:
    """Calling this is the turn of the other threads."""
    return found
