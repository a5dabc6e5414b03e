"""
The doors: an account reaches its own studies and uploads, and learns nothing of others.

Nobody sees what lies in the bin except whoever looks into the bin: every other way to a study, also
that of a community it was put before, goes through `live`.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final, cast
from uuid import UUID

from tortoise.queryset import QuerySet

from portal import storing
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Unknown
from portal.studies.errors import UploadOver
from portal.studies.models import Study, Upload

LIFETIME: Final = timedelta(hours=48)
"""An upload nobody goes on with is forgotten after this; what was acknowledged stays."""


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Which of *ids* are examinations, whosever they are."""
    there = await Study.filter(id__in=list(ids)).values_list("id", flat=True)
    return set(cast("list[UUID]", there))


def live() -> QuerySet[Study]:
    """Studies that are not in the bin."""
    return Study.filter(binned_at__isnull=True)


def binned() -> QuerySet[Study]:
    """Studies in the bin whose time is not over."""
    return Study.filter(binned_at__gt=storing.thrown_before(now()))


def kept(actor: Actor, ids: Collection[UUID] | None = None) -> QuerySet[Study]:
    """The actor's own studies, in the bin or not; of *ids* if they are given."""
    mine = Study.filter(owner=actor.id)
    return mine if ids is None else mine.filter(id__in=list(ids))


async def study_for(actor: Actor, study_id: UUID) -> Study:
    """The actor's own study, or `Unknown`."""
    return _found(await live().get_or_none(id=study_id, owner=actor.id))


async def study_with(actor: Actor, mark: str) -> Study:
    """The actor's own study whose StudyInstanceUID has this *mark*, or `Unknown`."""
    return _found(await live().get_or_none(owner=actor.id, uid_mark=mark))


async def kept_study_for(actor: Actor, study_id: UUID) -> Study:
    """The actor's own study, in the bin or not, or `Unknown`."""
    return _found(await Study.get_or_none(id=study_id, owner=actor.id))


def _found(study: Study | None) -> Study:
    if study is None:
        raise Unknown
    return study


async def upload_for(actor: Actor, upload_id: UUID) -> Upload:
    """The actor's upload that is still under way, or `UploadOver`, whoever's it was."""
    upload = await Upload.get_or_none(id=upload_id, owner=actor.id, expires_at__gt=now())
    if upload is None:
        raise UploadOver
    return upload
