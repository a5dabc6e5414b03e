"""Why the portal did not take a file, in words."""

from typing import Final

WHY: Final = {
    "archive": "is an archive: please unpack it first",
    "bad_pixels": "its picture cannot be decoded",
    "bad_uid": "it is not marked as the standard asks",
    "bomb": "it unpacks without end",
    "conflict": "another image with the same mark is kept already",
    "conflict_lost": "another image with the same mark is kept already",
    "crashed": "it cannot be read",
    "damaged": "it is damaged",
    "dicomdir": "is the list of a disc",
    "document": "is no PDF and no image",
    "empty": "is empty",
    "executable": "is a program",
    "memory": "it takes too much memory to be read",
    "no_identity": "it does not say which image it is",
    "no_pixels": "it holds no picture",
    "not_dicom": "is no image in the format of hospitals (DICOM) and no PDF",
    "not_image": "is no image",
    "not_pdf": "is no PDF",
    "pdf": "is a PDF that cannot be kept",
    "picture": "is a picture without the data of an examination",
    "script": "is a program",
    "short_pixels": "parts of its picture are missing",
    "text": "is text",
    "timeout": "it takes too long to be read",
    "too_deep": "it is nested too deep",
    "too_large": "is too large",
    "too_many_elements": "it has too many elements",
    "truncated": "its end is missing",
    "unsupported": "it is encoded in a way that nobody here can read",
    "video": "is a film in a format that is not kept",
}


def why(code: str) -> str:
    """The sentence behind a code; the code itself where a newer portal has more of them."""
    return WHY.get(code, f"is not taken ({code})")
