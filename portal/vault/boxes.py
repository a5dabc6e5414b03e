"""
Boxes: every ciphertext is one.

Cobblestone-256 (c2sp.org/chunked-encryption) after a version byte: `01 ‖ salt 24 ‖ commitment 32 ‖
chunks`, each chunk 16 384 plain bytes and a tag of 16, the last one shorter.  It commits to key and
context, needs no nonces and can be read by range (`RangeReader`).
"""

from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from portal.core.actor import Secret
from portal.vault.faults import guarded

Buffer = bytes | bytearray | memoryview

VERSION: Final = b"\x01"
SALT_BYTES: Final = 24
COMMITMENT_BYTES: Final = 32
HEAD_BYTES: Final = len(VERSION) + SALT_BYTES + COMMITMENT_BYTES
TAG_BYTES: Final = 16
CHUNK_BYTES: Final = 16_384
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES


@guarded
def box(key: Secret, plain: Buffer, context: bytes) -> bytes:
    """Encrypt *plain* for whoever has *key* and names the same *context*."""
    encryptor = Cobblestone256Encryptor(key.reveal(), context)
    return b"".join((VERSION, encryptor.update(plain), encryptor.finalize()))


@guarded
def unbox(key: Secret, boxed: Buffer, context: bytes) -> bytes:
    """The plain bytes of a whole box.  Raises `Tampered`, and gives no byte of a changed one."""
    decryptor = Cobblestone256Decryptor(key.reveal(), context)
    if boxed[:1] != VERSION:
        raise InvalidTag
    return b"".join((decryptor.update(memoryview(boxed)[1:]), decryptor.finalize()))


@guarded
def box_secret(key: Secret, secret: Secret, context: bytes) -> bytes:
    """A box that holds one secret: 105 bytes."""
    return box(key, secret.reveal(), context)


@guarded
def unbox_secret(key: Secret, boxed: Buffer, context: bytes) -> Secret:
    """The secret in a box.  Raises `Tampered`, also when the box holds something else."""
    return Secret(unbox(key, boxed, context))
