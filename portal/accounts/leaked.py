"""
Passwords that were leaked somewhere, as a Bloom filter (Bloom 1970): a file that says "certainly
not on the list" or "probably on it", and gives no list away.

`scripts/leaked_passwords.py` writes the file and says what it was made from.  It is mapped into
memory at the first question, so a process pays for the pages it looks at and never for more than
the file.
"""

import hashlib
import mmap
import re
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from math import ceil, log
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_name("leaked.bloom")
MAGIC: Final = b"HDSBLOOM"
HEAD: Final = struct.Struct("<8sIIQ")
"""Magic, number of hashes, number of entries, number of bits; little-endian."""
ONE_IN: Final = 100_000
"""Of so many good passwords one is taken for a leaked one."""

SPELLED: Final = str.maketrans("013457$@!", "oieastsai")
"""Signs that people write for letters, and guessers undo."""
AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def is_leaked(password: str) -> bool:
    """Whether *password*, or what is left of it without the usual decoration, is on the list."""
    bits, hashes, size = _list()
    return any(
        all(bits[at >> 3] >> (at & 7) & 1 for at in _places(each, hashes, size))
        for each in _spellings(password)
    )


def made_of(leaked: Iterable[str]) -> bytes:
    """The file for a list of leaked passwords."""
    entries = {each.casefold() for each in leaked}
    size = max(8, ceil(len(entries) * log(ONE_IN) / log(2) ** 2 / 8) * 8)
    hashes = max(1, round(size / max(1, len(entries)) * log(2)))
    bits = bytearray(size // 8)
    for each in entries:
        for at in _places(each, hashes, size):
            bits[at >> 3] |= 1 << (at & 7)
    return HEAD.pack(MAGIC, hashes, len(entries), size) + bits


@cache
def _list() -> tuple[memoryview, int, int]:
    with LIST.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, hashes, _, size = HEAD.unpack_from(mapped)
    if magic != MAGIC or len(mapped) != HEAD.size + size // 8:
        raise ValueError(f"{LIST.name} is not a list of leaked passwords")
    return memoryview(mapped)[HEAD.size :], hashes, size


def _places(entry: str, hashes: int, size: int) -> Iterator[int]:
    """Which bits stand for *entry*: two hashes make all (Kirsch and Mitzenmacher 2006)."""
    digest = hashlib.sha256(entry.encode("utf-8", "surrogatepass")).digest()
    first, step = struct.unpack_from("<QQ", digest)
    return ((first + number * (step | 1)) % size for number in range(hashes))


def _spellings(password: str) -> set[str]:
    plain = password.casefold()
    bare = AROUND.sub("", plain)
    found = {plain, plain.translate(SPELLED), bare, bare.translate(SPELLED)}
    half = plain[: len(plain) // 2]
    if half and half * 2 == plain:
        found.add(half)
    return found - {""}
