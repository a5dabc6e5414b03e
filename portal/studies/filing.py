"""
Checking files and filing them under their study: durable first, then the rows, then the answer.

The database decides who is first: an instance's uniqueness makes a second copy a duplicate and
other content under the same SOPInstanceUID a conflict, however many parts arrive at once.  An
image that is lost is replaced in place by the very same one, and by nothing else.
"""

import asyncio
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Busy, Conflict, PortalError, Unknown
from portal.owing import owe
from portal.studies import manifests, repairing
from portal.studies.doubts import DOUBTED
from portal.studies.events import StudyBinned
from portal.studies.marks import Marks
from portal.studies.models import Instance, Study
from portal.studies.outcomes import (
    CONFLICT,
    ELSEWHERE,
    LOST,
    Abandoned,
    Bytes,
    Incoming,
    Outcome,
    Then,
)
from portal.studies.packing import Packer
from portal.studies.shelf import Shelf
from viewer.dicom import Header, PoolFull, Refused

TRIES: Final = 6
PATIENCE: Final = 300.0
"""Seconds for looking at the images of a part; what came with them waits for its rows meanwhile."""


@dataclass(slots=True)
class _Plan:
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


class _Outdated(Exception):
    """Somebody deleted the study, or mended it, between the look and the write."""


Good = tuple[Incoming, Header]


async def file_all(
    shelf: Shelf, actor: Actor, incoming: Sequence[Incoming], then: Then, *, within: str = ""
) -> Outcome:
    """
    File what can be filed and say what became of each.

    *then* runs in the same transaction.  With the StudyInstanceUID *within* images of any other
    study are refused.  Raises `QuotaFull`, `StillLeaving`, `DiskFull` or `Busy`;
    nothing is kept then.
    """
    good, seen = await _looked_at(shelf, actor, incoming, within)
    for _ in range(TRIES):
        try:
            async with shelf.filing:
                outcome = Outcome(refused=list(seen.refused), headers=dict(seen.headers))
                return await _attempt(shelf, actor, good, outcome, then)
        except (IntegrityError, _Outdated):
            continue
    raise Conflict


async def _looked_at(
    shelf: Shelf, actor: Actor, incoming: Sequence[Incoming], within: str
) -> tuple[list[Good], Outcome]:
    """What can be filed, and what was read and refused of all of it."""
    try:
        turn = partial(shelf.inspecting.through, actor.id)
        async with asyncio.timeout(PATIENCE):
            found = await shelf.pool.inspect([each.data for each in incoming], turn)
    except (PoolFull, TimeoutError):
        raise Busy(retry_after=2) from None
    good: list[Good] = []
    seen = Outcome()
    for each, answer in zip(incoming, found, strict=True):
        if isinstance(answer, Refused):
            seen.refused.append((each.file, str(answer.reason)))
            continue
        seen.headers[each.file] = answer
        if within in {"", answer.study_instance_uid}:
            good.append((each, answer))
        else:
            seen.refused.append((each.file, ELSEWHERE))
    return good, seen


async def _attempt(
    shelf: Shelf, actor: Actor, good: Sequence[Good], outcome: Outcome, then: Then
) -> Outcome:
    plans: list[_Plan] = []
    try:
        for uid in dict.fromkeys(header.study_instance_uid for _, header in good):
            mine = [each for each in good if each[1].study_instance_uid == uid]
            plan = await _study(shelf, actor, uid, [header for _, header in mine])
            plans.append(plan)
            await _fill(shelf, actor, plan, mine, outcome)
        await _commit(shelf, actor, plans, outcome, then)
    except (IntegrityError, _Outdated, Abandoned, PortalError):
        # Rolled back for certain, so nothing refers to these.  After any other failure the
        # commit may have happened: then the sweeper decides.
        await shelf.boxes.delete([each for plan in plans for each in plan.sizes])
        raise
    for plan in plans:
        if plan.entries or plan.again:
            shelf.preparing.add(plan.study, plan.key, plan.again)
    return outcome


