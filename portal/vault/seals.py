"""
Seals: every key that is handed to somebody absent.

HPKE base mode (RFC 9180) with the hybrid KEM X-Wing (0x647A: ML-KEM-768 with X25519), HKDF-SHA-256
and AES-256-GCM, after a version byte: `01 ‖ enc 1 120 ‖ ct 48`.  Only secrets are sealed.
"""

import hashlib
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from portal.core.actor import Secret
from portal.vault import contexts
from portal.vault.faults import Hidden, guarded
from portal.vault.roots import sub_key

VERSION: Final = b"\x01"
MLKEM_SEED_BYTES: Final = 64
X25519_SEED_BYTES: Final = 32
MLKEM_PUBLIC_BYTES: Final = 1184

_suite: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class KeyPair(Hidden):
    """The X-Wing pair that a root stands for; `public` (1 216 bytes) may be known to all."""

    __slots__ = ("_private", "public")

    public: bytes

    @guarded
    def __init__(self, seed: Secret) -> None:
        # SHAKE-256 gives the seeds of both halves (X-Wing draft, section 5.2).
        expanded = hashlib.shake_256(seed.reveal()).digest(MLKEM_SEED_BYTES + X25519_SEED_BYTES)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:MLKEM_SEED_BYTES])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[MLKEM_SEED_BYTES:])
        self._private = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    @guarded
    def open(self, sealed: bytes, info: bytes) -> Secret:
        """The secret in a seal made for this pair and *info*.  Raises `Tampered`."""
        if sealed[:1] != VERSION:
            raise InvalidTag
        return Secret(_suite.decrypt(sealed[1:], self._private, info=info))


@guarded
def key_pair(root: Secret) -> KeyPair:
    """The pair of a root: the same every time."""
    return KeyPair(sub_key(root, "hpke"))


@guarded
def seal(public: bytes, secret: Secret, info: bytes) -> bytes:
    """Hand *secret* to whoever holds the pair of *public*; *info* is `contexts.seal(…)`."""
    mlkem = MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES])
    x25519 = X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:])
    receiver = MLKEM768X25519PublicKey(mlkem, x25519)
    return VERSION + _suite.encrypt(secret.reveal(), receiver, info=info)


@guarded
def unseal(pair: KeyPair, sealed: bytes, info: bytes) -> Secret:
    """The secret in a seal.  Raises `Tampered`."""
    return pair.open(sealed, info)


@guarded
def fingerprint(principal: UUID, epoch: int, public: bytes) -> bytes:
    """SHA-256 over a public key, whose it is and its generation."""
    return hashlib.sha256(contexts.pk(principal, epoch, public)).digest()


GROUPS: Final = 6
GROUP_BYTES: Final = 5
GROUP_DIGITS: Final = 5


@guarded
def spoken(fpr: bytes) -> str:
    """A fingerprint as people compare it: six groups of five digits."""
    starts = range(0, GROUPS * GROUP_BYTES, GROUP_BYTES)
    groups = (int.from_bytes(fpr[at : at + GROUP_BYTES], "big") for at in starts)
    return " ".join(f"{group % 10**GROUP_DIGITS:0{GROUP_DIGITS}}" for group in groups)
