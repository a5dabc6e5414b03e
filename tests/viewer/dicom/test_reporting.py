"""Structured reports of all kinds: read as lines, bounded, without the patient, or said why not."""

import random
import warnings

import pytest

from tests.viewer.dicom.making import DATA, image, sample
from tests.viewer.dicom.telling import item, number, refers, structured
from viewer.dicom import Line, Reason, Refused, Report
from viewer.dicom.reporting import DEEPEST, MOST_LINES, MOST_TEXT, report_of

pytestmark = pytest.mark.one_engine


def told(data: bytes) -> Report:
    found = report_of(data)
    assert isinstance(found, Report)
    return found


def test_a_report_is_read_in_its_order_with_numbers_and_images() -> None:
    report = told(
        structured([
            item("CONTAINER", "Findings", [
                item("TEXT", "Finding", TextValue="Größe\r\nunverändert"),
                item("DATE", "Seen on", Date="20260311"),
                item("CONTAINER", "Measurement Group", [
                    number("Diameter", "12.50", "mm", [refers("2.25.9", 3)]),
                    number("Ratio", "0.4", "1"),
                ]),
            ]),
            item("UIDREF", "Tracking", UID="2.25.77"),
        ])
    )  # fmt: skip

    assert (report.title, report.day, report.complete, report.verified) == (
        "Imaging report", "20260312", True, True,
    )  # fmt: skip
    assert report.lines == (
        Line(0, "section", "Findings", "", "", ()),
        Line(1, "text", "Finding", "Größe\nunverändert", "", ()),
        Line(1, "date", "Seen on", "20260311", "", ()),
        Line(1, "section", "Measurement Group", "", "", ()),
        Line(2, "number", "Diameter", "12.50", "mm", ()),
        Line(3, "image", "Source image", "", "", (("2.25.9", 3),)),
        Line(2, "number", "Ratio", "0.4", "", ()),
    )
    assert Report.from_json(report.to_json()) == report


def test_who_the_patient_is_stays_out_of_the_lines() -> None:
    report = told(
        structured([
            item("PNAME", "Subject Name", code="121029", PersonName="Beispiel^Erika"),
            item("TEXT", "Subject ID", code="121030", TextValue="4711"),
            item("PNAME", "Person Observer Name", code="121008", PersonName="Ahrens^Ada"),
        ])
    )  # fmt: skip

    assert [(each.name, each.value) for each in report.lines] == [
        ("Person Observer Name", "Ahrens^Ada")
    ]


def test_a_report_without_end_is_cut_and_says_so() -> None:
    wide = told(structured([item("TEXT", "Line", TextValue="x")] * (MOST_LINES + 5)))
    long = told(structured([item("TEXT", "Line", TextValue="x" * (MOST_TEXT + 5))]))
    deep = item("TEXT", "Last", TextValue="x")
    for _ in range(DEEPEST + 3):
        deep = item("CONTAINER", "Section", [deep])
    nested = told(structured([deep]))

    assert (len(wide.lines), wide.shortened) == (MOST_LINES, True)
    assert (len(long.lines[0].value), long.shortened) == (MOST_TEXT, True)
    assert (nested.lines[-1].name, nested.shortened) == ("Section", True)
    assert not told(structured()).shortened


def test_real_reports_are_read() -> None:
    basic, comprehensive = told(sample("reportsi.dcm")), told(sample("test-SR.dcm"))

    assert ("Report Text", "Enter text") in [(each.name, each.value) for each in basic.lines]
    diameter = next(each for each in comprehensive.lines if each.what == "number")
    assert (diameter.name, diameter.value, diameter.unit) == ("Diameter", "3", "cm")


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the test data beside the project")
def test_real_key_objects_and_reports_of_a_scanner_are_read() -> None:
    keys = told((DATA / "documents" / "ko" / "kos_key_object_selection.dcm").read_bytes())
    folder = DATA / "patient-cd" / "siemens-xa60" / "DICOM" / "24100413" / "39280000"
    scanner = told((folder / "75739431").read_bytes())

    assert [each.images for each in keys.lines] == [(("2.25.122400110", 0),)]
    thickness = next(each for each in scanner.lines if each.name == "Slice Thickness")
    assert (thickness.value, thickness.unit) == ("2", "mm")


def test_what_is_no_report_is_refused() -> None:
    assert report_of(image()) == Refused(Reason.NOT_IMAGE, "no report")
    assert report_of(b"%PDF-1.7") == Refused(Reason.PDF, "")
    chance, whole = random.Random(7), sample("test-SR.dcm")
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(132, len(data))] = chance.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in the child: they quote the file
            assert isinstance(report_of(bytes(data)), Report | Refused)
