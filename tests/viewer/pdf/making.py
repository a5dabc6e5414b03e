"""Small PDFs made on the spot, byte for byte, and the ways in which they can be hostile."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pydicom.uid import EncapsulatedPDFStorage

from tests.viewer.dicom.making import dataset, written

A4 = "0 0 595 842"


def pdf(
    texts: Sequence[str] = ("Finding",), *, box: str = A4, catalog: str = "", content: bytes = b""
) -> bytes:
    """A document with a page for each of *texts*; *content* is drawn on every page."""
    count = len(texts)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, text in enumerate(texts):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {5 + 2 * number} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        drawn = b"BT /F1 24 Tf 60 700 Td (" + text.encode("cp1252") + b") Tj ET\n" + content
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def encapsulated(data: bytes, **changes: Any) -> bytes:
    """The document inside a DICOM object (PS3.3 A.45.1)."""
    sop = f"2.25.{uuid4().int}"
    about: dict[str, Any] = {
        "SOPClassUID": EncapsulatedPDFStorage, "SOPInstanceUID": sop, "Modality": "DOC",
        "SeriesInstanceUID": f"2.25.{uuid4().int}", "DocumentTitle": "Report of the scanner",
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": data + bytes(len(data) % 2),
        "EncapsulatedDocumentLength": len(data),
    }  # fmt: skip
    made = dataset(None, **(about | changes))
    made.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return written(made)
