"""The files of an examination in the order in which an archive has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from portal import studies
from portal.core.errors import Unknown
from portal.core.language import gettext as _
from portal.exporting.contents import Examination

LAST: Final = 2**31
"""Sorts what has no number behind what has."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A file, and where it comes in the archive."""

    study: UUID
    instance: UUID
    file: studies.Original
    folder: str
    series: int
    number: int
    told: Examination

    @property
    def header(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return self.file.entry["header"]

    @property
    def stem(self) -> str:
        """The name of its picture without an ending."""
        pictures = _("Pictures")  # catalogues are not made from words inside a name
        return f"{pictures}/{self.folder}/{self.series:03}-{self.number:05}"


def by_series(
    files: Mapping[UUID, studies.Original], only: UUID | None
) -> list[list[tuple[UUID, studies.Original]]]:
    """
    The files of each series in the order of display; with *only* those of one series.

    Raises `Unknown` when there is no such one.
    """
    if only is not None and only not in files:
        raise Unknown
    found: dict[str, list[tuple[UUID, studies.Original]]] = {}
    for each in sorted(files.items(), key=lambda file: _order(file[1].entry["header"])):
        found.setdefault(_series_uid(each[1]), []).append(each)
    return list(found.values()) if only is None else [found[_series_uid(files[only])]]


def _series_uid(file: studies.Original) -> str:
    return str(file.entry["header"]["series_instance_uid"])


def _order(header: dict[str, Any]) -> tuple[int, str, int, str]:
    """As the viewer shows them."""
    series, number = header["series_number"], header["instance_number"]
    return (
        LAST if series is None else series, header["series_instance_uid"],
        LAST if number is None else number, header["sop_instance_uid"],
    )  # fmt: skip
