"""What the viewer's endpoints send, without a browser."""

import gzip
import json
import struct
from typing import Any
from uuid import UUID, uuid4

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.viewer.pages import MANIFEST, viewer_app
from tests.viewer.volumes import FakeStudy, head
from viewer.study import ViewedStudy

FRAME, PREFIX, DESCRIPTION = 0, 1, 9


@pytest.fixture
def app(studies: dict[UUID, ViewedStudy]) -> Quart:
    if not MANIFEST.exists():
        pytest.skip("needs the front end: npm run build")
    return viewer_app(studies)


@pytest.fixture
def study(studies: dict[UUID, ViewedStudy]) -> FakeStudy:
    made = FakeStudy()
    made.add_volume("Axial", head(7, 128, 128))
    studies[made.id] = made
    return made


def split(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """The records of an answer: index, total, kind, payload."""
    found, at = [], 0
    while at < len(data):
        index, total, kind, length = struct.unpack("<4I", data[at : at + 16])
        found.append((index, total, kind, data[at + 16 : at + 16 + length]))
        at += 16 + length
    return found


async def answer(client: Client, path: str, **headers: str) -> Any:
    return await client.get(path, headers=headers)


def whole(study: FakeStudy, k: int) -> tuple[str, bytes]:
    """Address below the study and bytes of slice *k*."""
    instance = UUID(study.series[0]["instances"][k]["id"])
    return f"/i/{instance}/frames/0", study.frames[instance, 0]


async def test_one_answer_brings_the_manifest_and_the_frame_asked_for(
    app: Quart, study: FakeStudy
) -> None:
    response = await answer(app.test_client(), f"/v/{study.id}/open?series=0&at=2")

    described, frame = split(await response.get_data())
    assert described[2] == DESCRIPTION
    assert json.loads(gzip.decompress(described[3])) == study.manifest
    assert frame == (2, len(whole(study, 2)[1]), FRAME, whole(study, 2)[1])


async def test_another_series_comes_without_the_manifest(app: Quart, study: FakeStudy) -> None:
    response = await answer(app.test_client(), f"/v/{study.id}/open?series=0&at=2&manifest=0")

    assert [kind for _, _, kind, _ in split(await response.get_data())] == [FRAME]


async def test_low_resolutions_are_exact_prefixes_nearest_first(
    app: Quart, study: FakeStudy
) -> None:
    response = await answer(app.test_client(), f"/v/{study.id}/low?series=0&res=2&at=5")

    found = split(await response.get_data())
    assert [index for index, _, _, _ in found] == [5, 6, 4, 3, 2, 1, 0]
    for index, total, kind, payload in found:
        _, data = whole(study, index)
        end = study.series[0]["instances"][index]["ends"][0][2]
        assert (kind, total, payload) == (PREFIX, len(data), data[:end])
        assert 0 < len(payload) < total


@pytest.mark.parametrize("resolution", ["-1", "-100", "99"])
async def test_a_resolution_that_no_frame_has_gives_no_prefixes(
    app: Quart, study: FakeStudy, resolution: str
) -> None:
    response = await answer(app.test_client(), f"/v/{study.id}/low?series=0&res={resolution}")

    assert response.status_code == 200
    assert await response.get_data() == b""


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=100-", 100, None), ("bytes=10-19", 10, 20), ("bytes=-5", -5, None)],
)
async def test_a_range_gives_only_the_bytes_that_are_missing(
    app: Quart, study: FakeStudy, asked: str, start: int, stop: int | None
) -> None:
    path, data = whole(study, 0)

    response = await answer(app.test_client(), f"/v/{study.id}{path}", Range=asked)

    assert response.status_code == 206
    assert await response.get_data() == data[start:stop]
    begin = start % len(data)
    last = (len(data) if stop is None else stop) - 1
    assert response.headers["Content-Range"] == f"bytes {begin}-{last}/{len(data)}"


async def test_a_range_behind_the_end_is_refused(app: Quart, study: FakeStudy) -> None:
    path, data = whole(study, 0)

    response = await answer(app.test_client(), f"/v/{study.id}{path}", Range=f"bytes={len(data)}-")

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(data)}"


async def test_nothing_of_a_study_may_be_kept_by_caches(app: Quart, study: FakeStudy) -> None:
    path, _ = whole(study, 0)
    preview = path.replace("/frames/0", "/preview?w=128")
    original = path.replace("/frames/0", "/original")
    client = app.test_client()

    for address in ("", "/open", "/low", path, preview, original):
        response = await answer(client, f"/v/{study.id}{address}")
        assert response.status_code == 200, address
        assert response.headers["Cache-Control"] == "private, no-store", address


async def test_what_is_not_there_is_not_found(app: Quart, study: FakeStudy) -> None:
    path, _ = whole(study, 0)
    client = app.test_client()

    for address in (
        f"/v/{uuid4()}",
        f"/v/{study.id}/open?series=9",
        f"/v/{study.id}/i/{uuid4()}/frames/0",
        f"/v/{study.id}{path.replace('/frames/0', '/frames/1')}",
        f"/v/{study.id}{path.replace('/frames/0', '/preview?w=4000')}",
    ):
        assert (await answer(client, address)).status_code == 404, address


async def test_a_download_is_named_after_nothing_that_tells_the_patient(
    app: Quart, study: FakeStudy
) -> None:
    path, _ = whole(study, 0)
    response = await answer(
        app.test_client(), f"/v/{study.id}{path.replace('/frames/0', '/original')}"
    )

    instance = study.series[0]["instances"][0]["id"]
    assert response.headers["Content-Disposition"] == f'attachment; filename="{instance}.dcm"'
    assert (await response.get_data()).startswith(b"DICM")


async def test_the_page_brings_the_first_picture_with_it(app: Quart, study: FakeStudy) -> None:
    response = await answer(app.test_client(), f"/v/{study.id}")

    html = await response.get_data(as_text=True)
    assert 'src="data:image/jpeg;base64,' in html
    policy = response.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert "require-trusted-types-for 'script'" in policy


async def test_the_series_with_most_pictures_opens_first(
    app: Quart, studies: dict[UUID, ViewedStudy]
) -> None:
    study = FakeStudy()
    study.add_volume("Scout", head(1, 64, 64))
    study.add_volume("Axial", head(5, 64, 64))
    studies[study.id] = study

    response = await answer(app.test_client(), f"/v/{study.id}/open")

    _, frame = split(await response.get_data())
    middle = UUID(study.series[1]["instances"][2]["id"])
    assert frame[3] == study.frames[middle, 0]


async def test_a_study_without_anything_opens_empty(
    app: Quart, studies: dict[UUID, ViewedStudy]
) -> None:
    empty = FakeStudy()
    studies[empty.id] = empty

    response = await answer(app.test_client(), f"/v/{empty.id}/open")

    assert [kind for _, _, kind, _ in split(await response.get_data())] == [DESCRIPTION]
