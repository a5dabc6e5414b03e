"""Which rooms may let somebody see images, asked one after another."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from quart import request

import cases
from portal import documents, storing, studies, vault
from portal.auditing import Act
from portal.core.errors import Unknown
from portal.core.web import signed_in
from viewer import ViewedStudy
from viewer.routes import inline_preview

OPENING: Final = frozenset({"viewer.page", "viewer.open_series"})
"""Where somebody begins to look at images, and can wait a little for them."""

TAKING: Final = frozenset({"viewer.original", "documents.enclosed_original"})
"""Where somebody gets a file as it came."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """The images on *shelf*, for whoever is signed in and may see them."""

    shelf: studies.Shelf

    async def open_study(self, study_id: UUID) -> studies.OpenStudy:
        """
        For the viewer; opening waits a little for frames that are still being made.

        Whatever of it is asked for: the owner's log says so before the answer begins.
        """
        study = await self._find(study_id)
        if request.endpoint not in OPENING:
            return study
        study = await study.settled()
        if study.is_prepared:
            return study
        await studies.prepared(self.shelf, study)
        return await (await self._find(study_id)).settled()

    async def paint(self, study: ViewedStudy) -> str | None:
        """The picture a study's page comes with; a damaged one keeps nobody from the others."""
        await study.listed()  # what does not even say what it holds has no page
        try:
            return await inline_preview(study)
        except (storing.Damaged, vault.Tampered):
            return None

    @staticmethod
    def downloads(study: ViewedStudy) -> str:
        """Only who keeps a study takes it away; whoever sees it in a case is offered nothing."""
        return "/download" if isinstance(study, studies.OpenStudy) and study.is_own else ""

    async def open_enclosed(self, study_id: UUID, instance: UUID) -> documents.Enclosed:
        """The finding among the images of a study."""
        return await (await self._find(study_id)).enclosed(instance)

    async def _find(self, study_id: UUID) -> studies.OpenStudy:
        """One's own study, or one that lies before a community of one's own."""
        actor = signed_in()
        try:
            return await self._seen(await studies.open_own(self.shelf, actor, study_id))
        except Unknown:
            found = await cases.study_key(actor, study_id)
            if found is None:
                raise
            key, community = found
            return await self._seen(await studies.open_with(self.shelf, study_id, key), community)

    @staticmethod
    async def _seen(study: studies.OpenStudy, community: str = "") -> studies.OpenStudy:
        act: Act = "downloaded" if request.endpoint in TAKING else "viewed"
        await studies.seen(signed_in(), study, act, community)
        return study
