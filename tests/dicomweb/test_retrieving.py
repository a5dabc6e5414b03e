"""WADO-RS: what was stored comes back, whole, described, in frames and as pictures."""

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
from dicomweb_client import DICOMwebClient
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames

from portal.dicomweb import rendering
from tests.dicomweb.conftest import Client, Keeps, Made, told, uid
from tests.people import Person, World
from tests.viewer.dicom.making import dataset, sample, written
from viewer.dicom.codecs import decode_own

JSON: Final = {"Accept": "application/dicom+json"}
PALETTE: Final = "RedPaletteColorLookupTableData"


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.physician("Dr. Ada Lindqvist")


def path_of(image: Dataset) -> str:
    study, series = image.StudyInstanceUID, image.SeriesInstanceUID
    return f"/dicomweb/studies/{study}/series/{series}/instances/{image.SOPInstanceUID}"


def parts_of(answer: Any, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Type and content of each part."""
    boundary = answer.headers["Content-Type"].partition("boundary=")[2].encode()
    for each in body.split(b"--" + boundary)[1:-1]:
        head, _, content = each.partition(b"\r\n\r\n")
        yield head.decode().strip().partition(": ")[2], content.removesuffix(b"\r\n")


async def test_every_file_comes_back_bit_for_bit(
    ada: Person, client: Client, keeps: Keeps, made: Made, world: World
) -> None:
    images = made(3)
    await keeps(ada, images, frames=True)
    asks: DICOMwebClient = client(ada)
    wanted = sorted(hashlib.sha256(written(each)).hexdigest() for each in images)
    study, series = images[0].StudyInstanceUID, images[0].SeriesInstanceUID
    url = f"{asks.base_url}/studies/{study}"
    for path, sent in ((url, wanted), (f"{url}/series/{series}", wanted)):
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        answer = await told(asks._session.get, path, headers={"Accept": accept})
        assert answer.status_code == 200
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        found = [hashlib.sha256(each).hexdigest() for _, each in parts_of(answer, answer.content)]
        assert sorted(found) == sent
    read = await told(asks.retrieve_instance, study, series, images[1].SOPInstanceUID)
    assert read == images[1]
    assert len(await told(asks.retrieve_study, study)) == 3

    alone = {"Accept": "application/dicom", "Range": "bytes=10-19"}
    answer = await ada.browser.get(path_of(images[0]), headers=alone)
    assert answer.status_code == 206
    assert await answer.get_data(as_text=False) == written(images[0])[10:20]
    jpeg = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50'
    answer = await ada.browser.get(path_of(images[0]), headers={"Accept": jpeg})
    assert answer.status_code == 406
    assert "1.2.840.10008.1.2.1" in (await answer.get_json())["message"]

    ben = await world.physician("Dr. Ben Ahrens")
    for what in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010"):
        answer = await ben.browser.get(path_of(images[0]) + what, headers={"Accept": "*/*"})
        assert answer.status_code == 404, what


async def test_metadata_say_where_large_values_lie(ada: Person, keeps: Keeps, made: Made) -> None:
    images = made(2, RedPaletteColorLookupTableData=bytes(range(256)) * 32)
    await keeps(ada, images, frames=True)
    series = path_of(images[0]).partition("/instances")[0]

    answer = await ada.browser.get(series + "/metadata", headers=JSON)
    assert answer.content_type == "application/dicom+json"
    found = json.loads(await answer.get_data())
    named = [each["00080018"]["Value"][0] for each in found]
    assert named == [each.SOPInstanceUID for each in images]
    for each in found:
        for tag, keyword in (("7FE00010", "PixelData"), ("00281201", PALETTE)):
            address = each[tag]["BulkDataURI"]
            assert address.startswith(ada.browser.origin)
            plain = {"Accept": "application/octet-stream"}
            got = await ada.browser.get(address.removeprefix(ada.browser.origin), headers=plain)
            image = next(x for x in images if x.SOPInstanceUID == each["00080018"]["Value"][0])
            assert await got.get_data(as_text=False) == image[keyword].value


async def test_a_part_of_a_large_value_may_be_asked_for(
    ada: Person, keeps: Keeps, made: Made
) -> None:
    (image,) = made(1)
    await keeps(ada, [image], frames=True)
    path = path_of(image) + "/bulkdata/7FE00010"

    some = {"Accept": "application/octet-stream", "Range": "bytes=100-199"}
    answer = await ada.browser.get(path, headers=some)
    assert (answer.status_code, answer.headers["Content-Range"]) == (206, "bytes 100-199/3072")
    assert await answer.get_data(as_text=False) == image.PixelData[100:200]
    answer = await ada.browser.get(path, headers={"Accept": "*/*"})
    (part,) = parts_of(answer, await answer.get_data(as_text=False))
    assert part == ("application/octet-stream", image.PixelData)
    answer = await ada.browser.get(path, headers={"Accept": "image/jpeg"})
    assert answer.status_code == 406
    for place in ("00100010", "7FE00010/1", "x", "../metadata"):
        answer = await ada.browser.get(path_of(image) + f"/bulkdata/{place}", headers=JSON)
        assert answer.status_code == 404, place


async def frame(person: Person, image: Dataset, accept: str, which: str = "1") -> Any:
    path = f"{path_of(image)}/frames/{which}"
    return await person.browser.get(path, headers={"Accept": accept})


async def test_frames_are_the_values_of_the_file_in_the_form_asked_for(
    ada: Person, client: Client, keeps: Keeps
) -> None:
    noise = np.random.default_rng(3).integers(-500, 500, (3, 16, 24), dtype=np.int16)
    image = dataset(
        noise, PixelRepresentation=1, SOPInstanceUID=uid(), StudyInstanceUID=uid(),
    )  # fmt: skip
    await keeps(ada, [image], frames=True)
    asks = client(ada)
    names = (image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID)

    first, third = await told(asks.retrieve_instance_frames, *names, [1, 3])
    assert (first, third) == (noise[0].tobytes(), noise[2].tobytes())
    packed = 'multipart/related; type="image/jphc"; transfer-syntax=1.2.840.10008.1.2.4.202'
    answer = await frame(ada, image, packed, "2")
    ((media, data),) = parts_of(answer, await answer.get_data(as_text=False))
    assert media == "image/jphc; transfer-syntax=1.2.840.10008.1.2.4.202"
    assert (decode_own(data) == noise[1]).all()
    both = f'multipart/related; type="image/jls", {packed};q=0.2, application/octet-stream;q=0.1'
    answer = await frame(ada, image, both, "2")
    assert 'type="image/jphc"' in answer.headers["Content-Type"]
    answer = await frame(ada, image, "application/octet-stream", "2")
    assert await answer.get_data(as_text=False) == noise[1].tobytes()
    answer = await frame(ada, image, 'multipart/related; type="image/jls"')
    assert answer.status_code == 406
    assert "image/jphc" in (await answer.get_json())["message"]
    statuses = {"4": 404, "0": 400, "1,x": 400, "": 404, "1,2,3": 200, "9" * 400: 400}
    for which, status in statuses.items():
        answer = await frame(ada, image, "*/*", which)
        assert answer.status_code == status, which


COMPRESSED: Final = (
    ("MR_small_jp2klossless.dcm", "image/jp2", "4.90", True),
    ("MR_small_jpeg_ls_lossless.dcm", "image/jls", "4.80", True),
    ("MR_small_RLE.dcm", "image/dicom-rle", "5", True),
    ("SC_rgb_jpeg_dcmtk.dcm", "image/jpeg", "4.50", False),
)


@pytest.mark.one_engine
async def test_compressed_frames_go_as_they_came_and_grey_ones_also_plain(
    ada: Person, keeps: Keeps
) -> None:
    for name, media, syntax, plain in COMPRESSED:
        image = dcmread(io.BytesIO(sample(name)))
        image.StudyInstanceUID, image.SOPInstanceUID = uid(), uid()
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        await keeps(ada, [image], frames=True)
        count = int(image.get("NumberOfFrames", 1))
        came = next(generate_frames(image.PixelData, number_of_frames=count))

        for accept in ("*/*", f'multipart/related; type="{media}"'):
            answer = await frame(ada, image, accept)
            ((said, data),) = parts_of(answer, await answer.get_data(as_text=False))
            assert (said, data) == (f"{media}; transfer-syntax=1.2.840.10008.1.2.{syntax}", came)
        stored = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
        answer = await frame(ada, image, stored)
        ((_, data),) = parts_of(answer, await answer.get_data(as_text=False))
        assert data == came
        answer = await frame(ada, image, "application/octet-stream")
        assert answer.status_code == (200 if plain else 406), name
        if plain:
            assert await answer.get_data(as_text=False) == image.pixel_array.tobytes()


async def test_pictures_for_people(ada: Person, client: Client, keeps: Keeps) -> None:
    ramp = np.repeat(np.arange(0, 4096, 64, dtype=np.uint16)[None, :], 32, axis=0)
    image = dataset(ramp, SOPInstanceUID=uid(), StudyInstanceUID=uid())
    await keeps(ada, [image], frames=True)
    path = path_of(image)

    async def picture(what: str, accept: str = "image/png") -> Image.Image:
        answer = await ada.browser.get(path + what, headers={"Accept": accept})
        assert answer.status_code == 200, what
        return Image.open(io.BytesIO(await answer.get_data(as_text=False)))

    shown = await picture("/rendered?window=2048,4096,linear")
    assert (shown.format, shown.size) == ("PNG", (64, 32))
    assert np.asarray(shown)[0, [0, 32, 63]].tolist() == pytest.approx([0, 128, 251], abs=1)
    dark = await picture("/frames/1/rendered?window=8000,100,linear-exact")
    assert np.asarray(dark).max() == 0
    cut = await picture("/rendered?viewport=64,64,16,0,32,32&window=2048,4096,linear")
    assert cut.size == (64, 64)
    assert np.asarray(cut)[:, 0].mean() == pytest.approx(64, abs=2)
    assert (await picture("/rendered?quality=20", "image/jpeg")).format == "JPEG"
    for what in ("/thumbnail", "/frames/1/thumbnail"):
        small = await picture(what, "image/jpeg")
        assert (small.format, max(small.size) <= 128) == ("JPEG", True)
    study = "/".join(path.split("/")[:4])
    assert (await ada.browser.get(f"{study}/thumbnail")).status_code == 406, "no page"
    answer = await ada.browser.get(f"{study}/thumbnail", headers={"Accept": "*/*"})
    assert answer.content_type == "image/jpeg"
    for what in (
        "window=1,2", "window=1,0,linear", "window=nan,1,linear", "viewport=0,0", "quality=0",
        "viewport=9999999,1", "viewport=10,10,5000,0,1,1", "quality=x", "viewport=1,1,-1,0,1,1",
    ):  # fmt: skip
        answer = await ada.browser.get(f"{path}/rendered?{what}", headers={"Accept": "image/png"})
        assert answer.status_code == 400, what
    video = await ada.browser.get(f"{path}/rendered", headers={"Accept": "video/mp4"})
    assert video.status_code == 406


async def test_a_series_and_a_study_come_as_the_pictures_of_their_images(
    ada: Person, keeps: Keeps, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = made(3)
    report = dcmread(io.BytesIO(sample("test-SR.dcm")))
    report.StudyInstanceUID = images[0].StudyInstanceUID
    await keeps(ada, [*images, report], frames=True)
    series = path_of(images[0]).partition("/instances")[0]
    study = series.partition("/series")[0]
    png = 'multipart/related; type="image/png"'

    for path in (series, study):
        asked = f"{path}/rendered?viewport=24,16&window=2048,4096,linear"
        answer = await ada.browser.get(asked, headers={"Accept": png})
        assert answer.status_code == 200, path
        parts = list(parts_of(answer, await answer.get_data(as_text=False)))
        for image, (head, data) in zip(images, parts, strict=True):
            assert head.startswith("image/png\r\n")
            assert head.endswith(f"Content-Location: {ada.browser.origin}{path_of(image)}/rendered")
            alone = await ada.browser.get(
                f"{path_of(image)}/rendered?{asked.partition('?')[2]}",
                headers={"Accept": "image/png"},
            )
            assert data == await alone.get_data(as_text=False)
    answer = await ada.browser.get(f"{series}/rendered", headers={"Accept": "*/*"})
    assert 'type="image/jpeg"' in answer.headers["Content-Type"]

    statuses = {"?viewport=0,0": 400, "?viewport=9,9,5000,0,1,1": 400, "?window=1,2": 400}
    for what, status in statuses.items():
        answer = await ada.browser.get(f"{series}/rendered{what}", headers={"Accept": png})
        assert answer.status_code == status, what
    answer = await ada.browser.get(f"{series}/rendered", headers={"Accept": "image/jpeg"})
    assert answer.status_code == 406, "several do not fit into one"
    text = path_of(report).partition("/instances")[0]
    assert (await ada.browser.get(f"{text}/rendered", headers={"Accept": png})).status_code == 406
    monkeypatch.setattr(rendering, "MOST", 2)
    answer = await ada.browser.get(f"{study}/rendered", headers={"Accept": png})
    assert answer.status_code == 413
    assert "more than 2 pictures" in (await answer.get_json())["message"]


async def test_what_has_no_picture_says_so(ada: Person, keeps: Keeps) -> None:
    report = dcmread(io.BytesIO(sample("test-SR.dcm")))
    await keeps(ada, [report], frames=True)
    for what in ("/rendered", "/thumbnail", "/frames/1"):
        answer = await ada.browser.get(path_of(report) + what, headers={"Accept": "*/*"})
        assert answer.status_code == 406, what
        assert "application/dicom" in (await answer.get_json())["message"]
