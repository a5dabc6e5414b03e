"""What lies in the bin is not there: for its owner and for everybody it was shared with."""

from typing import Final

import pytest
from quart import Quart

from tests.people import World
from tests.proof.rights import RIGHTS, cells
from tests.proof.stage import set_up
from tests.proof.test_rights import Asking, refusals

OF_THE_BIN: Final = frozenset({
    "studies.confirm_delete", "studies.delete", "studies.take_out",
    "documents.confirm_delete", "documents.delete", "documents.take_out",
    "records.confirm_delete", "records.delete", "records.take_out",
})  # fmt: skip
"""Addresses by which its owner takes something out, or deletes it for good."""


@pytest.mark.one_engine
async def test_at_every_address_what_is_in_the_bin_is_not_there(world: World, app: Quart) -> None:
    """Whoever may see it otherwise is told what they are told of an id that nothing has."""
    stage = await set_up(world)
    stage.ids["filename"] = "manifest.json"
    browser = stage.browsers["author"]
    things = (
        f"/documents/{stage.ids['study_id']}",
        f"/d/{stage.ids['document_id']}",
        f"/records/{stage.ids['record_id']}",
    )
    for path in things:
        assert (await browser.post(f"{path}/bin")).status_code == 303

    wrong, asked = [], set()
    for endpoint, method in cells(app):
        asking = Asking(stage, endpoint, method)
        binned = {"study_id", "document_id", "record_id"} & asking.arguments()
        if endpoint in OF_THE_BIN or not binned:
            continue
        asked.add(endpoint)
        for actor in sorted(RIGHTS[endpoint].may):
            wrong += await refusals(asking, actor)

    assert not wrong, "\n".join(wrong)
    assert asked >= {"viewer.page", "viewer.original", "documents.original", "studies.thumbnail"}
    assert asked >= {"records.show_plan", "records.print_plan", "records.write_plan"}
    for path in things:
        assert (await browser.post(f"{path}/restore")).status_code == 303
    assert (await browser.get(f"/v/{stage.ids['study_id']}")).status_code == 200
    assert (await browser.get(f"/d/{stage.ids['document_id']}")).status_code == 200
    assert (await browser.get(f"/plans/{stage.ids['record_id']}")).status_code == 200
