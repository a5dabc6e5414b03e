"""What lists show of a study: a small box in its row, so a list opens nothing else."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from portal import vault
from portal.core.actor import Secret
from portal.core.language import gettext, show_date
from portal.studies.views import is_made

Manifest = dict[str, Any]
DOCUMENT: Final = "DOC"
"""The modality of encapsulated documents."""
DOCUMENTS: Final = frozenset({"document", "report", "keys"})
"""Kinds of objects that are read and not looked at."""
READ: Final = frozenset({DOCUMENT, "SR", "KO"})
"""The modalities of these."""
PICTURED: Final = frozenset({"image", "video"})
"""Kinds of objects that are looked at, and whose original data may be deleted by themselves."""
COUNTED: Final = frozenset({"image", "video", *DOCUMENTS})
"""Kinds of objects that people know by name (`viewer.dicom.Kind`)."""


@dataclass(frozen=True, slots=True)
class StudySummary:
    """One examination as a list shows it.  Dates are DICOM's `YYYYMMDD`, possibly empty."""

    id: UUID
    date: str
    time: str
    modalities: tuple[str, ...]
    description: str
    body_part: str
    patient_name: str
    birth_date: str
    sex: str
    series: int
    instances: int
    images: int
    """Single pictures: a film counts its frames."""
    documents: int
    """Findings and reports that travel as DICOM objects; they are no pictures."""
    videos: int
    others: int
    """Curves, plans and the like: kept and given back, and not shown here."""
    others_size: int
    """Bytes of these as they came."""
    size: int
    """Bytes it takes in the account."""
    thumbnail: UUID | None
    """Instance whose preview stands for the study."""
    prepared: bool = True
    """Everything is packed as it stays; before, it takes more bytes."""
    damaged: bool = False
    """It does not open: nothing of it is known, and it can only be deleted."""
    label: str = ""
    """What its owner calls it, in their own lists only."""
    added: datetime | None = None
    """When its first image came, in the owner's lists."""
    thinned: int = 0
    """Pictures that are left in preview quality, their original data deleted."""
    thinned_on: str = ""
    """When that was done last."""
    whole: int = 0
    """Objects to look at whose original data are there."""

    @property
    def title(self) -> str:
        """The examination in a few words, without the patient."""
        if self.damaged:
            return gettext("Damaged examination")
        return self.label or self.described

    @property
    def described(self) -> str:
        """What the images say of themselves, in a few words."""
        return titled({"description": self.description, "body_part": self.body_part,
                       "modalities": self.modalities})  # fmt: skip

    @property
    def shown_modalities(self) -> tuple[str, ...]:
        """The kinds of pictures and documents as people know them, for badges."""
        return tuple(shown_modality(each) for each in self.modalities)

    @property
    def shown_date(self) -> str:
        """When it was, as the reader writes dates; empty when the images do not say."""
        return shown_date(self.date)

    @property
    def can_be_thinned(self) -> bool:
        """Whether there are pictures whose original data could be deleted."""
        return self.whole > 0

    @property
    def shown_thinned_on(self) -> str:
        """The day on which original data were deleted, as the reader writes dates."""
        return shown_date(self.thinned_on)

    @property
    def shown_name(self) -> str:
        """The patient's name as people write it."""
        return shown_name(self.patient_name)


def titled(facts: Mapping[str, Any]) -> str:
    """The examination in a few words: its description, else what was examined how."""
    described = str(facts.get("description", "")).strip()
    how = ", ".join(map(shown_modality, facts.get("modalities", ())))
    return described or " ".join(filter(None, (how, facts.get("body_part", ""))))


def shown_modality(modality: str) -> str:
    """DICOM's code (PS3.3 C.7.3.1.1.1); its code for documents says nothing to anybody."""
    return gettext("Document") if modality == DOCUMENT else modality


def shown_date(day: str) -> str:
    """DICOM's `YYYYMMDD` in the reader's language; empty for anything that is no day."""
    try:
        return show_date(date(int(day[:4]), int(day[4:6]), int(day[6:8])))
    except ValueError:
        return ""


def shown_name(name: str) -> str:
    """DICOM's `Family^Given^Middle^Prefix^Suffix=…` (PS3.5 6.2.1) as `Given Middle Family`."""
    family, *given = name.split("=", maxsplit=1)[0].split("^")
    return " ".join(filter(None, [*given[:2], family])).strip()


