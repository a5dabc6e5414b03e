"""Reading a part of a box: only the chunks that hold it are fetched and opened."""

import hmac
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from portal.core.actor import Secret
from portal.vault.boxes import (
    CHUNK_BYTES,
    COMMITMENT_BYTES,
    HEAD_BYTES,
    SALT_BYTES,
    SEALED_CHUNK_BYTES,
    TAG_BYTES,
    VERSION,
    Buffer,
)
from portal.vault.faults import Hidden, guarded

LABEL: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
AES_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
OKM_BYTES: Final = AES_KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES


class Span(NamedTuple):
    """Bytes of a box, from *start* up to but not including *stop*."""

    start: int
    stop: int


def last_chunk(box_size: int) -> Span:
    """Where the last chunk of a box is: what a `RangeReader` wants to see first, with the head."""
    return Span(box_size - (box_size - HEAD_BYTES) % SEALED_CHUNK_BYTES, box_size)


class RangeReader(Hidden):
    """
    Opens parts of one box.

    *head* are the first 57 bytes of the box or more, *tail* its last chunk (`last_chunk`) or more.
    Both are authenticated before the first plain byte leaves: the head by the commitment to key and
    context, the length by the tag of the last chunk.  Every method raises `Tampered`.
    """

    __slots__ = ("_aes", "_nonce", "plain_size")

    plain_size: int
    """Bytes in the box."""

    @guarded
    def __init__(
        self, key: Secret, context: bytes, box_size: int, head: Buffer, tail: Buffer
    ) -> None:
        self._unlock(key, context, bytes(head[:HEAD_BYTES]))
        chunks, last = divmod(box_size - HEAD_BYTES, SEALED_CHUNK_BYTES)
        if chunks < 0 or last < TAG_BYTES or len(tail) < last:
            raise InvalidTag
        self._chunk(chunks, memoryview(tail)[-last:])
        self.plain_size = chunks * CHUNK_BYTES + last - TAG_BYTES

    @guarded
    def span(self, start: int, stop: int) -> Span:
        """The bytes of the box to fetch for the plain bytes from *start* up to *stop*."""
        self._within(start, stop)
        if start == stop:
            return Span(HEAD_BYTES, HEAD_BYTES)
        first, last = start // CHUNK_BYTES, (stop - 1) // CHUNK_BYTES
        whole = HEAD_BYTES + self.plain_size + (self.plain_size // CHUNK_BYTES + 1) * TAG_BYTES
        end = HEAD_BYTES + (last + 1) * SEALED_CHUNK_BYTES
        return Span(HEAD_BYTES + first * SEALED_CHUNK_BYTES, min(end, whole))

    @guarded
    def open(self, start: int, stop: int, sealed: Buffer) -> bytes:
        """The plain bytes from *start* up to *stop*, out of the bytes that `span` named."""
        wanted = self.span(start, stop)
        if len(sealed) != wanted.stop - wanted.start:
            raise InvalidTag
        first = start // CHUNK_BYTES
        view = memoryview(sealed)
        plain = b"".join(
            self._chunk(first + number, view[at : at + SEALED_CHUNK_BYTES])
            for number, at in enumerate(range(0, len(view), SEALED_CHUNK_BYTES))
        )
        offset = start - first * CHUNK_BYTES
        return plain[offset : offset + stop - start]

    def _within(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.plain_size:
            raise InvalidTag

    def _unlock(self, key: Secret, context: bytes, head: bytes) -> None:
        salt = head[len(VERSION) : len(VERSION) + SALT_BYTES]
        if len(head) != HEAD_BYTES or not head.startswith(VERSION):
            raise InvalidTag
        # Expand takes keys of any length; `Secret` has made sure of the thirty-two bytes.
        expand = HKDFExpand(SHA512(), OKM_BYTES, LABEL + salt + context)
        okm = expand.derive(key.reveal())
        if not hmac.compare_digest(okm[-COMMITMENT_BYTES:], head[-COMMITMENT_BYTES:]):
            raise InvalidTag
        self._aes = AESGCM(okm[:AES_KEY_BYTES])
        self._nonce = int.from_bytes(okm[AES_KEY_BYTES:-COMMITMENT_BYTES], "big")

    def _chunk(self, number: int, sealed: memoryview) -> bytes:
        nonce = (self._nonce ^ number).to_bytes(NONCE_BYTES, "big")
        return self._aes.decrypt(nonce, sealed, None)