async def _commit(
    shelf: Shelf, actor: Actor, plans: Sequence[_Plan], outcome: Outcome, then: Then
) -> None:
    segments = [
        await asyncio.to_thread(
            manifests.segment, plan.study, plan.key, {"instances": plan.entries, "views": {}}
        )
        for plan in plans
    ]
    async with transaction():
        # Nobody who is being deleted keeps anything, and of one account's commits none waits
        # for a study of another while it holds one itself.
        await keys.hold(actor)
        for plan, segment in zip(plans, segments, strict=True):
            if not plan.entries and not plan.marks and not plan.takes_out:
                continue
            if not await _locked(actor, plan):
                raise _Outdated
            await Instance.bulk_create(plan.rows)
            for instance, (seen, mark) in plan.marks.items():
                there = Instance.filter(id=instance, digest_mark=seen)
                if not await there.update(digest_mark=mark):
                    raise _Outdated
            if plan.replaced and not await _as_seen(shelf, plan):
                raise _Outdated
            if plan.entries:
                segment.created_at = now()  # behind the row lock: the later one replaces
                await segment.save(force_create=True)
            await storing.keep(actor.id, plan.study, plan.sizes, shelf.free_quota)
            if plan.takes_out:
                outcome.restored += sorted(plan.came)
        await then(outcome)


async def _locked(actor: Actor, plan: _Plan) -> bool:
    """The row lock, and the proof that the study is still there, in the bin or not, as seen."""
    row = Study.filter(id=plan.study, binned_at__isnull=not plan.is_binned)
    if plan.takes_out:  # something of it came again
        await owe(StudyBinned(plan.study, actor.id))
        return bool(await row.update(binned_at=None))
    return bool(await row.update(owner=actor.id))


async def _as_seen(shelf: Shelf, plan: _Plan) -> bool:
    """Whether what is lost was not mended meanwhile; asked behind the study's row lock."""
    row = await Study.get(id=plan.study)
    manifest = await repairing.opened_manifest(shelf.boxes, row, plan.key)
    return manifest is not None and all(
        manifest.get(instance.hex) == entry for instance, entry in plan.replaced.items()
    )


async def _study(shelf: Shelf, actor: Actor, uid: str, headers: Sequence[Header]) -> _Plan:
    """The actor's study with this StudyInstanceUID, begun anew when there is none that opens."""
    mark = (await Marks.of(actor)).study(uid)
    row = await Study.get_or_none(owner=actor.id, uid_mark=mark)
    if row is not None:
        plan = await _opened(shelf, actor, row, headers)
        if plan is not None:
            return plan
        if not await repairing.set_aside(actor, row):
            raise _Outdated
    study, key = uuid4(), vault.new_secret()
    async with transaction():
        await Study.create(id=study, owner=actor.id, uid_mark=mark, created_at=now())
        await keys.keep_study_key(actor, study, key)
    return _Plan(study, key)


async def _opened(
    shelf: Shelf, actor: Actor, row: Study, headers: Sequence[Header]
) -> _Plan | None:
    """What is there of these images, or None when the study does not open."""
    key = (await keys.open_study_keys(actor, [row.id])).get(row.id)
    marks = await Marks.of(actor)
    sops = [marks.sop(row.id, each.sop_instance_uid) for each in headers]
    there = await Instance.filter(study=row.id, sop_mark__in=sops)
    is_binned = row.binned_at is not None
    if key is not None and not there and shelf.sound.get(row.id) == row.generation:
        return _Plan(row.id, key, is_binned=is_binned)
    try:
        manifest = await repairing.opened_manifest(shelf.boxes, row, key)
    except Unknown:
        raise _Outdated from None
    if key is None or manifest is None:
        return None
    shelf.sound.put(row.id, row.generation)
    stored = {each.sop_mark: (each, manifest.get(each.id.hex)) for each in there}
    return _Plan(row.id, key, stored, is_binned=is_binned)


async def _fill(
    shelf: Shelf, actor: Actor, plan: _Plan, files: Sequence[Good], outcome: Outcome
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
    shelf: Shelf, plan: _Plan, each: Incoming, marks: tuple[str, str], outcome: Outcome
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
    plan: _Plan, packer: Packer, good: Good, marks: tuple[str, str], actor: Actor
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
