"""The table of all elements: complete, bounded, and nothing but text."""

import json
from pathlib import Path

from pydicom import Dataset
from pydicom.sequence import Sequence

from tests.viewer.dicom.conftest import Reader
from tests.viewer.dicom.making import image, sample
from viewer.dicom import Reason, Refused
from viewer.dicom.tags import tag_rows


def test_elements_and_items_are_listed_in_the_order_of_the_file(reader: Reader) -> None:
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "2.25.9"
    whole = image(ReferencedImageSequence=Sequence([inner]), StudyDescription="<b>" + "x" * 500)

    rows = reader.run(reader.pool.tags(whole))

    assert isinstance(rows, list)
    table = [(row["depth"], row["tag"], row["name"], row["value"][:6]) for row in rows]
    at = table.index((0, "0008,1140", "ReferencedImageSequence", ""))
    assert table[at + 1 : at + 3] == [
        (1, "", "#1", ""),
        (2, "0008,1155", "ReferencedSOPInstanceUID", "2.25.9"),
    ]
    assert (0, "0010,0010", "PatientName", "Ada^Te") in table
    assert (0, "0028,0010", "Rows", "16") in table
    description = next(row for row in rows if row["name"] == "StudyDescription")
    assert description["cut"]
    assert len(description["value"]) == 256
    pixels = rows[-1]
    assert (pixels["tag"], pixels["value"], pixels["bytes"]) == ("7FE0,0010", "", 512)


def test_private_elements_are_listed_without_a_name() -> None:
    rows = tag_rows(sample("CT_small.dcm"))

    assert isinstance(rows, list)
    assert any(row["tag"].startswith("0009") and row["name"] == "" for row in rows)


def test_what_is_no_dicom_has_no_tags(reader: Reader) -> None:
    assert reader.run(reader.pool.tags(b"hello")) == Refused(Reason.TEXT)


def test_every_broken_file_has_rows_or_a_reason(data: Path) -> None:
    for path in (data / "broken").rglob("*"):
        if path.is_file():
            rows = tag_rows(path.read_bytes())
            json.dumps([] if isinstance(rows, Refused) else rows, allow_nan=False)
