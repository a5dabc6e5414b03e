"""ZIPs that are protected by a password, as programs make them: the old cipher and AES-256."""

import hashlib
import hmac
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Lock = Literal["old", "aes"]

ENCRYPTED = 1
STORED, AES = 0, 99


def locked_zip(path: Path, files: Mapping[str, bytes], password: str, lock: Lock) -> Path:
    """All *files* stored as they are under *password* (APPNOTE 6.3.10, WinZip's AE-2)."""
    out, directory = bytearray(), bytearray()
    for name, data in files.items():
        crc = zlib.crc32(data)
        sealed = _old(data, password.encode(), crc) if lock == "old" else _aes(data, password)
        method = STORED if lock == "old" else AES
        extra = b"" if lock == "old" else struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, STORED)
        told = crc if lock == "old" else 0
        about = struct.pack("<HHHHIIIHH", ENCRYPTED, method, 0, 33, told, len(sealed), len(data),
                            len(name.encode()), len(extra))  # fmt: skip
        directory += struct.pack("<4sHH", b"PK\x01\x02", 20, 51) + about
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name.encode() + extra
        out += struct.pack("<4sH", b"PK\x03\x04", 51) + about + name.encode() + extra + sealed
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(files), len(files), len(directory),
                      len(out), 0)  # fmt: skip
    path.write_bytes(out + directory + end)
    return path


def _old(data: bytes, password: bytes, crc: int) -> bytes:
    """The cipher of PKZIP 2.0; the last byte of its head tells most wrong passwords."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def step(value: int) -> None:
        keys[0] = _crc(keys[0], value)
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    for value in password:
        step(value)
    out = bytearray()
    for value in bytes(11) + bytes([crc >> 24]) + data:
        mixed = (keys[2] | 2) & 0xFFFF
        out.append(value ^ ((mixed * (mixed ^ 1)) >> 8 & 255))
        step(value)
    return bytes(out)


def _crc(crc: int, value: int) -> int:
    return zlib.crc32(bytes([value]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def _aes(data: bytes, password: str) -> bytes:
    salt = bytes(range(16))
    key = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 66)
    blocks = -(-len(data) // 16)
    counters = b"".join(number.to_bytes(16, "little") for number in range(1, blocks + 1))
    cipher = Cipher(algorithms.AES(key[:32]), modes.ECB()).encryptor()  # noqa: S305 -- CTR by hand
    stream = cipher.update(counters) + cipher.finalize()
    sealed = bytes(one ^ other for one, other in zip(data, stream, strict=False))
    return salt + key[64:] + sealed + hmac.digest(key[32:64], sealed, "sha1")[:10]
