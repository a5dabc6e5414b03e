"""Opening an examination: what is read and unpacked for it, where, and how often."""

import gzip
import json
import struct
import threading
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from quart import Quart

from portal import storing, studies
from portal.core.actor import Secret
from portal.studies import describing, manifests
from portal.studies.intake import keep_files
from portal.studies.models import Segment, Study
from tests.people import Person, World

pytestmark = pytest.mark.every_store

Slices = Callable[..., list[bytes]]
JSON = {"Accept": "application/json"}
FRAME, DESCRIPTION = 0, 9


@pytest.fixture
def shelf(app: Quart) -> studies.Shelf:
    found: studies.Shelf = app.extensions["hds"]["shelf"]
    return found


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


async def examined(shelf: studies.Shelf, person: Person, files: list[bytes]) -> UUID:
    """A study with these images, all of them prepared."""
    (study,) = (await keep_files(shelf, person.actor, files)).studies
    opened = await studies.open_own(shelf, person.actor, study)
    assert await studies.prepared(shelf, opened, 60.0)
    return study


class Answer:
    """What `/open` said."""

    def __init__(self, data: bytes) -> None:
        self.frames: list[tuple[int, bytes]] = []
        self.listed: list[str] = []
        at = 0
        while at < len(data):
            index, _, kind, length = struct.unpack("<4I", data[at : at + 16])
            payload, at = data[at + 16 : at + 16 + length], at + 16 + length
            if kind == FRAME:
                self.frames.append((index, payload))
            else:
                assert kind == DESCRIPTION
                series = json.loads(gzip.decompress(payload))["series"]
                self.listed = [each["id"] for one in series for each in one["instances"]]


async def opens(person: Person, study: UUID, more: str = "") -> Answer:
    answer = await person.browser.get(f"/v/{study}/open{more}")
    assert answer.status_code == 200
    return Answer(await answer.get_data(as_text=False))


class Reads(Counter[str]):
    """How often a whole object of each role was read and unsealed."""

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read = storing.Boxes.read

        async def counted(*rest: Any) -> bytes:
            self[rest[3]] += 1
            return await read(*rest)

        monkeypatch.setattr(storing.Boxes, "read", counted)


async def test_opening_reads_the_view_once_and_the_manifest_never_again(
    shelf: studies.Shelf, erika: Person, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = await examined(shelf, erika, slices(5))
    reads = Reads()
    reads.watch(monkeypatch)

    first = await opens(erika, study)
    assert reads == {"view": 1, "manifest": 1}
    again = await opens(erika, study)
    assert reads == {"view": 2, "manifest": 1}
    bare = await opens(erika, study, "?manifest=0&series=0&at=2")
    await erika.browser.get(f"/v/{study}/low")
    await erika.browser.get(f"/v/{study}")
    assert reads == {"view": 2, "manifest": 1}

    assert first.listed == again.listed
    assert [index for index, _ in first.frames] == [2]
    assert first.frames == again.frames == bare.frames


async def test_whoever_opens_a_large_examination_holds_nobody_up(
    shelf: studies.Shelf, erika: Person, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What describes 3,000 images is unpacked and packed beside the loop, image by image."""
    loop, threads = threading.get_ident(), list[int]()

    def noting(work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*rest: Any) -> Any:
            threads.append(threading.get_ident())
            return work(*rest)

        return noted

    for module, name in (
        ("manifests", "packed"),
        ("manifests", "unpacked"),
        ("manifests", "browser_view"),
        ("manifests", "sealed_summary"),
        ("opening", "browser_view"),
        ("opening", "series_of"),
    ):
        work = getattr(import_module(f"portal.studies.{module}"), name)
        monkeypatch.setattr(f"portal.studies.{module}.{name}", noting(work))

    study = await examined(shelf, erika, slices(2))
    await opens(erika, study)

    assert len(threads) > 4
    assert loop not in threads


async def test_what_came_meanwhile_is_opened_with_the_rest(
    shelf: studies.Shelf, erika: Person, slices: Slices
) -> None:
    """The places in a series are those of the manifest in the same answer, not of one before."""
    files = slices(4)
    study = await examined(shelf, erika, files[1:])
    before = await opens(erika, study, "?series=0&at=0")

    await examined(shelf, erika, files[:1])
    after = await opens(erika, study, "?series=0&at=0")

    assert after.listed[1:] == before.listed
    assert (await opens(erika, study, "?series=0&at=1")).frames == [(1, before.frames[0][1])]
    assert after.frames[0][1] != before.frames[0][1]


async def test_what_is_not_put_together_yet_opens_as_it_came(
    shelf: studies.Shelf, erika: Person, slices: Slices
) -> None:
    files = slices(3)
    study = await examined(shelf, erika, files[1:])
    await opens(erika, study)
    row = await Study.get(id=study)
    key = await studies.own_key(erika.actor, study)
    manifest, _ = await manifests.load(shelf.boxes, row, key)
    (name, entry), *_ = manifest.items()
    earlier = {**entry, "header": {**entry["header"], "instance_number": 0}}
    await _segment(study, key, {uuid4().hex: earlier})

    came = await opens(erika, study, "?series=0&at=0")
    assert len(came.listed) == 3
    assert name in came.listed[1:]
    assert len((await opens(erika, study, "?series=0&at=2")).frames) == 1

    await manifests.merge(shelf.boxes, study, key)
    assert (await opens(erika, study, "?series=0&at=0")).listed == came.listed


async def _segment(study: UUID, key: Secret, instances: dict[str, Any]) -> None:
    await manifests.segment(study, key, {"instances": instances, "views": {}}).save(
        force_create=True
    )
    assert await Segment.filter(study=study).count() == 1


async def test_what_was_opened_for_one_is_not_there_for_another(
    world: World, shelf: studies.Shelf, erika: Person, slices: Slices
) -> None:
    study = await examined(shelf, erika, slices(2))
    await opens(erika, study)
    mallory = await world.patient("Mallory Meier")

    for path in ("", "/open", "/open?manifest=0", "/low"):
        assert (await mallory.browser.get(f"/v/{study}{path}")).status_code == 404, path


async def test_a_damaged_image_keeps_nobody_from_the_others(
    shelf: studies.Shelf, erika: Person, slices: Slices
) -> None:
    study = await examined(shelf, erika, slices(3))
    row = await Study.get(id=study)
    frames = set(await storing.objects_of(study)) - {row.manifest, row.view}
    for each in frames:
        await shelf.store.delete(each)

    assert (await erika.browser.get(f"/v/{study}")).status_code == 200
    assert (await erika.browser.get(f"/v/{study}/open?at=0", headers=JSON)).status_code == 410
    without = await opens(erika, study, "?at=-1")
    assert len(without.listed) == 3
    assert without.frames == []


async def test_a_description_without_end_takes_no_memory_without_end(
    shelf: studies.Shelf, erika: Person, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = await examined(shelf, erika, slices(2))
    monkeypatch.setattr(describing, "MOST", 100)

    assert (await erika.browser.get(f"/v/{study}/open", headers=JSON)).status_code == 410


async def test_the_browser_is_told_no_more_than_it_shows(
    shelf: studies.Shelf, erika: Person, slices: Slices
) -> None:
    study = await examined(shelf, erika, slices(2))

    view = await (await studies.open_own(shelf, erika.actor, study)).manifest()

    assert view["study"] == {"id": study.hex}
    (series,) = view["series"]
    assert set(series) == {"id", "number", "description", "modality", "instances"}
    told = json.dumps(view)
    for name in ("Beispiel", '"4711"', "19560401"):  # an id may hold four digits by chance
        assert name not in told
