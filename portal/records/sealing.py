"""
How a record lies in the database: boxes of JSON under its own key, whose sizes tell little.

The key is kept like that of an examination, so whoever is handed it reads every version.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from portal import vault
from portal.core.actor import Secret

STEP: Final = 256
"""Bytes: what is sealed is filled up to a multiple of so many, as JSON may end in blanks."""


class Place(NamedTuple):
    """Where a version lies, which is what its box is bound to."""

    record: UUID
    item: UUID
    rev: int


def seal_version(key: Secret, place: Place, body: Mapping[str, Any]) -> bytes:
    """The box of one version, for this very place."""
    return vault.box(key, _packed(body), _version_context(place))


def open_version(key: Secret, place: Place, boxed: bytes) -> dict[str, Any]:
    """What `seal_version` sealed.  Raises `vault.Tampered`."""
    return _unpacked(vault.unbox(key, boxed, _version_context(place)))


def seal_summary(key: Secret, record: UUID, said: Mapping[str, Any]) -> bytes:
    """The box with what lists show of a record."""
    return vault.box(key, _packed(said), vault.contexts.blob(record, record, "summary"))


def open_summary(key: Secret, record: UUID, boxed: bytes) -> dict[str, Any]:
    """What `seal_summary` sealed.  Raises `vault.Tampered`."""
    context = vault.contexts.blob(record, record, "summary")
    return _unpacked(vault.unbox(key, boxed, context))


def _version_context(place: Place) -> bytes:
    return vault.contexts.text(
        "record", place.record, 0, "record_version", "body", place.item, place.rev
    )


def _packed(said: Mapping[str, Any]) -> bytes:
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return plain + b" " * (-len(plain) % STEP)


def _unpacked(plain: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plain)
    return found
