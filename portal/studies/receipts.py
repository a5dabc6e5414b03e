"""
The answers that parts got, kept so that the same part again is told the same.

A large file is kept before its part is answered.  What became of it is written with it, under the
part that made it whole: whoever sends that part again is told so, and no other part tells of it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from portal import keys
from portal.core.actor import Actor
from portal.core.db import now
from portal.studies.access import LIFETIME
from portal.studies.errors import PartChanged, UploadLong, UploadOver
from portal.studies.models import Upload, UploadFate, UploadPart
from portal.studies.notes import Notes
from portal.studies.outcomes import Abandoned, Outcome

MOST_ANSWERS: Final = 20_000
"""
Answers kept for the parts and large files of all open uploads of one account: 156 GiB in full parts
of small files.
"""


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What became of the files of a part, by the numbers their sender gave them."""

    kept: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    """File and reason: a code of `viewer.dicom.Refused`, `conflict` or `conflict_lost`."""
    waiting: tuple[int, ...] = ()
    """Large files of which another part tells: the one that makes them whole."""
    studies: tuple[UUID, ...] = ()
    restored: tuple[int, ...] = ()
    """Of the kept and the duplicates: their examination or document lay in the bin until now."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of which upload this is, and the mark of its bytes."""

    upload: UUID
    number: int
    mark: str
    notes: Notes = field(repr=False)


async def told_before(actor: Actor, part: Part) -> PartReceipt | None:
    """The answer that the part got already.  Raises `PartChanged` when its bytes were others."""
    row = await UploadPart.get_or_none(upload=part.upload, number=part.number)
    if row is None:
        return None
    if row.digest_mark != part.mark:
        raise PartChanged
    return _read(_texts(actor).open("upload_part", "answer", row.id, 0, row.answer))


async def remember(actor: Actor, part: Part, small: Outcome, cut: Collection[int]) -> PartReceipt:
    """
    The part's answer, from now on; joins the transaction that keeps its *small* files.

    *cut* are the large files of which it has pieces.  A receipt outlives neither its upload nor its
    account.  Raises `UploadOver`, `UploadLong`, and `Abandoned` when the same part was answered.
    """
    await _count(actor, part.upload)
    told = await _told_of_large(actor, part, cut)
    waiting = tuple(sorted(set(cut) - told.files))
    told.add(small)
    receipt, row = _receipt(told, waiting), uuid4()
    box = _texts(actor).box("upload_part", "answer", row, 0, _written(receipt))
    try:
        await UploadPart.create(
            id=row, upload=part.upload, number=part.number, digest_mark=part.mark, answer=box
        )
    except IntegrityError:
        # The same part came twice at once and the other one was first.
        raise Abandoned from None
    return receipt


async def remember_large(actor: Actor, part: Part, file: int, outcome: Outcome) -> None:
    """
    What became of a large file, and that *part* tells of it; joins the transaction that keeps it.

    Raises `UploadOver`, `UploadLong`, and `Abandoned` when another was first, or when this part was
    answered meanwhile, so that nobody would hear of the file: the part that brought its last piece
    is not answered before.
    """
    await _count(actor, part.upload)
    if await UploadPart.filter(upload=part.upload, number=part.number).exists():
        raise Abandoned
    row = uuid4()
    box = _texts(actor).box("upload_fate", "answer", row, 0, _written(_receipt(outcome)))
    try:
        await UploadFate.create(id=row, upload=part.upload, file=file, part=part.number, answer=box)
    except IntegrityError:
        raise Abandoned from None


async def answers(actor: Actor) -> int:
    """How many answers are kept for all uploads of the account."""
    return sum(each.answers for each in await Upload.filter(owner=actor.id).only("answers"))


async def _count(actor: Actor, upload: UUID) -> None:
    """One answer more, while the upload is there; whoever goes on with it keeps it there."""
    alive = Upload.filter(id=upload, owner=actor.id, expires_at__gt=now())
    until = now() + LIFETIME
    if not await alive.update(answers=F("answers") + 1, expires_at=until):  # the row lock
        raise UploadOver
    if await answers(actor) > MOST_ANSWERS:
        raise UploadLong


async def _told_of_large(actor: Actor, part: Part, files: Collection[int]) -> Outcome:
    """What became of those of these large files of which this part tells."""
    rows = UploadFate.filter(upload=part.upload, part=part.number, file__in=list(files))
    told = Outcome()
    for row in await rows:
        said = _read(_texts(actor).open("upload_fate", "answer", row.id, 0, row.answer))
        told.add(
            Outcome(
                [*said.kept],
                [*said.duplicates],
                [*said.refused],
                {*said.studies},
                [*said.restored],
            )
        )
    return told


def _receipt(outcome: Outcome, waiting: tuple[int, ...] = ()) -> PartReceipt:
    return PartReceipt(
        kept=tuple(sorted(outcome.kept)),
        duplicates=tuple(sorted(outcome.duplicates)),
        refused=tuple(sorted(outcome.refused)),
        waiting=waiting,
        studies=tuple(sorted(outcome.studies)),
        restored=tuple(sorted(outcome.restored)),
    )


def _written(receipt: PartReceipt) -> str:
    return json.dumps(
        {
            "kept": receipt.kept,
            "duplicates": receipt.duplicates,
            "refused": receipt.refused,
            "waiting": receipt.waiting,
            "studies": [each.hex for each in receipt.studies],
            "restored": receipt.restored,
        }
    )


def _read(text: str) -> PartReceipt:
    said = json.loads(text)
    return PartReceipt(
        kept=tuple(said["kept"]),
        duplicates=tuple(said["duplicates"]),
        refused=tuple((int(file), str(reason)) for file, reason in said["refused"]),
        waiting=tuple(said["waiting"]),
        studies=tuple(UUID(each) for each in said["studies"]),
        restored=tuple(said.get("restored", ())),  # answers of older versions do not say
    )


def _texts(actor: Actor) -> keys.Text:
    return keys.Text("user", actor.id, actor.epoch, actor.root)
