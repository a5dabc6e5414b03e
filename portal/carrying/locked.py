"""Files in a ZIP that are encrypted by AES, as WinZip (AE-1, AE-2) and 7-Zip write them."""

import hashlib
import hmac
import struct
import zipfile
import zlib
from typing import IO, Final

from portal.carrying.aes import keystream

METHOD: Final = 99
"""What stands for the method of packing, which is named elsewhere."""
EXTRA: Final = 0x9901
EXTRA_FORM: Final = struct.Struct("<H2sBH")
LOCAL: Final = struct.Struct("<4s22xHH")
STRETCH: Final = 64 * 1024
KEYS: Final = {1: 16, 2: 24, 3: 32}
"""Bytes of a key, by the strength that is named."""
VERIFIER: Final = 2
SUM: Final = 10
ROUNDS: Final = 1000
STORED: Final = 0


class WrongPassword(Exception):
    """Another one, or the file was changed."""


def unlocked(file: IO[bytes], info: zipfile.ZipInfo, password: str) -> "Unlocked":
    """
    The file from its beginning.

    Raises `WrongPassword`; `ValueError` for what is written otherwise.
    """
    strength, packed_by = _facts(info.extra)
    file.seek(info.header_offset)
    mark, name, extra = LOCAL.unpack(file.read(LOCAL.size))
    if mark != b"PK\x03\x04":
        raise ValueError("not where its header should be")
    length = KEYS[strength]
    start = info.header_offset + LOCAL.size + name + extra
    file.seek(start)
    salt, verifier = file.read(length // 2), file.read(VERIFIER)
    made = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, ROUNDS, 2 * length + VERIFIER)
    if not hmac.compare_digest(made[2 * length :], verifier):
        raise WrongPassword
    begins = start + length // 2 + VERIFIER
    stop = start + info.compress_size - SUM
    if stop < begins:
        raise ValueError("shorter than what stands around it")
    return Unlocked(file, (begins, stop), (made[:length], made[length : 2 * length]), packed_by)


class Unlocked:
    """Bytes as they were before they were packed and encrypted."""

    def __init__(
        self, file: IO[bytes], place: tuple[int, int], keys: tuple[bytes, bytes], packed_by: int
    ) -> None:
        self._file, (self._at, self._stop) = file, place
        self._stream, self._pad = keystream(keys[0]), b""
        self._sum = hmac.new(keys[1], digestmod=hashlib.sha1)
        self._unpacker = None if packed_by == STORED else zlib.decompressobj(-zlib.MAX_WBITS)
        self._left, self._over = b"", False

    def read(self, most: int, /) -> bytes:
        """
        The next bytes; none at the end.

        Raises `WrongPassword` there when they are not those that were packed, and `zlib.error`.
        """
        while True:
            if self._unpacker is None:
                made, self._left = self._left[:most], self._left[most:]
            else:
                made = self._unpacker.decompress(self._left, most)
                self._left = self._unpacker.unconsumed_tail
            if made or self._over:
                return made
            self._left += self._next()

    def close(self) -> None:
        """The file is somebody else's to close."""

    def _next(self) -> bytes:
        self._file.seek(self._at)
        piece = self._file.read(min(STRETCH, self._stop - self._at))
        self._at += len(piece)
        if not piece:
            self._over = True
            self._file.seek(self._stop)
            if not hmac.compare_digest(self._sum.digest()[:SUM], self._file.read(SUM)):
                raise WrongPassword
            return b""
        self._sum.update(piece)
        while len(self._pad) < len(piece):
            self._pad += next(self._stream)
        pad, self._pad = self._pad[: len(piece)], self._pad[len(piece) :]
        plain = int.from_bytes(piece, "little") ^ int.from_bytes(pad, "little")
        return plain.to_bytes(len(piece), "little")


def _facts(extra: bytes) -> tuple[int, int]:
    """Strength and the method of packing.  Raises `ValueError`."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == EXTRA and length == EXTRA_FORM.size:
            _, vendor, strength, packed_by = EXTRA_FORM.unpack_from(extra, at + 4)
            if vendor == b"AE" and strength in KEYS and packed_by in {STORED, zipfile.ZIP_DEFLATED}:
                return strength, packed_by
        at += 4 + length
    raise ValueError("not encrypted as WinZip does")
