"""Fetching what an account keeps into a folder; after a cut it goes on where it was."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.carrying.line import Line, Refused
from portal.carrying.showing import Progress

PAGE: Final = 500
UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST: Final = 60
ENDINGS: Final = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp",
}  # fmt: skip
NOT_THERE: Final = frozenset({404, 410})
TOO_FAR: Final = 416


@dataclass
class Fetched:
    """What became of the files."""

    new: list[Path] = field(default_factory=list)
    there: list[Path] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """What, and why."""


def download(line: Line, folder: Path, show: Progress, *, with_dicom: bool) -> Fetched:
    """Documents, and *with_dicom* every file of every examination, into *folder*."""
    fetched = Fetched()
    for paper in _listed(line, "/api/documents"):
        if paper["damaged"]:
            fetched.failed.append((paper["title"], "is damaged"))
            continue
        ending = ENDINGS.get(paper["media_type"], "")
        name = f"{safe(paper['date'] or '', paper['title'])} {paper['id'][:8]}{ending}"
        _fetch(line, paper["href"], folder / "Documents" / name, "", fetched, show)
    if not with_dicom:
        return fetched
    for study in _listed(line, "/api/studies"):
        if study["damaged"]:
            fetched.failed.append((study["title"], "is damaged"))
            continue
        below = folder / "Examinations"
        below /= f"{safe(study['date'] or '', study['title'])} {study['id'][:8]}"
        address = f"/api/studies/{study['id']}/files"
        for file in line.ask("GET", address)["items"]:
            target = below / f"{file['id']}.dcm"
            _fetch(line, f"{address}/{file['id']}", target, file["sha256"], fetched, show)
    return fetched


def safe(*words: str) -> str:
    """A name that every system takes, made of *words* without what names may not hold."""
    name = " ".join(filter(None, (UNSAFE.sub(" ", each).strip() for each in words)))
    name = " ".join(name.split())[:LONGEST].strip(" .")
    return f"_{name}" if RESERVED.fullmatch(name) else name or "Untitled"


def _listed(line: Line, path: str) -> Iterator[dict[str, Any]]:
    at = 0
    while True:
        page = line.ask("GET", f"{path}?from={at}&limit={PAGE}")
        yield from page["items"]
        at += PAGE
        if at >= page["total"]:
            return


def _fetch(
    line: Line, address: str, target: Path, sha256: str, fetched: Fetched, show: Progress
) -> None:
    if target.exists() and (not sha256 or _digest(target) == sha256):
        fetched.there.append(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        _bring(line, address, part)
    except Refused as refused:
        if refused.status not in NOT_THERE:
            raise
        fetched.failed.append((str(target), str(refused)))
        return
    if sha256 and _digest(part) != sha256:
        part.unlink()
        fetched.failed.append((str(target), "did not arrive as it was uploaded: run it again"))
        return
    part.replace(target)
    fetched.new.append(target)
    show.files(len(fetched.new) + len(fetched.there))


def _bring(line: Line, address: str, part: Path) -> None:
    with part.open("ab") as opened:

        def take(piece: bytes) -> None:
            opened.write(piece)
            opened.flush()

        def so_far() -> int:
            return os.fstat(opened.fileno()).st_size

        try:
            line.fetch(address, so_far, take)
        except Refused as refused:
            if refused.status != TOO_FAR or not so_far():
                raise
            opened.truncate(0)  # whole already, or another file's beginning: once more from there
            line.fetch(address, so_far, take)


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
