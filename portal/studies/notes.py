"""
What a browser says of the documents in an upload before it sends them: names and examinations.

Parts carry bytes and numbers only, and a PDF does not know which CD it lay on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from portal import keys
from portal.core.actor import Actor
from portal.core.errors import Invalid, reading

MOST: Final = 1000
"""Documents of one upload."""
LONGEST_NAME: Final = 500
LARGEST: Final = 256 * 1024
"""Bytes of all notes of an upload: a thousand documents with 180 bytes of name each."""
LONGEST_UID: Final = 64
"""Characters of a UID (PS3.5 section 9.1)."""


@dataclass(frozen=True, slots=True)
class Note:
    """One document of an upload."""

    name: str = field(default="", repr=False)
    """Its file name, for people."""
    study_uid: str = field(default="", repr=False)
    """StudyInstanceUID of the examination it lay beside; empty: it stands alone."""


Notes = Mapping[int, Note]
"""By the number the sender gave the file."""
NOTHING_SAID: Final[Notes] = MappingProxyType({})


def read_notes(sent: Any) -> Notes:
    """Notes as they come in JSON: `[[file, name, study UID], …]`.  Raises `Invalid`."""
    notes = {}
    with reading():
        for file, name, study_uid in sent:
            notes[int(file)] = Note(str(name), str(study_uid))
    if len(notes) > MOST or not all(_plausible(each) for each in notes.values()):
        raise Invalid
    return notes


def _plausible(note: Note) -> bool:
    return len(note.name) <= LONGEST_NAME and len(note.study_uid) <= LONGEST_UID


def sealed_notes(actor: Actor, upload: UUID, notes: Notes) -> bytes | None:
    """The box for the upload's row; None for no notes.  Raises `Invalid` for too many bytes."""
    if not notes:
        return None
    listed = [[file, note.name, note.study_uid] for file, note in notes.items()]
    plain = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    if len(plain.encode(errors="replace")) > LARGEST:
        raise Invalid
    return _texts(actor).box("upload", "notes", upload, 0, plain)


def opened_notes(actor: Actor, upload: UUID, box: bytes | None) -> Notes:
    """What `sealed_notes` sealed.  Raises `vault.Tampered`."""
    if box is None:
        return {}
    return read_notes(json.loads(_texts(actor).open("upload", "notes", upload, 0, box)))


def _texts(actor: Actor) -> keys.Text:
    return keys.Text("user", actor.id, actor.epoch, actor.root)
