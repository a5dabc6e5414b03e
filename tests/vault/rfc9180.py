"""The key schedule of HPKE (RFC 9180, section 5.1), base mode, written from its text."""

import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_XWING, KDF_HKDF_SHA256, AEAD_AES_256_GCM = 0x647A, 0x0001, 0x0002
SUITE = b"HPKE" + b"".join(
    each.to_bytes(2, "big") for each in (KEM_XWING, KDF_HKDF_SHA256, AEAD_AES_256_GCM)
)


def _extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + SUITE + label + ikm, "sha256")


def _expand(prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    assert length <= 32, "one block is enough for a key and a nonce"
    text = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + info
    return hmac.digest(prk, text + b"\x01", "sha256")[:length]


def encrypt(shared_secret: bytes, info: bytes, plain: bytes) -> bytes:
    """The first message under *shared_secret*, without the encapsulation."""
    context = b"\x00" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    secret = _extract(shared_secret, b"secret", b"")
    key, nonce = _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).encrypt(nonce, plain, None)