def summary_of(manifest: Manifest) -> dict[str, Any]:
    """The facts of a manifest that lists show."""
    headers = [entry["header"] for entry in manifest.values()]
    others = [each for each in manifest.values() if each["header"]["kind"] not in COUNTED]
    counts = Counter(header["modality"] for header in headers if header["modality"])
    shared = {
        name: _most_common(headers, source)
        for name, source in (
            ("date", "study_date"),
            ("time", "study_time"),
            ("description", "study_description"),
            ("body_part", "body_part"),
            ("patient_name", "patient_name"),
            ("birth_date", "birth_date"),
            ("sex", "sex"),
        )
    }
    return (
        shared
        | _identifying(headers)
        | _thinned(manifest)
        | {
            "modalities": [modality for modality, _ in counts.most_common()],
            "series": len({header["series_instance_uid"] for header in headers}),
            "instances": len(headers),
            "images": sum(
                max(1, header["frames"] or 1) for header in headers if header["kind"] == "image"
            ),
            "documents": sum(header["kind"] in DOCUMENTS for header in headers),
            "videos": sum(header["kind"] == "video" for header in headers),
            "others": len(others),
            "others_size": sum(entry["size"] for entry in others),
            "thumbnail": _thumbnail(manifest),
            "prepared": all(map(is_made, manifest.values())),
        }
    )


def _thinned(manifest: Manifest) -> dict[str, Any]:
    """How much was made small, and how much was not; older boxes do not have it."""
    small = [each for each in manifest.values() if "thinned" in each]
    pictured = [each for each in manifest.values() if each["header"]["kind"] in PICTURED]
    return {
        "thinned": sum(len(each["view"]["frames"]) for each in small),
        "thinned_on": max((each["thinned"] for each in small), default=""),
        "whole": len(pictured) - len(small),
    }


def _identifying(headers: list[dict[str, Any]]) -> dict[str, str]:
    """By what programs find a study (PS3.18 10.6); older boxes do not have it."""
    named = (
        ("study_uid", "study_instance_uid"),
        ("patient_id", "patient_id"),
        ("issuer_of_patient_id", "issuer_of_patient_id"),
        ("accession_number", "accession_number"),
        ("study_id", "study_id"),
        ("referring_physician", "referring_physician"),
    )
    return {name: _most_common(headers, source) for name, source in named}


def _most_common(headers: list[dict[str, Any]], field: str) -> str:
    values = Counter(str(header[field]) for header in headers if header.get(field))
    return values.most_common(1)[0][0] if values else ""


def _thumbnail(manifest: Manifest) -> str | None:
    """The middle picture of the largest series that has previews."""
    series: dict[str, list[tuple[int, str]]] = {}
    for instance, entry in manifest.items():
        if entry.get("view", {}).get("previews"):
            header = entry["header"]
            order = (int(header["instance_number"] or 0), instance)
            series.setdefault(header["series_instance_uid"], []).append(order)
    if not series:
        return None
    sizes = Counter(entry["header"]["series_instance_uid"] for entry in manifest.values())
    largest = sorted(series[max(series, key=lambda uid: (sizes[uid], uid))])
    return largest[len(largest) // 2][1]


def sealed_summary(study: UUID, key: Secret, manifest: Manifest) -> bytes:
    """The box for the study's row."""
    plain = json.dumps(summary_of(manifest), ensure_ascii=False).encode()
    return vault.box(key, plain, vault.contexts.blob(study, study, "summary"))


def opened_summary(study: UUID, key: Secret, box: bytes) -> dict[str, Any]:
    """What `sealed_summary` sealed."""
    plain = vault.unbox(key, box, vault.contexts.blob(study, study, "summary"))
    facts: dict[str, Any] = json.loads(plain)
    return facts


def damaged_summary(study: UUID, size: int) -> StudySummary:
    """What lists show of a study that does not open."""
    return StudySummary(
        id=study, date="", time="", modalities=(), description="", body_part="", patient_name="",
        birth_date="", sex="", series=0, instances=0, images=0, documents=0, videos=0, others=0,
        others_size=0, size=size, thumbnail=None, prepared=True, damaged=True,
    )  # fmt: skip


def as_summary(
    study: UUID,
    facts: Mapping[str, Any],
    size: int,
    label: str = "",
    added: datetime | None = None,
) -> StudySummary:
    """Facts as the dataclass that other rooms see; *label* and *added* only for their owner."""
    thumbnail = facts["thumbnail"]
    return StudySummary(
        id=study,
        size=size,
        thumbnail=UUID(thumbnail) if thumbnail else None,
        modalities=tuple(facts["modalities"]),
        **{
            name: facts[name]
            for name in (
                "date", "time", "description", "body_part", "patient_name", "birth_date", "sex",
                "series", "instances", "images",
            )
        },
        # summaries of older versions do not count them
        documents=facts.get("documents", 0),
        videos=facts.get("videos", 0),
        others=facts.get("others", 0),
        others_size=facts.get("others_size", 0),
        prepared=facts.get("prepared", True),
        thinned=facts.get("thinned", 0),
        thinned_on=facts.get("thinned_on", ""),
        whole=facts.get("whole", facts["images"] + facts.get("videos", 0)),
        label=label,
        added=added,
    )  # fmt: skip
