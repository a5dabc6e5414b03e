"""The page of a structured report, for whoever may see the images it lies among."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from quart import Blueprint, ResponseReturnValue, render_template

from portal.core.web import signed_in
from portal.studies.opening import OpenStudy
from portal.studies.reports import read_report
from portal.studies.shelf import Shelf
from viewer.dicom import Refused

OpenStudies = Callable[[UUID], Awaitable[OpenStudy]]
"""Opens a study for whoever asks, or raises `Unknown`."""


def create_report_blueprint(shelf: Shelf, open_study: OpenStudies) -> Blueprint:
    """Reports under `/v`, beside the images."""
    blueprint = Blueprint("reports", __name__)

    @blueprint.get("/v/<uuid:study_id>/i/<uuid:told>/report")
    async def show(study_id: UUID, told: UUID) -> ResponseReturnValue:
        study = await open_study(study_id)
        with await shelf.desk.unwrapping.through(signed_in().id):
            page = await read_report(study, told)
        return await render_template(
            "studies/report.html",
            study=study,
            page=page,
            base=f"/v/{study_id}/i/{told}",
            refused=isinstance(page.report, Refused),
        )

    return blueprint
