"""Signatures: Ed25519 (RFC 8032) over a context that names the purpose."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.core.actor import Secret
from portal.vault import contexts
from portal.vault.contexts import Part, Purpose
from portal.vault.faults import Hidden, guarded


class SigningKey(Hidden):
    """A private key; `public` (32 bytes) may be known to all."""

    __slots__ = ("_private", "public")

    public: bytes

    @guarded
    def __init__(self, seed: Secret) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.public = self._private.public_key().public_bytes_raw()

    @guarded
    def sign(self, purpose: Purpose, *parts: Part) -> bytes:
        """Sixty-four bytes that only this key can make for these *parts*."""
        return self._private.sign(_message(purpose, parts))


@guarded
def sign(key: SigningKey, purpose: Purpose, *parts: Part) -> bytes:
    """The same as `key.sign`."""
    return key.sign(purpose, *parts)


@guarded
def verify(public: bytes, signature: bytes, purpose: Purpose, *parts: Part) -> None:
    """Raise `Tampered` unless the holder of *public* signed exactly these *parts*."""
    key = Ed25519PublicKey.from_public_bytes(public)
    key.verify(signature, _message(purpose, parts))


def _message(purpose: Purpose, parts: tuple[Part, ...]) -> bytes:
    if purpose not in contexts.PURPOSES:
        raise InvalidSignature
    return contexts.sig(purpose, *parts)
