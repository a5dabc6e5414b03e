"""The series of an examination as the server remembers them: which bytes stand where, no more."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Slot:
    """One frame's place in the order of display of a series."""

    index: int
    instance: UUID
    frame: int
    size: int
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One series in the order of display: ids, counts and lengths, and nothing of a person."""

    id: int
    slots: tuple[Slot | None, ...]
    """None stands for what has no picture."""
    pictures: int
    middle: UUID | None
    """The instance that stands for the series; None when none has a preview."""


def series_of(manifest: bytes) -> tuple[Series, ...]:
    """
    The series of a manifest (`viewer.study.ViewedStudy.opening`, unpacked), as it lists them.

    For a thread: after every object of the text another thread has its turn, which the scanner
    alone, being one call of C, would not give.
    """
    return tuple(json.loads(manifest, object_hook=_kept)["series"])


def _kept(found: dict[str, Any]) -> Any:
    """What is kept of an object of the manifest, as soon as it was read."""
    found.pop("meta", None)
    return _series(found) if "instances" in found else found


def _series(found: dict[str, Any]) -> Series:
    instances = found["instances"]
    slots = tuple(_slots(instances))
    shown = [each["id"] for each in instances if _is_picture(each) and each.get("preview", True)]
    middle = UUID(shown[len(shown) // 2]) if shown else None
    return Series(found["id"], slots, sum(slot is not None for slot in slots), middle)


def _is_picture(instance: dict[str, Any]) -> bool:
    return bool(instance["codec"] != "none")


def _slots(instances: Sequence[dict[str, Any]]) -> Iterator[Slot | None]:
    index = 0
    for instance in instances:
        name = UUID(instance["id"])
        for frame in range(max(1, instance["frames"])):
            if not _is_picture(instance):
                yield None
            else:
                ends = tuple(instance["ends"][frame]) if instance["ends"] else ()
                yield Slot(index, name, frame, instance["bytes"][frame], ends)
            index += 1
