"""
Checking files and filing them under their study: durable first, then the rows, then the answer.

The database decides who is first: an instance's uniqueness makes a second copy a duplicate and
other content under the same SOPInstanceUID a conflict, however many parts arrive at once.  An
image that is lost is replaced in place by the very same one, and by nothing else.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from tortoise.exceptions import IntegrityError

from portal import keys, storing
from portal.core.actor import Actor
from portal.core.db import now, transaction
from portal.core.errors import Busy, Conflict, PortalError
from portal.owing import owe
from portal.studies import manifests, repairing
from portal.studies.events import StudyBinned
from portal.studies.models import Instance, Study
from portal.studies.outcomes import ELSEWHERE, Abandoned, Incoming, Outcome, Then
from portal.studies.planning import Good, Outdated, Plan, fill, planned
from portal.studies.shelf import Shelf
from viewer.dicom import PoolFull, Refused

TRIES: Final = 6
PATIENCE: Final = 300.0
"""Seconds for looking at the images of a part; what came with them waits for its rows meanwhile."""


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
        except (IntegrityError, Outdated):
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
    plans: list[Plan] = []
    try:
        for uid in dict.fromkeys(header.study_instance_uid for _, header in good):
            mine = [each for each in good if each[1].study_instance_uid == uid]
            plan = await planned(shelf, actor, uid, [header for _, header in mine])
            plans.append(plan)
            await fill(shelf, actor, plan, mine, outcome)
        await _commit(shelf, actor, plans, outcome, then)
    except (IntegrityError, Outdated, Abandoned, PortalError):
        # Rolled back for certain, so nothing refers to these.  After any other failure the
        # commit may have happened: then the sweeper decides.
        await shelf.boxes.delete([each for plan in plans for each in plan.sizes])
        raise
    for plan in plans:
        if plan.entries or plan.again:
            shelf.preparing.add(plan.study, plan.key, plan.again)
    return outcome


async def _commit(
    shelf: Shelf, actor: Actor, plans: Sequence[Plan], outcome: Outcome, then: Then
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
                raise Outdated
            await Instance.bulk_create(plan.rows)
            for instance, (seen, mark) in plan.marks.items():
                there = Instance.filter(id=instance, digest_mark=seen)
                if not await there.update(digest_mark=mark):
                    raise Outdated
            if plan.replaced and not await _as_seen(shelf, plan):
                raise Outdated
            if plan.entries:
                segment.created_at = now()  # behind the row lock: the later one replaces
                await segment.save(force_create=True)
            await storing.keep(actor.id, plan.study, plan.sizes, shelf.free_quota)
            if plan.takes_out:
                outcome.restored += sorted(plan.came)
        await then(outcome)


async def _locked(actor: Actor, plan: Plan) -> bool:
    """The row lock, and the proof that the study is still there, in the bin or not, as seen."""
    row = Study.filter(id=plan.study, binned_at__isnull=not plan.is_binned)
    if plan.takes_out:  # something of it came again
        await owe(StudyBinned(plan.study, actor.id))
        return bool(await row.update(binned_at=None))
    return bool(await row.update(owner=actor.id))


async def _as_seen(shelf: Shelf, plan: Plan) -> bool:
    """Whether what is lost was not mended meanwhile; asked behind the study's row lock."""
    row = await Study.get(id=plan.study)
    manifest = await repairing.opened_manifest(shelf.boxes, row, plan.key)
    return manifest is not None and all(
        manifest.get(instance.hex) == entry for instance, entry in plan.replaced.items()
    )
