"""The key by which push services know this portal (RFC 8292): P-256, from thirty-two bytes."""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.core.actor import Secret
from portal.vault.faults import guarded
from portal.vault.roots import sub_key

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SP 800-186, section 3.2.1.3)."""

POINT_BYTES: Final = 65
"""Of an uncompressed point: a compressed one is shorter."""


@dataclass(frozen=True, slots=True)
class PushIdentity:
    """The pair as the sender of pushes wants it, and the public half as browsers want it."""

    private_pem: bytes = field(repr=False)
    public_pem: bytes = field(repr=False)
    public: bytes
    """Sixty-five bytes, an uncompressed point."""


def is_push_point(data: bytes) -> bool:
    """Whether *data* is an uncompressed point on the curve, which a browser's key must be."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        return False
    return len(data) == POINT_BYTES


@guarded
def push_identity(seed: Secret) -> PushIdentity:
    """The same pair for the same seed; sixty-four bytes make the number even (FIPS 186-5 A.2.1)."""
    wide = b"".join(sub_key(seed, "push", half).reveal() for half in (1, 2))
    number = int.from_bytes(wide, "big") % (ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    public = private.public_key()
    return PushIdentity(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        public.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        ),
    )
