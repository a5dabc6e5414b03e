"""
Where the images of a study lie and in what form: what is remembered between two of its frames.

A manifest is opened for it once.  Nothing of a person is taken over from there, neither words nor
numbers, and no UID: who asks for an image by its UIDs is understood by a digest of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, Final, Self
from uuid import UUID

from portal.studies.manifests import FrameSet, InstanceEntry, Manifest
from portal.studies.packing import JsonPlaces

FORM: Final = (
    "bits_allocated", "bits_stored", "columns", "frames", "kind", "photometric", "rows", "samples",
    "signed", "transfer_syntax",
)  # fmt: skip
"""What a header says of the form of the pixels."""
SHOWN_FORM: Final = ("bitsStored", "modalityLut", "photometric", "samples", "scaled", "signed")
"""The same of the frames the viewer reads (`viewer.dicom.Canonical.meta`)."""

Generation = tuple[UUID, int]
"""A study, and which of its manifests."""

_SALT: Final = token_bytes(16)
"""So that what is remembered says nothing outside this process."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is remembered of one generation of a study."""

    entries: Manifest = field(repr=False)
    names: Mapping[bytes, str] = field(repr=False)
    """Instances (hexadecimal) by the digests of their UIDs."""
    noted: Mapping[str, dict[str, Any]] = field(repr=False)
    """By instance: what reading it showed of its form (`originals.Original.noted`)."""

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """What remains of a *manifest*; for a thread."""
        known = dict[str, str]()
        entries = {name: _bare(entry, known) for name, entry in manifest.items()}
        headers = {name: entry["header"] for name, entry in manifest.items()}
        names = {
            _digest(header["series_instance_uid"], header["sop_instance_uid"]): name
            for name, header in headers.items()
        }
        return cls(entries, names, {name: {} for name in manifest})

    @property
    def size(self) -> int:
        """Instances, and their frames."""
        shown = (entry["view"]["frames"] for entry in self.entries.values() if "view" in entry)
        return len(self.entries) + sum(map(len, shown))

    def named(self, series: str, sop: str) -> str:
        """The instance (hexadecimal) with these UIDs; empty when there is none."""
        return self.names.get(_digest(series, sop), "")

    def shows(self, instance: str) -> bool:
        """Whether that has its frames, so that nothing more will be known of it."""
        return "view" in self.entries.get(instance, {})


def _digest(series: str, sop: str) -> bytes:
    return blake2b(f"{series}/{sop}".encode(), key=_SALT, digest_size=16).digest()


def _bare(entry: InstanceEntry, known: dict[str, str]) -> InstanceEntry:
    header = entry["header"]
    found: InstanceEntry = {
        "header": {name: header[name] for name in FORM},
        "sha256": entry["sha256"],
        "size": entry["size"],
        "at": _shared(entry["at"], known),
    }
    if "thinned" in entry:
        found["thinned"] = entry["thinned"]
    if "view" in entry:
        found["view"] = _bare_view(entry["view"], known)
    return found


def _bare_view(view: FrameSet, known: dict[str, str]) -> FrameSet:
    return {
        "codec": view["codec"],
        "why": view["why"],
        "frames": [_shared(each, known) for each in view["frames"]],
        "ends": [],
        "previews": {size: _shared(each, known) for size, each in view["previews"].items()},
        "skeleton": _shared(view["skeleton"], known),
        "facts": {name: view["facts"].get(name) for name in SHOWN_FORM},
    }


def _shared(places: JsonPlaces, known: dict[str, str]) -> JsonPlaces:
    """The same with one text for each object, of which there are few, instead of many."""
    return [[known.setdefault(str(each[0]), str(each[0])), *each[1:]] for each in places]
