"""Fetching what an account keeps into a folder; after a cut it goes on where it was."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.carrying.line import Line, Refused
from portal.carrying.names import reached, safe
from portal.carrying.parts import Part, bring
from portal.carrying.pictures import NotWhole, Pictures, digest
from portal.carrying.showing import Progress

PAGE: Final = 500
AGAIN: Final = "did not arrive as it was sent: run it again"
ENDINGS: Final = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp",
}  # fmt: skip
NOT_THERE: Final = frozenset({404, 410})


@dataclass
class Fetched:
    """What became of the files."""

    new: list[Path] = field(default_factory=list)
    there: list[Path] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """What, and why."""


def download(line: Line, folder: Path, show: Progress, *, with_dicom: bool) -> Fetched:
    """Documents and pictures, and *with_dicom* every file of every examination, into *folder*."""
    fetched, folder = Fetched(), reached(folder)
    for paper in _listed(line, "/api/documents"):
        if paper["damaged"]:
            fetched.failed.append((paper["title"], "is damaged"))
            continue
        ending = ENDINGS.get(paper["media_type"], "")
        name = f"{safe(paper['date'] or '', paper['title'])} {paper['id'][:8]}{ending}"
        target = folder / "Documents" / name
        _fetch(line, paper["href"], target, paper["sha256"], fetched, show)
    papers = {digest(each) for each in (*fetched.new, *fetched.there)}
    pictures = Pictures(line, folder)
    for study in _listed(line, "/api/studies"):
        if study["damaged"]:
            fetched.failed.append((study["title"], "is damaged"))
            continue
        below = folder / "Examinations"
        below /= f"{safe(study['date'] or '', study['title'])} {study['id'][:8]}"
        _seen(pictures, study["id"], below, papers, fetched)
        if with_dicom:
            _files(line, study["id"], below, fetched, show)
        show.files(len(fetched.new) + len(fetched.there))
    return fetched


def _seen(
    pictures: Pictures, study: str, below: Path, papers: Collection[str], fetched: Fetched
) -> None:
    try:
        new, there = pictures.fetch(study, below, papers)
    except NotWhole:
        fetched.failed.append((str(below), AGAIN))
    except Refused as refused:
        if refused.status not in NOT_THERE:
            raise
        fetched.failed.append((str(below), str(refused)))
    else:
        fetched.new += new
        fetched.there += there


def _files(line: Line, study: str, below: Path, fetched: Fetched, show: Progress) -> None:
    address = f"/api/studies/{study}/files"
    for file in line.ask("GET", address)["items"]:
        target = below / f"{file['id']}.dcm"
        _fetch(line, f"{address}/{file['id']}", target, file["sha256"], fetched, show)


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
    if target.exists() and (not sha256 or digest(target) == sha256):
        fetched.there.append(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        with Part(part) as opened:
            bring(line, address, opened)
    except Refused as refused:
        if refused.status not in NOT_THERE:
            raise
        fetched.failed.append((str(target), str(refused)))
        return
    if sha256 and digest(part) != sha256:
        part.unlink()
        fetched.failed.append((str(target), AGAIN))
        return
    part.replace(target)
    fetched.new.append(target)
    show.files(len(fetched.new) + len(fetched.there))
