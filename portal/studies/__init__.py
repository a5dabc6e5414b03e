"""Examinations: uploaded, sealed, prepared for the viewer, listed, deleted."""

from portal.studies import parts
from portal.studies.belongings import Belongings
from portal.studies.events import (
    StudyBinned,
    StudyDeleted,
    StudyPrepared,
    StudyThinned,
    StudyWorded,
)
from portal.studies.growing import Growing
from portal.studies.identifying import Catalogue, catalogue_of_mine
from portal.studies.inflating import stretches_of
from portal.studies.intake import keep_files, keep_images
from portal.studies.listing import (
    Entry,
    Overview,
    delete,
    listed_with,
    my_documents,
    my_studies,
    overview,
    some_of_mine,
    summaries_with,
    unopened,
)
from portal.studies.notes import Note
from portal.studies.opening import (
    OpenStudy,
    open_by_uid,
    open_own,
    open_with,
    own_key,
    prepared,
)
from portal.studies.originals import Original
from portal.studies.outcomes import Bytes, Outcome
from portal.studies.parts import known_by
from portal.studies.receipts import PartReceipt
from portal.studies.receiving import receive_part
from portal.studies.report_routes import create_report_blueprint
from portal.studies.requests import PortalRequest
from portal.studies.routes import create_blueprint
from portal.studies.seeing import done, seen
from portal.studies.shelf import Shelf, working
from portal.studies.strays import stray_keys
from portal.studies.summaries import StudySummary
from portal.studies.thinning import thin
from portal.studies.uploads import (
    Places,
    UploadState,
    already_there,
    begin_upload,
    finish,
    instances_there,
    merge_all,
    places,
)
from portal.studies.words import words_with

__all__ = [
    "Belongings",
    "Bytes",
    "Catalogue",
    "Entry",
    "Growing",
    "Note",
    "OpenStudy",
    "Original",
    "Outcome",
    "Overview",
    "PartReceipt",
    "Places",
    "PortalRequest",
    "Shelf",
    "StudyBinned",
    "StudyDeleted",
    "StudyPrepared",
    "StudySummary",
    "StudyThinned",
    "StudyWorded",
    "UploadState",
    "already_there",
    "begin_upload",
    "catalogue_of_mine",
    "create_blueprint",
    "create_report_blueprint",
    "delete",
    "done",
    "finish",
    "instances_there",
    "keep_files",
    "keep_images",
    "known_by",
    "listed_with",
    "merge_all",
    "my_documents",
    "my_studies",
    "open_by_uid",
    "open_own",
    "open_with",
    "overview",
    "own_key",
    "parts",
    "places",
    "prepared",
    "receive_part",
    "seen",
    "some_of_mine",
    "stray_keys",
    "stretches_of",
    "summaries_with",
    "thin",
    "unopened",
    "words_with",
    "working",
]
