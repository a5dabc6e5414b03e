"""Nobody comes to a study, a document or a record past the door that knows the bin."""

import ast
from typing import Final

from tests.architecture.sources import sources

PAST_THE_DOOR: Final = {
    "portal/studies/access.py": "the door itself",
    "portal/studies/filing.py": "a study is locked as it was seen, in the bin or not",
    "portal/studies/planning.py": "what comes again comes out of the bin, and is not kept twice",
    "portal/studies/manifests.py": "an opened study: who opened it came through the door",
    "portal/studies/preparing.py": "frames are made of what lies in the bin, too",
    "portal/studies/repairing.py": "what does not open stands aside, wherever it lies",
    "portal/studies/uploads.py": "what arrived is put together, wherever it lies",
    "portal/studies/expiring.py": "ends what lay in the bin for its time",
    "portal/studies/belongings.py": "an account ends with its bin",
    "portal/documents/access.py": "the door itself",
    "portal/documents/taking.py": "what comes again comes out of the bin, and is not kept twice",
    "portal/documents/opening.py": "says otherwise what an opened document is",
    "portal/documents/listing.py": "the question before deleting, and a row that came by the door",
    "portal/documents/binning.py": "ends what lay in the bin for its time",
    "portal/documents/belongings.py": "an account ends with its bin",
    "portal/records/access.py": "the door itself",
    "portal/records/chain.py": "a form that comes twice, and a row that came by the door",
    "portal/records/listing.py": "the question before deleting",
    "portal/records/binning.py": "ends what lay in the bin for its time",
    "portal/records/belongings.py": "an account ends with its bin",
}
"""Files that ask the tables themselves, each with its reason."""
ASKING: Final = {"filter", "get", "get_or_none", "all", "exists", "first", "raw"}


def test_every_way_to_a_study_or_document_knows_the_bin() -> None:
    found = {
        source.path
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ASKING
        and isinstance(node.value, ast.Name)
        and node.value.id in {"Study", "Document", "Record"}
    }

    assert found == PAST_THE_DOOR.keys()
