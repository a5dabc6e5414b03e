"""A finding that a scanner put among its images, however it is packed: bounded and never held."""

import os
import tracemalloc
from io import BytesIO
from typing import Any
from uuid import UUID

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from portal import documents, studies
from portal.core.errors import Unknown
from portal.documents.opening import given_back
from tests.documents.test_documents import Erika, erika
from tests.viewer.pdf.making import encapsulated, pdf
from viewer.dicom import Embedded, Pool, Reason, Refused
from viewer.pdf import PdfPool

pytestmark = pytest.mark.every_store

__all__ = ["erika"]

MIB = 1024 * 1024


def deflated(plain: bytes, **changes: Any) -> bytes:
    """The document in an object whose whole data set is packed (PS3.5 A.5)."""
    made = pydicom.dcmread(BytesIO(encapsulated(plain, **changes)))
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    out = BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def sparse(mebibytes: int) -> bytes:
    """A document that packs to a fortieth of its length."""
    return pdf() + b"".join(bytes(1000) + os.urandom(24) for _ in range(mebibytes * 1024))


async def encloses(erika: Erika, file: bytes) -> tuple[studies.OpenStudy, UUID]:
    """The study with an object around a document, and the object's id."""
    said = await studies.keep_files(erika.shelf, erika.actor, [file])
    assert said.kept == [0]
    (kept,) = said.studies
    # Its words are read beside the answer: what follows measures, or replaces, the same children.
    assert await erika.shelf.preparing.done(kept, 60.0)
    study = await studies.open_own(erika.shelf, erika.actor, kept)
    (series,) = (await study.manifest())["series"]
    return study, UUID(series["instances"][0]["id"])


async def test_what_a_small_object_packs_is_bounded_like_every_document(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = deflated(sparse(2))
    assert len(file) < MIB, "the object itself is small"
    study, finding = await encloses(erika, file)
    monkeypatch.setattr("portal.documents.opening.SHOWN", MIB)
    base = f"/v/{study.id}/i/{finding}/document"

    assert "larger than 64 MB" in await erika.sees(base)
    page = await erika.person.browser.get(f"{base}/pages/1")
    whole = await erika.person.browser.get(f"{base}/original")

    assert page.status_code == 404
    assert whole.headers["Location"] == f"/v/{study.id}/i/{finding}/original"


async def test_the_child_hands_over_no_more_than_was_asked_for() -> None:
    plain = pdf()
    async with Pool() as pool:
        for file in (encapsulated(plain), deflated(plain)):
            found = await pool.embedded(file, len(file) + len(plain))
            assert isinstance(found, Embedded)
            assert found.data == plain
            refused = await pool.embedded(file, len(plain) - 1)
            assert isinstance(refused, Refused)
            assert refused.reason is Reason.TOO_LARGE


async def test_what_is_packed_before_the_document_counts_too() -> None:
    """Whoever wants its last byte has all of that unpacked first."""
    before = "x" * 9000
    async with Pool() as pool:
        found = await pool.embedded(deflated(pdf(), AdditionalPatientHistory=before), 8000)

    assert isinstance(found, Refused)
    assert found.reason is Reason.TOO_LARGE


async def test_a_packed_document_comes_back_bit_for_bit_and_in_ranges(erika: Erika) -> None:
    inside = sparse(3)
    study, finding = await encloses(erika, deflated(inside))
    path = f"/v/{study.id}/i/{finding}/document/original"
    browser = erika.person.browser

    whole = await browser.get(path)
    assert (whole.status_code, whole.headers["Content-Length"]) == (200, str(len(inside)))
    assert await whole.get_data(as_text=False) == inside
    for start, stop in ((0, 1), (MIB - 1, 2 * MIB + 1), (len(inside) - 5, len(inside))):
        part = await browser.get(path, headers={"Range": f"bytes={start}-{stop - 1}"})
        assert part.status_code == 206
        assert await part.get_data(as_text=False) == inside[start:stop]
    assert 'alt="Page 1 of 1"' in await erika.sees(path.removesuffix("/original"))


async def test_several_slow_readers_hold_a_stretch_each_and_not_the_document(
    erika: Erika,
) -> None:
    inside = sparse(8)
    for file in (deflated(inside), encapsulated(inside, StudyInstanceUID="2.25.9")):
        study, finding = await encloses(erika, file)
        readers = []
        tracemalloc.start()
        for _ in range(4):
            document = await study.enclosed(finding)
            reading = (await given_back(erika.shelf.desk, erika.actor, document))(0, len(inside))
            assert inside.startswith(await anext(reading))
            readers.append(reading)
        del document
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for reading in readers:
            await reading.aclose()
        assert held < len(inside), "four hold less than one document"


async def test_an_object_that_packs_no_document_is_none(erika: Erika) -> None:
    study, finding = await encloses(erika, encapsulated(b""))

    with pytest.raises(Unknown):
        await (await study.enclosed(finding)).whole()


async def test_what_is_too_large_is_not_drawn_either(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, finding = await encloses(erika, deflated(sparse(2)))
    monkeypatch.setattr("portal.documents.opening.SHOWN", MIB)

    async def drawn(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(PdfPool, "child", drawn)
    found = await documents.opening.outline(
        erika.shelf.desk, erika.actor, await study.enclosed(finding), 1
    )

    assert found == "too_large"
