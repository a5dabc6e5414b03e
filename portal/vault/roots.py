"""Secrets and what is derived from them: sub keys, authentication codes, blind marks."""

import hmac
import secrets
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from portal.core.actor import SECRET_BYTES, Secret
from portal.vault import contexts
from portal.vault.faults import Tampered, guarded

MARK_BYTES: Final = 16


def new_secret() -> Secret:
    """Thirty-two random bytes: a root, a study key, a link secret."""
    return Secret(secrets.token_bytes(SECRET_BYTES))


@guarded
def sub_key(root: Secret, *label: contexts.Part) -> Secret:
    """The key that *root* has for the purpose *label* (HKDF-Expand, SHA-512, RFC 5869)."""
    expand = HKDFExpand(SHA512(), SECRET_BYTES, contexts.sub(*label))
    return Secret(expand.derive(root.reveal()))


@guarded
def mac(key: Secret, context: bytes) -> bytes:
    """HMAC-SHA-256 of *context*: 32 bytes that only holders of *key* can make."""
    return hmac.digest(key.reveal(), context, "sha256")


@guarded
def check_mac(key: Secret, context: bytes, found: bytes) -> None:
    """Raise `Tampered` unless *found* is `mac(key, context)`."""
    if not hmac.compare_digest(mac(key, context), found):
        raise Tampered


@guarded
def blind_mark(key: Secret, table: str, column: str, value: str | bytes | UUID) -> bytes:
    """Sixteen bytes that are equal when the values are, and say nothing else without *key*."""
    return mac(key, contexts.blind(table, column, value))[:MARK_BYTES]
