"""The manifest as the browser gets it: series and images in reading order, JSON, gzipped."""

from typing import Any, Final
from uuid import UUID

from portal.studies.describing import GZIP, packed

Manifest = dict[str, Any]

INSTANCES: Final = 4
"""How deep the instances lie in a view."""
ATTEMPTS: Final = 3
"""How often frames are tried after a fault that may pass, before they wait for the same file."""
LAST: Final = 2**31
"""Sorts what has no number behind what has."""


def browser_view(study: UUID, manifest: Manifest) -> bytes:
    """Packed as it is sent (RFC 1952); for a thread."""
    return packed(view_of(study, manifest), INSTANCES, GZIP)


def is_made(entry: dict[str, Any]) -> bool:
    """Whether nobody needs to try for frames: they are there, or cannot be, as far as we know."""
    return "view" in entry and entry["view"].get("tries", ATTEMPTS) >= ATTEMPTS


def view_of(study: UUID, manifest: Manifest) -> dict[str, Any]:
    """
    What the viewer needs to know before the first frame (`viewer.study.ViewedStudy.opening`).

    Every reader may know it: a community discusses images without the patient's name.
    """
    by_series: dict[str, list[tuple[str, Any]]] = {}
    for instance, entry in manifest.items():
        uid = entry["header"]["series_instance_uid"]
        by_series.setdefault(uid, []).append((instance, entry))
    groups = sorted(by_series.values(), key=lambda group: _series_order(group[0][1]["header"]))
    return {
        "study": {"id": study.hex},
        "series": [_series(index, group) for index, group in enumerate(groups)],
    }


def _series(index: int, group: list[tuple[str, Any]]) -> dict[str, Any]:
    group = sorted(group, key=lambda each: _instance_order(each[1]["header"]))
    header = group[0][1]["header"]
    return {
        "id": index,
        "number": header["series_number"],
        "description": header["series_description"] or header["protocol_name"],
        "modality": header["modality"],
        "instances": [_instance(instance, entry) for instance, entry in group],
    }


def _instance(instance: str, entry: dict[str, Any]) -> dict[str, Any]:
    header, view = entry["header"], entry.get("view")
    facts = {
        "id": instance,
        "sop": header["sop_instance_uid"],
        "kind": header["kind"],
        "number": header["instance_number"],
        "rows": header["rows"],
        "columns": header["columns"],
        "frames": header["frames"],
    }
    if "thinned" in entry:
        facts["thinned"] = entry["thinned"]
    if view is None:
        nothing = {"codec": "none", "why": "preparing", "ends": [], "bytes": []}
        return facts | nothing | {"preview": False, "meta": {}}
    if "shape" in view:
        facts["rows"], facts["columns"] = view["shape"]
    return facts | {
        "codec": view["codec"],
        "why": view["why"] or None,
        "ends": view["ends"],
        "bytes": [sum(place[2] for place in places) for places in view["frames"]],
        "preview": bool(view["previews"]),
        "meta": view["facts"],
    }


def _series_order(header: dict[str, Any]) -> tuple[int, str]:
    return _number(header["series_number"]), header["series_instance_uid"]


def _instance_order(header: dict[str, Any]) -> tuple[int, str]:
    return _number(header["instance_number"]), header["sop_instance_uid"]


def _number(value: int | None) -> int:
    return LAST if value is None else value
