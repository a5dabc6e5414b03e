"""An account with as many examinations as wanted: written as rows at once, without their images."""

import random
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from bench import images
from portal import keys, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.keys.models import LocalKey
from portal.studies.marks import Marks
from portal.studies.models import Study
from portal.studies.summaries import sealed_summary
from viewer.dicom.header import Header
from viewer.dicom.inspecting import inspect_file

AT_ONCE: Final = 500
NAMES: Final = (
    "Muster^Max",
    "Müller^Jürgen",
    "Meyer^Ida",
    "Schmidt^Ada",
    "Weiß^Otto",
    "Ahrens^Uta",
)
KINDS: Final = ("CT", "MR", "US", "CR", "DX", "MG")


def headers(count: int, since: int = 0, day: str = "") -> Iterator[dict[str, Any]]:
    """
    What *count* examinations of one image say, of thirty years and a few hundred patients.

    They are numbered *since* there, and are all of the same *day* if one is given.
    """
    made = inspect_file(images.ct(1, 64)[0])
    assert isinstance(made, Header)
    pick, like = random.Random(11), made.to_json()
    for number in range(since, since + count):
        patient = pick.randrange(400)
        yield like | {
            "study_instance_uid": f"2.25.{7_000_000 + number}",
            "series_instance_uid": f"2.25.{7_000_000 + number}.1",
            "sop_instance_uid": f"2.25.{7_000_000 + number}.1.1",
            "study_date": day
            or f"{pick.randrange(1996, 2026)}{pick.randrange(1, 13):02}{pick.randrange(1, 29):02}",
            "patient_name": f"{NAMES[patient % len(NAMES)]}{patient}",
            "patient_id": f"P{patient}",
            "accession_number": f"A{number}",
            "modality": KINDS[number % len(KINDS)],
            "study_description": f"Examination {number}",
        }


async def fill(actor: Actor, count: int, since: int = 0, day: str = "") -> None:
    """So many examinations for *actor* (`headers`), each with its own key and its own box."""
    marks, root = await Marks.of(actor), vault.sub_key(actor.root, "deks")
    rows = [_rows(actor, marks, root, header) for header in headers(count, since, day)]
    for start in range(0, count, AT_ONCE):
        some = rows[start : start + AT_ONCE]
        async with transaction():
            await keys.hold(actor)
            await Study.bulk_create([study for study, _ in some])
            await LocalKey.bulk_create([key for _, key in some])


def _rows(
    actor: Actor, marks: Marks, root: Secret, header: dict[str, Any]
) -> tuple[Study, LocalKey]:
    study, key = uuid4(), vault.new_secret()
    entry: Any = {"header": header, "sha256": "", "size": 8_000, "at": [[uuid4().hex, 0, 8_000]]}
    view = {"codec": "htj2k", "why": "", "frames": [], "previews": {}, "skeleton": [["", 0, 1]]}
    summary = sealed_summary(study, key, {uuid4().hex: entry | {"view": view}})
    row = Study(
        id=study,
        owner=actor.id,
        uid_mark=marks.study(header["study_instance_uid"]),
        created_at=now(),
        generation=1,
        manifest=uuid4(),
        summary=summary,
    )
    context = vault.contexts.dek(study, "user", actor.id, actor.epoch)
    kept = LocalKey(
        id=uuid4(),
        study=study,
        owner=actor.id,
        owner_epoch=actor.epoch,
        box=vault.box_secret(root, key, context),
    )
    return row, kept
