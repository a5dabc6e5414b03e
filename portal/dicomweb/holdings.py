"""What an address names: one's own study, the series of it, the instances, each with its file."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from portal import studies
from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.dicomweb.attributes import BY_NAME, as_json
from portal.dicomweb.matching import is_uid
from portal.dicomweb.records import Header, instance_record
from portal.dicomweb.sheets import Sheets
from portal.studies import OpenStudy, Original, Shelf

LARGE: Final = 16 * 1024 * 1024
"""Bytes of a file above which only one at a time is held in memory whole."""


@dataclass(frozen=True, slots=True)
class Service:
    """What lives as long as the service; *root* is its address."""

    shelf: Shelf
    root: str
    sheets: Sheets = field(default_factory=Sheets, repr=False)
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1), repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """The UIDs in an address; empty ones are not in it."""

    study: str
    series: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """One instance of an opened study."""

    id: UUID
    study: OpenStudy = field(repr=False)
    file: Original = field(repr=False)
    service: Service = field(repr=False)

    @property
    def header(self) -> Header:
        """What was read of it when it came."""
        return self.file.entry["header"]

    @property
    def syntax(self) -> str:
        """UID of the file's transfer syntax."""
        return str(self.header["transfer_syntax"])

    @property
    def address(self) -> str:
        """Where it is retrieved."""
        header = self.header
        return (
            f"{self.service.root}/studies/{header['study_instance_uid']}"
            f"/series/{header['series_instance_uid']}/instances/{header['sop_instance_uid']}"
        )

    async def described(self) -> dict[str, Any]:
        """`studies.Original.described`."""
        whole = bool(self.file.entry["at"]) and self.file.size > LARGE
        async with self.service.large if whole else nullcontext():
            return await self.file.described()

    async def pixels(self) -> dict[str, Any] | None:
        """
        Where its frames lie in its file, and in what form: looked for once (`described`), or each
        time where that is too much to remember.
        """
        known = self.file.noted
        seen = known if "pixels" in known else await self.described()
        found: dict[str, Any] | None = seen["pixels"]
        return found

    def listed(self) -> dict[str, Any]:
        """What a search tells of it, as DICOM JSON."""
        header = self.header
        above = {
            "RetrieveURL": f"{self.service.root}/studies/{header['study_instance_uid']}",
            "StudyInstanceUID": header["study_instance_uid"],
            "SeriesInstanceUID": header["series_instance_uid"],
            "PatientName": header["patient_name"],
            "PatientID": header["patient_id"],
            "StudyDate": header["study_date"],
            "Modality": header["modality"],
        }
        return as_json(instance_record(header, above), frozenset(BY_NAME))


async def held(service: Service, actor: Actor, named: Named) -> list[Held]:
    """
    The instances of what is *named*, in the order of their numbers; `Unknown` when there are none.
    """
    return await held_in(service, await open_named(service.shelf, actor, named.study), named)


async def held_in(service: Service, study: OpenStudy, named: Named) -> list[Held]:
    """The same of a study that was opened."""
    found = [
        Held(instance, study, file, service)
        async for instance, file in study.originals()
        if _is_within(file.entry["header"], named)
    ]
    if not found:
        raise Unknown
    return sorted(found, key=lambda each: _order(each.header))


async def held_frames(service: Service, actor: Actor, named: Named) -> Held:
    """One instance to read its frames: what is known of it says nothing else.  Raises `Unknown`."""
    study = await open_named(service.shelf, actor, named.study)
    instance, file = await study.named(named.series, named.instance)
    return Held(instance, study, file, service)


async def open_named(shelf: Shelf, actor: Actor, uid: str) -> OpenStudy:
    """The actor's own study with this StudyInstanceUID, or `Unknown`; their log says so."""
    if not is_uid(uid):
        raise Unknown
    study = await studies.open_by_uid(shelf, actor, uid)
    await studies.seen(actor, study, "dicomweb")
    return study


def _is_within(header: Header, named: Named) -> bool:
    return named.series in {"", header["series_instance_uid"]} and named.instance in {
        "",
        header["sop_instance_uid"],
    }


def _order(header: Header) -> tuple[int, str, int, str]:
    numbers = [header[name] or 0 for name in ("series_number", "instance_number")]
    return numbers[0], header["series_instance_uid"], numbers[1], header["sop_instance_uid"]
