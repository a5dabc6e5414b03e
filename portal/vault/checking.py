"""
The start-up check: published vectors through the very library that is installed.

A portal that reads or writes another format than the one it was built for must not touch data.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from portal.core.actor import Secret
from portal.vault.boxes import VERSION, Buffer, unbox
from portal.vault.faults import Tampered
from portal.vault.ranges import RangeReader, last_chunk
from portal.vault.seals import KeyPair
from portal.vault.signing import SigningKey

Vector = Mapping[str, Any]
Reader = Callable[[Secret, bytes, bytes], bytes]

_KDFS: Final = {1: KDF.HKDF_SHA256, 17: KDF.SHAKE256}


class VectorFailed(Exception):
    """The installed library disagrees with a published vector, which the text names."""


def self_test() -> None:
    """Raise `VectorFailed` unless every vector of `vectors.json` comes out as published; 20 ms."""
    vectors = json.loads((files(__package__) / "vectors.json").read_bytes())
    for kind, check in CHECKS.items():
        for number, vector in enumerate(vectors[kind], start=1):
            if not _passes(check, vector):
                raise VectorFailed(f"{kind} vector {number} of portal/vault/vectors.json")


def _passes(check: Callable[[Vector], bool], vector: Vector) -> bool:
    try:
        return check(vector)
    except Exception:  # noqa: BLE001 -- a library that raises here is as unfit as one that errs
        return False


def read_by_range(key: Secret, boxed: Buffer, context: bytes) -> bytes:
    """The whole of a box through the range reader, as `unbox` reads it."""
    tail = boxed[last_chunk(len(boxed)).start :] if boxed else boxed
    reader = RangeReader(key, context, len(boxed), boxed, tail)
    start, stop = reader.span(0, reader.plain_size)
    return reader.open(0, reader.plain_size, boxed[start:stop])


def chunked(vector: Vector) -> bool:
    """Cobblestone-256, C2SP/wycheproof: both readers accept the valid and refuse the rest."""
    boxed = VERSION + zlib.decompress(bytes.fromhex(vector["ct"]))
    return all(_chunked(read, vector, boxed) for read in (unbox, read_by_range))


def _chunked(read: Reader, vector: Vector, boxed: bytes) -> bool:
    valid = vector["result"] == "valid"
    try:
        key = Secret(bytes.fromhex(vector["key"]))
        plain = read(key, boxed, bytes.fromhex(vector["ctx"]))
    except (Tampered, ValueError):  # ValueError: the key itself has a wrong length
        return not valid
    right = hashlib.sha512(plain).hexdigest() == vector["msgSha512"]
    return bool(valid and right and len(plain) == vector["msgLength"])


def xwing(vector: Vector) -> bool:
    """X-Wing: the public key of the seed, and a seal under the encapsulation of the vector."""
    pair = KeyPair(Secret(bytes.fromhex(vector["seed"])))
    opened = pair.open(bytes.fromhex(vector["sealed"]), bytes.fromhex(vector["info"]))
    right = opened == Secret(bytes.fromhex(vector["secret"]))
    return bool(right and pair.public.hex() == vector["public"])


def hpke(vector: Vector) -> bool:
    """draft-ietf-hpke-pq: KEM and key schedule lead to the vector's key and nonce."""
    pair = KeyPair(Secret(bytes.fromhex(vector["skRm"])))
    suite = Suite(KEM.MLKEM768_X25519, _KDFS[vector["kdf_id"]], AEAD.CHACHA20_POLY1305)
    plain = bytes.fromhex(vector["pt"])
    aead = ChaCha20Poly1305(bytes.fromhex(vector["key"]))
    sealed = aead.encrypt(bytes.fromhex(vector["base_nonce"]), plain, None)
    enc, info = bytes.fromhex(vector["enc"]), bytes.fromhex(vector["info"])
    right = suite.decrypt(enc + sealed, pair._private, info=info) == plain  # noqa: SLF001 -- the one other user of the pair
    return bool(right and pair.public.hex() == vector["pkRm"])


def ed25519(vector: Vector) -> bool:
    """RFC 8032, section 7.1: the public key of a seed."""
    return bool(SigningKey(Secret(bytes.fromhex(vector["seed"]))).public.hex() == vector["public"])


def argon2id(vector: Vector) -> bool:
    """RFC 9106, section 5.3."""
    derived = Argon2id(
        salt=bytes.fromhex(vector["salt"]),
        length=len(vector["tag"]) // 2,
        iterations=vector["rounds"],
        lanes=vector["lanes"],
        memory_cost=vector["memory"],
        ad=bytes.fromhex(vector["ad"]),
        secret=bytes.fromhex(vector["secret"]),
    ).derive(bytes.fromhex(vector["password"]))
    return bool(derived.hex() == vector["tag"])


CHECKS: Final[Mapping[str, Callable[[Vector], bool]]] = {
    "chunked": chunked,
    "xwing": xwing,
    "hpke": hpke,
    "ed25519": ed25519,
    "argon2id": argon2id,
}
