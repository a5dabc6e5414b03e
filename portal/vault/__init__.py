"""
Everything secret, in one room: the only importer of `cryptography`.

Every ciphertext is a `box`, every key handed to somebody absent a `seal`, both bound to a context
(`contexts`).  Every secret is thirty-two random bytes or something a person types (`derive`).
Pure functions: no database, no request, no clock.  Whatever does not open raises `Tampered`, which
says nothing.
"""

from portal.vault import contexts
from portal.vault.boxes import (
    CHUNK_BYTES,
    HEAD_BYTES,
    box,
    box_secret,
    unbox,
    unbox_secret,
)
from portal.vault.checking import VectorFailed, self_test
from portal.vault.codes import (
    check_pass_code,
    fold_code,
    pass_code,
    share_password,
)
from portal.vault.contexts import Purpose, ctx
from portal.vault.derivation import PASSWORD_COST, SALT_BYTES, Cost, derive
from portal.vault.faults import Tampered
from portal.vault.key_files import (
    BadKeyFiles,
    KeyFiles,
    add_push_key,
    load_key_files,
    make_key_files,
)
from portal.vault.pushing import PushIdentity, is_push_point, push_identity
from portal.vault.ranges import RangeReader, Span, last_chunk
from portal.vault.reporting import report
from portal.vault.roots import blind_mark, check_mac, mac, new_secret, sub_key
from portal.vault.seals import KeyPair, fingerprint, key_pair, seal, spoken, unseal
from portal.vault.signing import SigningKey, sign, verify

__all__ = [
    "CHUNK_BYTES",
    "HEAD_BYTES",
    "PASSWORD_COST",
    "SALT_BYTES",
    "BadKeyFiles",
    "Cost",
    "KeyFiles",
    "KeyPair",
    "Purpose",
    "PushIdentity",
    "RangeReader",
    "SigningKey",
    "Span",
    "Tampered",
    "VectorFailed",
    "add_push_key",
    "blind_mark",
    "box",
    "box_secret",
    "check_mac",
    "check_pass_code",
    "contexts",
    "ctx",
    "derive",
    "fingerprint",
    "fold_code",
    "is_push_point",
    "key_pair",
    "last_chunk",
    "load_key_files",
    "mac",
    "make_key_files",
    "new_secret",
    "pass_code",
    "push_identity",
    "report",
    "seal",
    "self_test",
    "share_password",
    "sign",
    "spoken",
    "sub_key",
    "unbox",
    "unbox_secret",
    "unseal",
    "verify",
]
