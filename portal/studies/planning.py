"""
What one study gains of a part: the study found or begun, duplicates and conflicts sorted out, the
rest written to packs.  Nothing of it counts before `filing` commits it.
"""

import asyncio
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Unknown
from portal.studies import manifests, repairing
from portal.studies.doubts import DOUBTED
from portal.studies.marks import Marks
from portal.studies.models import Instance, Study
from portal.studies.outcomes import CONFLICT, LOST, Bytes, Incoming, Outcome
from portal.studies.packing import Packer
from portal.studies.shelf import Shelf
from viewer.dicom import Header


@dataclass(slots=True)
class Plan:
    """What one study gains."""

    study: UUID
    key: Secret
    stored: dict[str, tuple[Instance, manifests.InstanceEntry | None]] = field(default_factory=dict)
    """What is there under these marks of SOPInstanceUIDs; without an entry it is lost."""
    found: dict[str, bool] = field(default_factory=dict)
    """Which of them can be read, of those that were looked at."""
    rows: list[Instance] = field(default_factory=list)
    marks: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    """Content marks, as seen and from now on, of what is replaced or sound after all."""
    replaced: dict[UUID, manifests.InstanceEntry | None] = field(default_factory=dict)
    """What was seen of the lost instances that come again."""
    again: list[str] = field(default_factory=list)
    """Instances whose frames could not be made, and that can be read after all."""
    entries: manifests.Manifest = field(default_factory=dict)
    sizes: dict[UUID, int] = field(default_factory=dict)
    is_binned: bool = False
    """It lies in the bin, as far as was seen."""
    came: set[int] = field(default_factory=set)
    """The files of it that are kept or there already; what is refused takes nothing out."""

    @property
    def takes_out(self) -> bool:
        """Whether it leaves the bin, since something of it came again."""
        return self.is_binned and bool(self.came)


class Outdated(Exception):
    """Somebody deleted the study, or mended it, between the look and the write."""


Good = tuple[Incoming, Header]


async def planned(shelf: Shelf, actor: Actor, uid: str, headers: Sequence[Header]) -> Plan:
    """The actor's study with this StudyInstanceUID, begun anew when there is none that opens."""
    mark = (await Marks.of(actor)).study(uid)
    row = await Study.get_or_none(owner=actor.id, uid_mark=mark)
    if row is not None:
        plan = await _opened(shelf, actor, row, headers)
        if plan is not None:
            return plan
        if not await repairing.set_aside(actor, row):
            raise Outdated
    study, key = uuid4(), vault.new_secret()
    async with transaction():
        await Study.create(id=study, owner=actor.id, uid_mark=mark, created_at=now())
        await keys.keep_study_key(actor, study, key)
    return Plan(study, key)


async def _opened(shelf: Shelf, actor: Actor, row: Study, headers: Sequence[Header]) -> Plan | None:
    """What is there of these images, or None when the study does not open."""
    key = (await keys.open_study_keys(actor, [row.id])).get(row.id)
    marks = await Marks.of(actor)
    sops = [marks.sop(row.id, each.sop_instance_uid) for each in headers]
    there = await Instance.filter(study=row.id, sop_mark__in=sops)
    is_binned = row.binned_at is not None
    if key is not None and not there and shelf.sound.get(row.id) == row.generation:
        return Plan(row.id, key, is_binned=is_binned)
    try:
        manifest = await repairing.opened_manifest(shelf.boxes, row, key)
    except Unknown:
        raise Outdated from None
    if key is None or manifest is None:
        return None
    shelf.sound.put(row.id, row.generation)
    stored = {each.sop_mark: (each, manifest.get(each.id.hex)) for each in there}
    return Plan(row.id, key, stored, is_binned=is_binned)


async def fill(
    shelf: Shelf, actor: Actor, plan: Plan, files: Sequence[Good], outcome: Outcome
) -> None:
    """Sort out duplicates and conflicts, write the rest to packs, one series after another."""
    marks, seen = await Marks.of(actor), dict[str, str]()
    if plan.stored:
        outcome.studies.add(plan.study)
    by = storing.Payer(actor.id, shelf.free_quota)
    packer = Packer(shelf.boxes, by, plan.study, plan.key, "pack")
    plan.sizes = packer.sizes
    series = ""
    for each, header in sorted(files, key=lambda file: file[1].series_instance_uid):
        sop = marks.sop(plan.study, header.sop_instance_uid)
        content = marks.content(each.fingerprint)
        if sop in seen:
            outcome.repeated(each.file, "" if seen[sop] == content else CONFLICT)
            continue
        if not await _is_wanted(shelf, plan, each, (sop, content), outcome):
            continue
        seen[sop] = content
        if header.series_instance_uid != series:
            await packer.close()
            series = header.series_instance_uid
        await _add(plan, packer, (each, header), (sop, content), actor)
        outcome.kept.append(each.file)
        outcome.studies.add(plan.study)
    await packer.close()
    plan.came = {each.file for each, _ in files} & {*outcome.kept, *outcome.duplicates}


async def _is_wanted(
    shelf: Shelf, plan: Plan, each: Incoming, marks: tuple[str, str], outcome: Outcome
) -> bool:
    """Whether no image has this number, or this very one and it is lost; else say what it is."""
    sop, content = marks
    if sop not in plan.stored:
        return True
    row, entry = plan.stored[sop]
    if sop not in plan.found:
        plan.found[sop] = entry is not None and await repairing.readable(
            shelf, plan.study, plan.key, entry
        )
    same, found = row.digest_mark == content, plan.found[sop]
    if row.digest_mark == DOUBTED and entry is not None:
        same = entry["sha256"] == await _sha256(each.data)
    if same and (row.digest_mark == DOUBTED or not found):
        plan.marks[row.id] = row.digest_mark, content
    if same and found and entry is not None and "tries" in entry.get("view", ()):
        plan.again.append(row.id.hex)
    if found or not same:
        outcome.repeated(each.file, "" if same else CONFLICT if found else LOST)
    return same and not found


async def _add(
    plan: Plan, packer: Packer, good: Good, marks: tuple[str, str], actor: Actor
) -> None:
    """Also in place of the same one that is lost: whatever points to it goes on."""
    each, header = good
    lost, entry = plan.stored.get(marks[0], (None, None))
    instance = uuid4() if lost is None else lost.id
    if lost is None:
        row = Instance(
            id=instance, study=plan.study, owner=actor.id, sop_mark=marks[0], digest_mark=marks[1]
        )
        plan.rows.append(row)
    else:
        plan.replaced[instance] = entry
    plan.entries[instance.hex] = {
        "header": header.to_json(),
        "sha256": await _sha256(each.data),
        "size": len(each.data),
        "crc32": await asyncio.to_thread(zlib.crc32, each.data),
        "at": await packer.add(each.data),
    }


async def _sha256(data: Bytes) -> str:
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
