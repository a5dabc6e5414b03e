"""What is said of a document: a small box in its row, so a list opens nothing else."""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final, Self
from uuid import UUID

from portal import vault
from portal.core.actor import Secret
from portal.core.language import N_, gettext, show_date
from viewer.pdf import Look, Unshown
from viewer.photos import Kind

LONGEST_LABEL: Final = 120
SHOWN: Final = 64 * 1024 * 1024
"""Bytes of the largest document that is looked into; a larger one is kept and given back."""

WHY: Final = {
    "encrypted": N_("This document is protected by a password and cannot be shown here. "
                    "You can download it and open it with its password."),
    "damaged": N_("This document is damaged and cannot be shown here. It is kept as it is, "
                  "and you can download it."),
    "timeout": N_("This document takes too long to draw and cannot be shown here. "
                  "You can download it."),
    "memory": N_("This document needs too much memory and cannot be shown here. "
                 "You can download it."),
    "crashed": N_("This document cannot be drawn safely and is not shown here. "
                  "You can download it."),
    "too_large": N_("This document is larger than 64 MB and is not shown here. "
                    "You can download it."),
    "no_pdf": N_("This document is not a PDF and is not shown here. You can download it."),
    "unreadable": N_("This document cannot be opened any more; everything else is not affected. "
                     "Please tell whoever runs this portal. If you still have the original, "
                     "delete this entry and add it again."),
    "busy": N_("Too many documents are being opened at the moment. "
               "Please load this page again in a few seconds."),
}  # fmt: skip
"""Why a document is not shown, by the codes of `viewer.pdf.Unshown` and four of ours."""


SHOWN_KINDS: Final = {"": "PDF", "jpeg": "JPEG", "png": "PNG", "webp": "WebP"}
SUFFIXES: Final = {"": ".pdf", "jpeg": ".jpg", "png": ".png", "webp": ".webp"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the owner and the document itself say."""

    label: str
    size: int
    """Bytes of the document."""
    sha256: str
    pages: int
    """0 when nobody could look inside."""
    created: str
    """`YYYYMMDD` as the document says, or empty."""
    why: str
    """Why it is not shown (a key of `WHY`), or empty."""
    photo: Kind = ""
    """Which kind of photo it is; empty: a PDF."""
    says: tuple[str, ...] = ()
    """What a photo tells beside its picture (`viewer.photos.SAYS`)."""

    @property
    def shown_kind(self) -> str:
        """What its kind is called everywhere."""
        return SHOWN_KINDS[self.photo]

    @property
    def content_type(self) -> str:
        """Its media type."""
        return f"image/{self.photo}" if self.photo else "application/pdf"

    @property
    def suffix(self) -> str:
        """What its file name ends with."""
        return SUFFIXES[self.photo]

    @property
    def unseen(self) -> bool:
        """Whether nobody has looked inside yet: there was no time when it came."""
        return self.pages == 0 and not self.why

    @classmethod
    def unreadable(cls) -> Self:
        """What is known of a document whose row does not open."""
        return cls("", 0, "", 0, "", "unreadable")

    def seen(self, found: Look | Unshown | None) -> Self:
        """The same after a look; a look that had to wait too long says nothing."""
        if isinstance(found, Look):
            created = found.created or self.created
            return replace(self, pages=found.pages, created=created, why="", says=found.found)
        if found is None or found.why == "busy":
            return self
        return replace(self, why=found.why)

    def renamed(self, label: str) -> Self:
        """The same under another name."""
        return replace(self, label=label)

    def sealed(self, document: UUID, key: Secret) -> bytes:
        """The box for the document's row."""
        plain = json.dumps(asdict(self), ensure_ascii=False).encode()
        return vault.box(key, plain, vault.contexts.blob(document, document, "summary"))

    @classmethod
    def opened(cls, document: UUID, key: Secret, box: bytes) -> Self:
        """What `sealed` sealed.  Raises `vault.Tampered`."""
        context = vault.contexts.blob(document, document, "summary")
        said = json.loads(vault.unbox(key, box, context))
        return cls(**said | {"says": tuple(said.get("says", []))})


def label_of(typed: str) -> str:
    """A name as it is kept: one line of visible characters, at most 120; never a path."""
    words = one_line(typed.replace("\\", "/").rsplit("/", 1)[-1])
    return _SUFFIX.sub("", words).strip()[:LONGEST_LABEL].strip()


_SUFFIX: Final = re.compile(r"\.(pdf|jpe?g|png|webp)$", re.IGNORECASE)


def one_line(typed: str) -> str:
    """What somebody typed as one line of visible characters."""
    seen = "".join(each if _shows(each) else " " for each in unicodedata.normalize("NFC", typed))
    return " ".join(seen.split())


def _shows(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown_label(label: str, photo: Kind = "") -> str:
    """The name, or what a document without one is called."""
    return label or (gettext("Picture") if photo else gettext("Document"))


def shown_day(day: str) -> str:
    """`YYYYMMDD` as the reader writes it; empty for anything that is no day."""
    try:
        return show_date(date(int(day[:4]), int(day[4:6]), int(day[6:8])))
    except ValueError:
        return ""


def explain(why: str) -> str:
    """Why it is not shown, in the reader's language; empty when it is."""
    return gettext(WHY[why]) if why else ""
