"""
How a record lies in the database: boxes of JSON under its own key, whose sizes tell little.

The key is kept like that of an examination, so whoever is handed it reads every version.

A version that does not open any more, and goes to another record with its item, goes as it is: its
box, the place it is bound to and the key of its record lie in a box of the new place.  So nothing
that may be mended one day is lost, and back in its place it is the box it was.
(Whoever hands a record on leaves such versions out: they name the key of another record.)
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from portal import vault
from portal.core.actor import Secret

STEP: Final = 256
"""Bytes: what is sealed is filled up to a multiple of so many, as JSON may end in blanks."""

TORN: Final = "torn"
"""Instead of what a version says: it did not open."""


class Place(NamedTuple):
    """Where a version lies, which is what its box is bound to."""

    record: UUID
    item: UUID
    rev: int


def seal_version(key: Secret, place: Place, body: Mapping[str, Any]) -> bytes:
    """The box of one version, for this very place."""
    return vault.box(key, _packed(body), _version_context(place))


def open_version(key: Secret, place: Place, boxed: bytes) -> dict[str, Any]:
    """What `seal_version` sealed, wherever it was moved since.  Raises `vault.Tampered`."""
    told = _opened(key, place, boxed)
    if TORN in told:
        return _opened(*_unpacked_torn(key, place, told[TORN]))
    return told


def moved(key: Secret, place: Place, boxed: bytes, to_key: Secret, to: Place) -> bytes:
    """The same version for another place, whether it opens or not."""
    try:
        told = _opened(key, place, boxed)
    except vault.Tampered:
        torn = _Torn(key, place, boxed)
    else:
        if TORN not in told:
            return seal_version(to_key, to, told)
        torn = _unpacked_torn(key, place, told[TORN])
    if torn.place == to:
        return torn.box
    return seal_version(to_key, to, {TORN: _packed_torn(torn, to_key, to)})


class _Torn(NamedTuple):
    """A version that did not open when it was moved, and what it is bound to."""

    key: Secret
    place: Place
    box: bytes


def _packed_torn(torn: _Torn, key: Secret, place: Place) -> dict[str, Any]:
    """For a version at *place*, sealed under *key*."""
    record, item, rev = torn.place
    boxed = vault.box_secret(key, torn.key, _version_context(place, TORN))
    box, kept = b64encode(torn.box).decode(), b64encode(boxed).decode()
    return {"key": kept, "place": [str(record), str(item), rev], "box": box}


def _unpacked_torn(key: Secret, place: Place, said: Mapping[str, Any]) -> _Torn:
    record, item, rev = said["place"]
    kept = vault.unbox_secret(key, b64decode(said["key"]), _version_context(place, TORN))
    return _Torn(kept, Place(UUID(record), UUID(item), rev), b64decode(said["box"]))


def _opened(key: Secret, place: Place, boxed: bytes) -> dict[str, Any]:
    return _unpacked(vault.unbox(key, boxed, _version_context(place)))


def seal_summary(key: Secret, record: UUID, said: Mapping[str, Any]) -> bytes:
    """The box with what lists show of a record."""
    return vault.box(key, _packed(said), vault.contexts.blob(record, record, "summary"))


def open_summary(key: Secret, record: UUID, boxed: bytes) -> dict[str, Any]:
    """What `seal_summary` sealed.  Raises `vault.Tampered`."""
    context = vault.contexts.blob(record, record, "summary")
    return _unpacked(vault.unbox(key, boxed, context))


def _version_context(place: Place, column: str = "body") -> bytes:
    return vault.contexts.text(
        "record", place.record, 0, "record_version", column, place.item, place.rev
    )


def _packed(said: Mapping[str, Any]) -> bytes:
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return plain + b" " * (-len(plain) % STEP)


def _unpacked(plain: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plain)
    return found
