"""What an account holds already is asked of the database by what it has an index for."""

import io
from collections.abc import Callable
from typing import Any

import pydicom
import pytest
from tortoise.connection import get_connection
from tortoise.queryset import QuerySet

from portal import studies
from portal.core.actor import Actor
from portal.studies.intake import keep_files
from portal.studies.models import Instance

Slices = Callable[..., list[bytes]]


@pytest.mark.one_engine
async def test_images_named_by_a_browser_are_found_without_a_look_at_all_others(
    shelf: studies.Shelf, erika: Actor, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = slices(2)
    await keep_files(shelf, erika, files)
    heads = [pydicom.dcmread(io.BytesIO(each)) for each in files]
    named = [(str(each.StudyInstanceUID), str(each.SOPInstanceUID)) for each in heads]
    asked, make = list[str](), Instance.filter

    def noted(*rest: Any, **about: Any) -> QuerySet[Instance]:
        found = make(*rest, **about)
        asked.append(found.sql(params_inline=True))
        return found

    monkeypatch.setattr(Instance, "filter", noted)
    there = await studies.instances_there(shelf, erika, [("1.2.3", "1.2"), *named])

    assert there == [1, 2]
    (statement,) = asked
    plan = await get_connection("default").execute_query_dict(f"EXPLAIN QUERY PLAN {statement}")
    assert "(study=? AND sop_mark=?)" in " ".join(str(step["detail"]) for step in plan)
