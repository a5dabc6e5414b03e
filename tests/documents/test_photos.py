"""Photos as documents: kept bit for bit, shown as pictures, and cleaned when somebody wishes so."""

import zlib
from uuid import uuid4

import pytest

from portal.studies import parts
from tests.documents.test_documents import JSON, Erika, erika
from tests.people import World
from tests.viewer.pdf.making import pdf
from tests.viewer.photos.making import photo, points, telling

__all__ = ["erika"]

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(200)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_comes_back_bit_for_bit_and_cannot_run(erika: Erika, format_: str) -> None:
    data = telling(format_)
    document = await erika.finding(data, "Wunde Knie.JPG")

    answer = await erika.person.browser.get(f"/d/{document}/original")

    assert await answer.get_data(as_text=False) == data
    headers = answer.headers
    assert headers["Content-Type"] == f"image/{format_.lower()}"
    ending = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[format_]
    assert headers["Content-Disposition"] == f"attachment; filename*=UTF-8''Wunde%20Knie.{ending}"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    (kept,) = await erika.mine()
    assert (kept.title, kept.day, kept.has_preview) == ("Wunde Knie", "20260312", True)
    page = await erika.sees(f"/d/{document}")
    assert 'alt="Wunde Knie"' in page
    picture = await erika.person.browser.get(f"/d/{document}/pages/1")
    assert picture.headers["Content-Type"] == "image/webp"
    preview = await erika.person.browser.get(f"/d/{document}/preview")
    assert b"Acme" not in await preview.get_data(as_text=False)


async def test_place_camera_and_time_are_said_and_removed_on_request(
    erika: Erika, world: World
) -> None:
    data = telling(orientation=6)
    document = await erika.finding(data, "Knie.jpg")
    page = await erika.sees(f"/d/{document}")
    for words in ("where it was taken", "with which camera", "when it was taken"):
        assert words in page
    otto = await world.patient("Otto Beispiel")
    assert (await otto.browser.post(f"/d/{document}/clean")).status_code == 404

    answer = await erika.person.browser.post(f"/d/{document}/clean")

    assert answer.status_code == 303
    (kept,) = await erika.mine()
    assert answer.headers["Location"] == f"/d/{kept.id}"
    assert (kept.title, kept.day, kept.facts.says) == ("Knie", "20260312", ())
    assert "tells nothing" in await erika.sees(f"/d/{kept.id}")
    original = await erika.person.browser.get(f"/d/{kept.id}/original")
    cleaned = await original.get_data(as_text=False)
    assert points(cleaned) == points(data)
    assert b"Acme" not in cleaned
    assert (await erika.person.browser.get(f"/d/{document}")).status_code == 404
    again = await erika.person.browser.post(f"/d/{kept.id}/clean")
    assert again.headers["Location"] == f"/d/{kept.id}", "there is nothing left to remove"


async def test_the_same_picture_without_its_data_is_kept_once(erika: Erika) -> None:
    data = telling()
    document = await erika.finding(data, "Knie.jpg")
    await erika.person.browser.post(f"/d/{document}/clean")
    (clean,) = await erika.mine()
    again = await erika.finding(data, "Knie noch einmal.jpg")

    answer = await erika.person.browser.post(f"/d/{again}/clean")

    assert answer.headers["Location"] == f"/d/{clean.id}"
    assert [each.id for each in await erika.mine()] == [clean.id]


async def test_what_is_no_whole_photo_is_refused_with_its_reason(erika: Erika) -> None:
    png = bytearray(photo("PNG"))
    png[16:24] = (200_000).to_bytes(4, "big") * 2
    files = [
        SVG, b"<html><img>", photo()[:-9], photo() + SVG, bytes(png), b"GIF89a" + bytes(99), HEIC,
    ]  # fmt: skip

    said = await erika.sends(files, [[place, "Foto.jpg", ""] for place in range(len(files))])

    assert said["kept"] == []
    assert dict(said["refused"]) == dict(
        enumerate(["document", "document", "truncated", "polyglot", "bomb", "picture", "picture"])
    )
    assert (await erika.mine(), await erika.used()) == ([], 0)


async def test_a_photo_that_cannot_be_decoded_is_kept_and_said_so(erika: Erika) -> None:
    data = bytearray(telling("PNG"))
    body = data.index(b"IDAT") + 4
    data[body : body + 4] = b"\xff\xff\xff\xff"
    document = await erika.finding(bytes(data), "Knie.png")

    page = await erika.sees(f"/d/{document}")

    assert "damaged" in page
    assert "<img" not in page
    back = await erika.person.browser.get(f"/d/{document}/original")
    assert await back.get_data(as_text=False) == bytes(data)


async def test_what_a_photo_tells_can_be_removed_before_it_is_stored(erika: Erika) -> None:
    """The same file twice is one photo, and the one that tells nothing is kept as it came."""
    data, plain = telling(orientation=6), photo("PNG")
    notes = [[0, "Knie.jpg", "", True], [1, "Hand.png", "", True]]

    said = await erika.sends([data, plain], notes)
    again = await erika.sends([data], [[0, "Knie.jpg", "", True]])

    assert (said["kept"], said["refused"]) == ([0, 1], [])
    assert (again["kept"], again["duplicates"]) == ([], [0])
    kept = {each.title: each for each in await erika.mine()}
    assert (kept["Knie"].day, kept["Knie"].facts.says) == ("20260312", ())
    answer = await erika.person.browser.get(f"/d/{kept['Knie'].id}/original")
    stored = await answer.get_data(as_text=False)
    assert points(stored) == points(data)
    assert b"Acme" not in stored
    answer = await erika.person.browser.get(f"/d/{kept['Hand'].id}/original")
    assert await answer.get_data(as_text=False) == plain


async def test_a_large_photo_is_cleaned_before_it_is_stored_too(erika: Erika) -> None:
    """It comes in pieces."""
    data = telling("PNG")
    chunk = b"teXt" + b"Acme" * (parts.PIECE // 4)
    filling = len(chunk[4:]).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    data = data[:33] + filling + data[33:]
    browser = erika.person.browser
    begin = {"client": str(uuid4()), "documents": [[0, "Knie.png", "", True]]}
    upload = (await (await browser.post("/uploads", json=begin, headers=JSON)).get_json())["id"]
    for number, body in enumerate(parts.build_pieces(0, data)):
        answer = await browser.put(f"/uploads/{upload}/parts/{number}", data=body, headers=JSON)
        assert answer.status_code == 200

    (kept,) = await erika.mine()
    original = await browser.get(f"/d/{kept.id}/original")
    stored = await original.get_data(as_text=False)
    assert b"Acme" not in stored
    assert points(stored) == points(data)


async def test_a_photo_that_cannot_be_cleaned_is_not_stored(erika: Erika) -> None:
    """Who asked for that is told, and can send it as it is."""
    data = bytearray(telling("PNG"))
    body = data.index(b"IDAT") + 4
    data[body : body + 4] = b"\xff\xff\xff\xff"

    said = await erika.sends([bytes(data)], [[0, "Knie.png", "", True]])

    assert (said["kept"], said["refused"]) == ([], [[0, "uncleanable"]])
    assert (await erika.mine(), await erika.used()) == ([], 0)


async def test_no_other_kind_passes_for_a_photo_that_tells_nothing(erika: Erika) -> None:
    """A paper says who wrote it, too: unchanged it would not be what was promised."""
    said = await erika.sends([pdf(["Befund"])], [[0, "Befund.pdf", "", True]])

    assert (said["kept"], said["refused"]) == ([], [[0, "uncleanable"]])
    assert (await erika.mine(), await erika.used()) == ([], 0)
