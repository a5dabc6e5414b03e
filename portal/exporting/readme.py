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
    documents: int = 0
    files: int = 0
    """As they came, with everything a diagnosis needs."""
    unseen: int = 0
    """Without DICOM: what has no picture of its own."""
    missing: int = 0
    """Does not open any more."""
    written: int = 0
    """Records that were written here: nobody can take them away as a file yet."""


def text(counts: Counts) -> str:
    """The README in the reader's language; lines end as every system reads them."""
    lines = [_("Your download from HealthDataSpace"), "", *_contents(counts), ""]
    if counts.missing:
        lines += [missing(counts.missing), ""]
    if counts.written:
        lines += [written(counts.written), ""]
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
            "%(num)s picture as JPEG, small and as the overview shows it; not for a diagnosis",
            "%(num)s pictures as JPEG, small and as the overview shows them; not for a diagnosis",
            counts.pictures))  # fmt: skip
    if counts.documents:
        words = ngettext("%(num)s document", "%(num)s documents", counts.documents)
        lines.append(f"{_('Documents')}/: {words}")
    if counts.files:
        lines.append("DICOM/: " + ngettext(
            "%(num)s file exactly as it was uploaded; medical image programs open DICOMDIR",
            "%(num)s files exactly as they were uploaded; medical image programs open DICOMDIR",
            counts.files))  # fmt: skip
    if counts.unseen:
        lines.append(unseen(counts.unseen))
    return lines


def missing(number: int) -> str:
    """What could not be put in."""
    return ngettext(
        "%(num)s file cannot be opened any more and is not in this archive. "
        "Please tell whoever runs the portal.",
        "%(num)s files cannot be opened any more and are not in this archive. "
        "Please tell whoever runs the portal.",
        number,
    )


def written(number: int) -> str:
    """What is left out because it is no file."""
    return ngettext(
        "%(num)s entry that was written here, such as a medication plan, is not in this archive. "
        "Please print it from its own page.",
        "%(num)s entries that were written here, such as medication plans, are not in this "
        "archive. Please print them from their own pages.",
        number,
    )


def unseen(number: int) -> str:
    """What only the DICOM files show."""
    return ngettext(
        "%(num)s object has no picture and is only in the download with DICOM.",
        "%(num)s objects have no picture and are only in the download with DICOM.",
        number,
    )
