"""
Checking files and filing them under their study: durable first, then the rows, then the answer.

The database decides who is first: an instance's uniqueness makes a second copy a duplicate and
other content under the same SOPInstanceUID a conflict, however many parts arrive at once.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from portal import keys, storing, vault
from portal.core.actor import Actor, Secret
from portal.core.db import now, transaction
from portal.core.errors import Busy, Conflict, PortalError
from portal.studies import manifests
from portal.studies.marks import Marks
from portal.studies.models import Instance, Study
from portal.studies.packing import Packer
from portal.studies.shelf import Shelf
from viewer.dicom import Header, PoolFull, Refused

TRIES: Final = 6
PATIENCE: Final = 300.0
"""Seconds for looking at the images of a part; what came with them waits for its rows meanwhile."""
Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Incoming:
    """One whole file as it arrived."""

    file: int
    """The number its sender gave it."""
    data: Bytes
    fingerprint: bytes


@dataclass(slots=True)
class Outcome:
    """What became of the files, by their numbers."""

    kept: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    studies: set[UUID] = field(default_factory=set)

    def add(self, other: "Outcome") -> None:
        """Count another outcome in."""
        self.kept += other.kept
        self.duplicates += other.duplicates
        self.refused += other.refused
        self.studies |= other.studies


@dataclass(slots=True)
class _Plan:
    """What one study gains."""

    study: UUID
    key: Secret
    rows: list[Instance] = field(default_factory=list)
    entries: manifests.Manifest = field(default_factory=dict)
    sizes: dict[UUID, int] = field(default_factory=dict)


class _StudyWent(Exception):
    """Somebody deleted the study between the look and the write."""


class Abandoned(Exception):
    """Raised by `then`: somebody else did all this already, undo it."""


Good = tuple[Incoming, Header]
Then = Callable[[Outcome], Awaitable[None]]


async def file_all(shelf: Shelf, actor: Actor, incoming: Sequence[Incoming], then: Then) -> Outcome:
    """
    File what can be filed and say what became of each.

    *then* runs in the same transaction.  Raises `QuotaFull`, `StillLeaving`, `DiskFull` or `Busy`;
    nothing is kept then.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            found = await shelf.pool.inspect([each.data for each in incoming])
    except (PoolFull, TimeoutError):
        raise Busy(retry_after=2) from None
    refused = [
        (each.file, str(answer.reason))
        for each, answer in zip(incoming, found, strict=True)
        if isinstance(answer, Refused)
    ]
    good = [
        (each, answer)
        for each, answer in zip(incoming, found, strict=True)
        if isinstance(answer, Header)
    ]
    for _ in range(TRIES):
        try:
            async with shelf.filing:
                return await _attempt(shelf, actor, good, Outcome(refused=list(refused)), then)
        except (IntegrityError, _StudyWent):
            continue
    raise Conflict


async def _attempt(
    shelf: Shelf, actor: Actor, good: Sequence[Good], outcome: Outcome, then: Then
) -> Outcome:
    plans: list[_Plan] = []
    try:
        for uid in dict.fromkeys(header.study_instance_uid for _, header in good):
            mine = [each for each in good if each[1].study_instance_uid == uid]
            plan = await _study(actor, uid)
            plans.append(plan)
            await _fill(shelf, actor, plan, mine, outcome)
        await _commit(shelf, actor, plans, outcome, then)
    except (IntegrityError, _StudyWent, Abandoned, PortalError):
        # Rolled back for certain, so nothing refers to these.  After any other failure the
        # commit may have happened: then the sweeper decides.
        await shelf.boxes.delete([each for plan in plans for each in plan.sizes])
        raise
    for plan in plans:
        if plan.rows:
            shelf.preparing.add(plan.study, plan.key)
    return outcome


async def _commit(
    shelf: Shelf, actor: Actor, plans: Sequence[_Plan], outcome: Outcome, then: Then
) -> None:
    segments = [
        manifests.segment(plan.study, plan.key, {"instances": plan.entries, "views": {}})
        for plan in plans
    ]
    async with transaction():
        # Nobody who is being deleted keeps anything, and of one account's commits none waits
        # for a study of another while it holds one itself.
        await keys.hold(actor)
        for plan, segment in zip(plans, segments, strict=True):
            if not plan.rows:
                continue
            # The row lock, and the proof that the study is still there.
            if not await Study.filter(id=plan.study).update(owner=actor.id):
                raise _StudyWent
            await Instance.bulk_create(plan.rows)
            await segment.save(force_create=True)
            await storing.keep(actor.id, plan.study, plan.sizes, shelf.free_quota)
        await then(outcome)


async def _study(actor: Actor, uid: str) -> _Plan:
    mark = (await Marks.of(actor)).study(uid)
    row = await Study.get_or_none(owner=actor.id, uid_mark=mark)
    if row is not None:
        key = (await keys.open_study_keys(actor, [row.id])).get(row.id)
        if key is None:
            raise storing.Damaged
        return _Plan(row.id, key)
    study, key = uuid4(), vault.new_secret()
    async with transaction():
        await Study.create(id=study, owner=actor.id, uid_mark=mark, created_at=now())
        await keys.keep_study_key(actor, study, key)
    return _Plan(study, key)


async def _fill(
    shelf: Shelf, actor: Actor, plan: _Plan, files: Sequence[Good], outcome: Outcome
) -> None:
    """Sort out duplicates and conflicts, write the rest to packs, one series after another."""
    marks = await Marks.of(actor)
    sops = {header.sop_instance_uid: marks.sop(plan.study, header.sop_instance_uid)
            for _, header in files}  # fmt: skip
    rows = await Instance.filter(study=plan.study, sop_mark__in=list(sops.values()))
    there = {row.sop_mark: row.digest_mark for row in rows}
    if rows:
        outcome.studies.add(plan.study)
    by = storing.Payer(actor.id, shelf.free_quota)
    packer = Packer(shelf.boxes, by, plan.study, plan.key, "pack")
    plan.sizes = packer.sizes
    series = ""
    for each, header in sorted(files, key=lambda file: file[1].series_instance_uid):
        sop, content = sops[header.sop_instance_uid], marks.content(each.fingerprint)
        if sop in there:
            _repeated(outcome, each.file, same=there[sop] == content)
            continue
        there[sop] = content
        if header.series_instance_uid != series:
            await packer.close()
            series = header.series_instance_uid
        await _add(plan, packer, (each, header), (sop, content), actor)
        outcome.kept.append(each.file)
        outcome.studies.add(plan.study)
    await packer.close()


def _repeated(outcome: Outcome, file: int, *, same: bool) -> None:
    if same:
        outcome.duplicates.append(file)
    else:
        outcome.refused.append((file, "conflict"))


async def _add(
    plan: _Plan, packer: Packer, good: Good, marks: tuple[str, str], actor: Actor
) -> None:
    each, header = good
    instance = uuid4()
    row = Instance(
        id=instance, study=plan.study, owner=actor.id, sop_mark=marks[0], digest_mark=marks[1]
    )
    plan.rows.append(row)
    sha256 = await asyncio.to_thread(lambda: hashlib.sha256(each.data).hexdigest())
    plan.entries[instance.hex] = {
        "header": header.to_json(),
        "sha256": sha256,
        "size": len(each.data),
        "at": await packer.add(each.data),
    }
