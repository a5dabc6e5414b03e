"""
A thief with the disk: looks for planted words in every file, in every usual disguise.

Raw, UTF-16, base64 in all three phases, hexadecimal, URL-quoted, and the same again inside every
zlib, gzip or raw deflate stream found anywhere, members of ZIP files and broken streams included.
"""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

MOST_INFLATED = 32 * 1024 * 1024
STREAMS = {b"\x78\x01": 15, b"\x78\x5e": 15, b"\x78\x9c": 15, b"\x78\xda": 15, b"\x1f\x8b": 31}
MEMBER = b"PK\x03\x04"
MEMBER_HEAD = 30
"""Bytes before the name of a ZIP's member (APPNOTE 4.3.7)."""
STEP = 4096
SHORTEST = 6
"""Characters a canary needs, so that encrypted noise does not contain it by chance."""


@dataclass(frozen=True, slots=True)
class Find:
    """A canary that a thief can read, where it lies, and in which disguise."""

    canary: str
    where: str
    disguise: str


def look(roots: Iterable[Path], canaries: Iterable[str | bytes]) -> list[Find]:
    """Everything readable below *roots* (files or folders)."""
    disguises = [each for canary in canaries for each in _disguises(canary)]
    return [find for root in roots for path in _files(root) for find in _in_file(path, disguises)]


def look_into(data: bytes, where: str, canaries: Iterable[str | bytes]) -> list[Find]:
    """Everything readable in *data*."""
    disguises = [each for canary in canaries for each in _disguises(canary)]
    return list(_in_bytes(data, where, disguises))


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    else:
        yield from (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _disguises(canary: str | bytes) -> Iterator[tuple[str, str, bytes]]:
    name = canary if isinstance(canary, str) else canary.hex()[:24]
    forms = {"raw": canary.encode() if isinstance(canary, str) else canary}
    if isinstance(canary, str):
        forms |= {"utf-16-le": canary.encode("utf-16-le"), "utf-16-be": canary.encode("utf-16-be")}
        forms["form"] = quote_plus(canary).encode()
        forms["json"] = canary.encode("unicode_escape")
    raw = forms["raw"]
    if len(raw) < SHORTEST:
        raise ValueError(f"{canary!r} is too short to be looked for")
    forms["url"] = quote(raw, safe="").encode()
    forms["url, small"] = re.sub(rb"%..", lambda each: each[0].lower(), forms["url"])
    forms |= {"hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    for phase in range(3):
        # Drop what depends on neighbouring bytes: the phase's lead-in and the last characters.
        encoded = base64.b64encode(b"\0" * phase + raw)
        inner = encoded[(phase * 8 + 5) // 6 : len(encoded) // 4 * 4 - 4]
        forms[f"base64+{phase}"] = inner
        forms[f"base64url+{phase}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    for disguise, form in forms.items():
        if len(form) >= SHORTEST:
            yield name, disguise, form


def _in_file(path: Path, disguises: list[tuple[str, str, bytes]]) -> Iterator[Find]:
    yield from _in_bytes(str(path.name).encode(), f"name of {path}", disguises)
    yield from _in_bytes(path.read_bytes(), str(path), disguises)


def _in_bytes(data: bytes, where: str, disguises: list[tuple[str, str, bytes]]) -> Iterator[Find]:
    for name, disguise, form in disguises:
        if form in data:
            yield Find(name, where, disguise)
    for at, inflated in _inflated(data):
        for name, disguise, form in disguises:
            if form in inflated:
                yield Find(name, f"{where}, stream at {at}", disguise)


def _inflated(data: bytes) -> Iterator[tuple[int, bytes]]:
    view = memoryview(data)
    for magic, bits in STREAMS.items():
        at = data.find(magic)
        while at >= 0:
            for start, window in ((at, bits), (at, -15)):
                if found := _inflate(view[start:], window):
                    yield start, found
            at = data.find(magic, at + 1)
    at = data.find(MEMBER)
    while at >= 0:
        start = (
            at
            + MEMBER_HEAD
            + sum(int.from_bytes(data[at + field : at + field + 2], "little") for field in (26, 28))
        )
        if found := _inflate(view[start:], -15):
            yield at, found
        at = data.find(MEMBER, at + 1)
    if found := _inflate(view, -15):
        yield 0, found


def _inflate(data: memoryview, window: int) -> bytes:
    """What a stream that starts here holds, up to where it breaks; noise gives next to nothing."""
    stream, found = zlib.decompressobj(window), bytearray()
    try:
        for at in range(0, len(data), STEP):
            left = bytes(data[at : at + STEP])
            while left and len(found) < MOST_INFLATED:
                found += stream.decompress(left, STEP)
                left = stream.unconsumed_tail
            if stream.eof or left:
                break
    except zlib.error:
        pass
    return bytes(found)
