"""
What a browser says of an upload before it sends anything: how much it is, and of its documents
their names and examinations.

Parts carry bytes and numbers only, and a PDF does not know which CD it lay on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from portal import keys
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Invalid, reading

MOST: Final = 1000
"""Documents of one upload."""
LONGEST_NAME: Final = 500
LARGEST: Final = 256 * 1024
"""Bytes of all notes of an upload: a thousand documents with 180 bytes of name each."""
LONGEST_UID: Final = 64
"""Characters of a UID (PS3.5 section 9.1)."""
ABOUT: Final = 32
"""Bytes of what tells one choice of files from another."""


@dataclass(frozen=True, slots=True)
class Note:
    """One document of an upload."""

    name: str = field(default="", repr=False)
    """Its file name, for people."""
    study_uid: str = field(default="", repr=False)
    """StudyInstanceUID of the examination it lay beside; empty: it stands alone."""
    cleaned: bool = False
    """A photo is to be kept without what it tells beside its picture."""


Notes = Mapping[int, Note]
"""By the number the sender gave the file."""
NOTHING_SAID: Final[Notes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Plan:
    """What was to be sent when the upload began."""

    files: int
    size: int
    """Bytes."""
    about: str = field(repr=False)
    """Hexadecimal; the same for the same choice of files, on whatever computer."""
    begun: datetime


def read_plan(sent: Any) -> Plan | None:
    """A plan as it comes in JSON, begun now; None for none.  Raises `Invalid`."""
    if sent is None:
        return None
    with reading():
        about = bytes.fromhex(sent["about"])
        plan = Plan(int(sent["files"]), int(sent["bytes"]), about.hex(), now())
    if len(about) != ABOUT or not (0 < plan.files < 2**31 and 0 <= plan.size < 2**53):
        raise Invalid
    return plan


def read_notes(sent: Any) -> Notes:
    """
    Notes as they come in JSON: `[[file, name, study UID], …]`, with `true` behind those of photos
    that are to be cleaned.  Raises `Invalid`.
    """
    notes = {}
    with reading():
        for file, name, study_uid, *more in sent:
            notes[int(file)] = Note(str(name), str(study_uid), more == [True])
    if len(notes) > MOST or not all(_plausible(each) for each in notes.values()):
        raise Invalid
    return notes


def _plausible(note: Note) -> bool:
    return len(note.name) <= LONGEST_NAME and len(note.study_uid) <= LONGEST_UID


def sealed_notes(actor: Actor, upload: UUID, notes: Notes, plan: Plan | None) -> bytes | None:
    """The box for the upload's row; None for nothing.  Raises `Invalid` for too many bytes."""
    if not notes and plan is None:
        return None
    said: dict[str, Any] = {"documents": [_listed(file, note) for file, note in notes.items()]}
    if plan is not None:
        begun = plan.begun.isoformat()
        said["plan"] = {
            "files": plan.files, "bytes": plan.size, "about": plan.about, "begun": begun,
        }  # fmt: skip
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    if len(plain.encode(errors="replace")) > LARGEST:
        raise Invalid
    return _texts(actor).box("upload", "notes", upload, 0, plain)


def _listed(file: int, note: Note) -> list[Any]:
    return [file, note.name, note.study_uid, *([True] if note.cleaned else [])]


def opened_notes(actor: Actor, upload: UUID, box: bytes | None) -> Notes:
    """What `sealed_notes` sealed of the documents.  Raises `vault.Tampered`."""
    said = _opened(actor, upload, box)
    return read_notes(said.get("documents", []))


def opened_plan(actor: Actor, upload: UUID, box: bytes | None) -> Plan | None:
    """What `sealed_notes` sealed of the whole.  Raises `vault.Tampered`."""
    said = _opened(actor, upload, box).get("plan")
    if said is None:
        return None
    begun = datetime.fromisoformat(said["begun"])
    return Plan(said["files"], said["bytes"], said["about"], begun)


def _opened(actor: Actor, upload: UUID, box: bytes | None) -> dict[str, Any]:
    if box is None:
        return {}
    said = json.loads(_texts(actor).open("upload", "notes", upload, 0, box))
    # Uploads that began before there were plans hold the documents alone.
    return said if isinstance(said, dict) else {"documents": said}


def _texts(actor: Actor) -> keys.Text:
    return keys.Text("user", actor.id, actor.epoch, actor.root)
