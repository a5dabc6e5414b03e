"""
What a mail says: one text template per kind, in the reader's language, and from it an HTML twin.

The first line of a rendered template is the subject, paragraphs are parted by empty lines, and a
paragraph that is an address of ours becomes a link.  Mails say only that something is waiting:
no name, no diagnosis, no community, no study (security: mails travel and lie about unprotected).
"""

import json
from dataclasses import asdict, dataclass, field
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.core import language
from portal.core.db import now

TEMPLATES: Final = Path(__file__).parents[2] / "templates"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is written: the kind names its template below `templates/mailing/`."""

    kind: str
    to: str = field(repr=False)
    language: str
    params: dict[str, Any] = field(repr=False)

    def pack(self) -> bytes:
        """For the box in the waiting row."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """What `pack` made."""
        return cls(**json.loads(data))


@dataclass(frozen=True, slots=True)
class Written:
    """A mail in words."""

    subject: str
    paragraphs: tuple[str, ...] = field(repr=False)
    language: str

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs) + "\n"


def write(letter: Letter, origin: str) -> Written:
    """Put *letter* into words; paths in its parameters are below *origin*."""
    with language.speaking(letter.language):
        text = _templates().get_template(f"mailing/{letter.kind}.txt")
        subject, _, body = text.render(origin=origin, **letter.params).strip().partition("\n")
        paragraphs = tuple(part.strip() for part in body.split("\n\n") if part.strip())
        return Written(subject.strip(), paragraphs, language.language())


def message(
    letter: Letter, written: Written, *, row: UUID, sender: str, origin: str
) -> EmailMessage:
    """The MIME message (RFC 5322): text with an HTML twin; its id survives a second try."""
    mail = EmailMessage()
    name, spec = parseaddr(sender)
    mail["From"] = HeaderAddress(name, addr_spec=spec)
    mail["To"] = HeaderAddress(addr_spec=letter.to)
    mail["Subject"] = written.subject
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = f"<{row.hex}@{spec.rpartition('@')[2]}>"
    mail["Content-Language"] = written.language
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday answers stay away
    if "stop" in letter.params:  # RFC 2369, and for mail programs' own button RFC 8058
        mail["List-Unsubscribe"] = f"<{origin}{letter.params['stop']}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(written.text)
    page = _templates().get_template("mailing/letter.html")
    mail.add_alternative(page.render(mail=written, origin=origin), subtype="html")
    return mail


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.raw_ngettext, newstyle=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    return environment
