"""
What can be seen of an examination without a viewer, as the portal's archive of it has it.

The archive goes on after a cut, every file in it is checked against its sum, and what is here
already in the same state is not fetched again.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.carrying.line import Line
from portal.carrying.names import alike, free, safe_file
from portal.carrying.parts import Part, bring

STATE: Final = ".hds-fetched.json"
"""Lies in the folder that is fetched into."""
SUMS: Final = "SHA256SUMS.txt"
ABOUT: Final = frozenset({SUMS, "README.txt"})
LINE: Final = 66
"""Characters in front of a name in the list of sums."""
LONGEST_LIST: Final = 64 * 1024 * 1024
STRETCH: Final = 1024 * 1024


class NotWhole(Exception):
    """Something did not arrive as it was sent."""


@dataclass
class Pictures:
    """Archives of examinations, unpacked below *folder*."""

    line: Line
    folder: Path
    _done: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            self._done = dict(json.loads((self.folder / STATE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self._done = {}  # nothing is lost: it is fetched once more

    def fetch(
        self, study: str, below: Path, papers: Collection[str]
    ) -> tuple[list[Path], list[Path]]:
        """
        The files of *study* that are new and those that were there, all *below*.

        *papers*: sums of documents that were fetched by themselves.  Raises `Stop`, `NotWhole`.
        """
        address = f"/download/archive?e={study}&dicom=0"
        tag = self.line.tag_of(address)
        there = self._there(study, tag)
        if there is not None:
            return [], there
        part = self.folder / f".{study}.zip.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        with Part(part, tagged=True) as opened:
            bring(self.line, address, opened)
        try:
            made = unpacked(part, below, papers)
        except (zipfile.BadZipFile, zlib.error, ValueError, KeyError) as error:
            raise NotWhole from error
        finally:
            Part.forget(part)
        self._note(study, tag, made)
        return list(made), []

    def _there(self, study: str, tag: str) -> list[Path] | None:
        known = self._done.get(study)
        if not tag or not isinstance(known, dict) or known.get("tag") != tag:
            return None
        files = {self.folder / name: sha256 for name, sha256 in known["files"].items()}
        whole = all(path.is_file() and digest(path) == sha256 for path, sha256 in files.items())
        return list(files) if whole else None

    def _note(self, study: str, tag: str, made: Mapping[Path, str]) -> None:
        files = {path.relative_to(self.folder).as_posix(): each for path, each in made.items()}
        self._done[study] = {"tag": tag, "files": files}
        fresh = self.folder / f"{STATE}.new"
        fresh.write_text(json.dumps(self._done), encoding="utf-8")
        fresh.replace(self.folder / STATE)


def unpacked(packed: Path, below: Path, papers: Collection[str]) -> dict[Path, str]:
    """
    The files of an archive, written *below*, with their sums; but those of *papers*.

    Raises `NotWhole`, and what `zipfile` raises for what is no archive.
    """
    made, taken = dict[Path, str](), set[str]()
    with zipfile.ZipFile(packed) as archive:
        sums = _sums(archive)
        for info in archive.infolist():
            if info.is_dir() or info.filename in ABOUT or sums[info.filename] in papers:
                continue
            # Only the last part of the path, and nothing of it that leads elsewhere.
            name = free(safe_file(info.filename.rpartition("/")[2]), taken)
            taken.add(alike(name))
            below.mkdir(parents=True, exist_ok=True)
            _write(archive, info, below / name, sums[info.filename])
            made[below / name] = sums[info.filename]
    return made


def digest(path: Path) -> str:
    """SHA-256 in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sums(archive: zipfile.ZipFile) -> dict[str, str]:
    if archive.getinfo(SUMS).file_size > LONGEST_LIST:
        raise NotWhole
    lines = archive.read(SUMS).decode().splitlines()
    return {each[LINE:]: each[:64] for each in lines}


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, sha256: str) -> None:
    fresh, seen = target.with_name(f"{target.name}.part"), hashlib.sha256()
    try:
        with archive.open(info) as packed, fresh.open("wb") as opened:
            while piece := packed.read(STRETCH):
                seen.update(piece)
                opened.write(piece)
        if seen.hexdigest() != sha256:
            raise NotWhole
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
