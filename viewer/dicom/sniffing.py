"""What a file is when it is not DICOM, by its first bytes and never by its name."""

from __future__ import annotations

from typing import Final

from viewer.dicom.reasons import Reason

_SIGNATURES: Final = (
    (b"MZ", Reason.EXECUTABLE),
    (b"\x7fELF", Reason.EXECUTABLE),
    (b"\xfe\xed\xfa\xce", Reason.EXECUTABLE),
    (b"\xfe\xed\xfa\xcf", Reason.EXECUTABLE),
    (b"\xce\xfa\xed\xfe", Reason.EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", Reason.EXECUTABLE),
    (b"\xca\xfe\xba\xbe", Reason.EXECUTABLE),
    (b"#!", Reason.SCRIPT),
    (b"@echo off", Reason.SCRIPT),
    (b"\xff\xd8\xff", Reason.PICTURE),
    (b"\x89PNG\r\n\x1a\n", Reason.PICTURE),
    (b"GIF8", Reason.PICTURE),
    (b"BM", Reason.PICTURE),
    (b"II*\x00", Reason.PICTURE),
    (b"MM\x00*", Reason.PICTURE),
    (b"%PDF-", Reason.PDF),
    (b"PK\x03\x04", Reason.ARCHIVE),
    (b"PK\x05\x06", Reason.ARCHIVE),
    (b"\x1f\x8b", Reason.ARCHIVE),
    (b"BZh", Reason.ARCHIVE),
    (b"\xfd7zXZ\x00", Reason.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Reason.ARCHIVE),
    (b"Rar!", Reason.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Reason.ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Reason.DOCUMENT),
    (b"{\\rtf", Reason.DOCUMENT),
    (b"<?xml", Reason.DOCUMENT),
    (b"<html", Reason.DOCUMENT),
    (b"<!doctype", Reason.DOCUMENT),
)
_PHONE_PICTURES: Final = frozenset(
    b"ftyp" + brand for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
)
"""HEIF and AVIF (ISO/IEC 23008-12): the brand stands behind the length of the first box."""
_SAMPLE: Final = 4096
_PRINTABLE: Final = frozenset({9, 10, 12, 13, *range(32, 127), *range(128, 256)})


def runs(head: bytes) -> bool:
    """Whether a system would start this file as a program or script."""
    return any(
        head.startswith(magic)
        for magic, reason in _SIGNATURES
        if reason in {Reason.EXECUTABLE, Reason.SCRIPT}
    )


def sniff(data: bytes | bytearray | memoryview) -> Reason:
    """The kind of a file that has no DICOM in it."""
    head = bytes(data[:_SAMPLE])
    if not head.strip(b"\x00"):
        return Reason.EMPTY
    for magic, reason in _SIGNATURES:
        if head.startswith(magic):
            return reason
    if (head[:4], head[8:12]) == (b"RIFF", b"WEBP") or head[4:12] in _PHONE_PICTURES:
        return Reason.PICTURE
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<?xml", b"<html", b"<!doctype", b"<svg")):
        return Reason.DOCUMENT
    if all(byte in _PRINTABLE for byte in head):
        return Reason.TEXT
    return Reason.NOT_DICOM
