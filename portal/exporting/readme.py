"""What lies beside the files: what they are, how to open and how to check them."""

from dataclasses import dataclass

from portal.core.language import gettext as _
from portal.core.language import ngettext


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in an archive, and what is not."""

    dicom: bool
    examinations: int = 0
    pictures: int = 0
    small: int = 0
    """Of these: as the overview shows them."""
    drawn: int = 0
    """Of these: in full size, made for this archive."""
    shortened: int = 0
    """Images with more frames than are here."""
    documents: int = 0
    files: int = 0
    """As they came, with everything a diagnosis needs."""
    unseen: int = 0
    """Without DICOM: what has no picture of its own."""
    gone: int = 0
    """The original was deleted, and a small picture was kept."""
    missing: int = 0
    """Does not open any more."""
    records: int = 0
    """What was written here, such as medication plans."""
    whole: bool = False
    """Everything of the account, with the page that shows it."""


def text(counts: Counts) -> str:
    """The README in the reader's language; lines end as every system reads them."""
    lines = [_("Your download from HealthDataSpace"), "", *_contents(counts), ""]
    if counts.whole:
        lines += [
            _("index.html shows everything that is in here: please open it in a browser."),
            _("HealthDataSpace.json says the same to programs."),
            "",
        ]  # fmt: skip
    if counts.missing:
        lines += [missing(counts.missing), ""]
    lines += [
        _("SHA256SUMS.txt holds the SHA-256 checksum of every other file."),
        _("To check them: sha256sum -c SHA256SUMS.txt (Linux), "
          "shasum -a 256 -c SHA256SUMS.txt (macOS), Get-FileHash (Windows PowerShell)."),
        "",
        _("These files are not encrypted any more. Please keep them where only you can read them."),
    ]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"


def _contents(counts: Counts) -> list[str]:
    lines = [ngettext("%(num)s examination", "%(num)s examinations", counts.examinations)]
    if counts.pictures:
        lines.append(f"{_('Pictures')}/: " + ngettext(
            "%(num)s picture as JPEG; not for a diagnosis",
            "%(num)s pictures as JPEG; not for a diagnosis", counts.pictures))  # fmt: skip
        told = full(counts.drawn), small(counts.small), shortened(counts.shortened)
        lines += filter(None, told)
    if counts.documents:
        words = ngettext("%(num)s document", "%(num)s documents", counts.documents)
        lines.append(f"{_('Documents')}/: {words}")
    if counts.records:
        words = ngettext(
            "%(num)s medication plan or month of the diary, to read and as data (JSON)",
            "%(num)s medication plans and months of the diary, to read and as data (JSON)",
            counts.records)  # fmt: skip
        lines.append(f"{_('Records')}/: {words}")
    if counts.files:
        lines.append("DICOM/: " + ngettext(
            "%(num)s file exactly as it was uploaded; medical image programs open DICOMDIR",
            "%(num)s files exactly as they were uploaded; medical image programs open DICOMDIR",
            counts.files))  # fmt: skip
    if counts.gone:
        lines.append(gone(counts.gone))
    if counts.unseen:
        lines.append(unseen(counts.unseen))
    return lines


def full(number: int) -> str:
    """What has every pixel."""
    if not number:
        return ""
    return ngettext(
        "%(num)s picture has every pixel and is as bright as its file says.",
        "%(num)s pictures have every pixel and are as bright as their files say.",
        number,
    )


def small(number: int) -> str:
    """What is as the overview shows it."""
    if not number:
        return ""
    return ngettext(
        "%(num)s picture is the small one of the overview.",
        "%(num)s pictures are the small ones of the overview.",
        number,
    )


def shortened(number: int) -> str:
    """Films of which not every frame is there."""
    if not number:
        return ""
    return ngettext(
        "%(num)s image has more than 300 frames; 300 of them, evenly spread, are here.",
        "%(num)s images have more than 300 frames; 300 of each, evenly spread, are here.",
        number,
    )


def missing(number: int) -> str:
    """What could not be put in."""
    return ngettext(
        "%(num)s file cannot be opened any more and is not in this archive. "
        "Please tell whoever runs the portal.",
        "%(num)s files cannot be opened any more and are not in this archive. "
        "Please tell whoever runs the portal.",
        number,
    )


def gone(number: int) -> str:
    """What is there as a picture only."""
    return ngettext(
        "The original data of %(num)s image were deleted; a small picture is here if there was "
        "one.",
        "The original data of %(num)s images were deleted; small pictures are here as far as there "
        "were any.",
        number,
    )


def unseen(number: int) -> str:
    """What only the DICOM files show."""
    return ngettext(
        "%(num)s object has no picture and is only in the download with DICOM.",
        "%(num)s objects have no picture and are only in the download with DICOM.",
        number,
    )
