"""What is kept comes back also for whoever has no viewer, whole or not at all."""

import asyncio
import hashlib
import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal import keys, studies
from portal.carrying.downloading import Fetched, download
from portal.carrying.line import Line
from portal.carrying.pictures import NotWhole, unpacked
from portal.carrying.uploading import upload
from portal.core.db import now
from tests.architecture.sources import ROOT
from tests.carrying.test_carrying import disc, quiet
from tests.people import Person, World
from tests.studies.spoiling import prepared

__all__ = ["disc"]


async def all_prepared(world: World, person: Person) -> None:
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    for each in await studies.my_studies(shelf, person.actor):
        await prepared(shelf, person.actor, each.id)


async def test_pictures_and_documents_come_without_dicom_and_once(
    world: World, server: str, disc: Path, tmp_path: Path
) -> None:
    """The real program; the second time nothing is fetched, and what was lost comes again."""
    erika = await world.patient("Erika Beispiel")
    token = await keys.make_token(erika.actor, "CLI", ["read", "add"], now() + timedelta(days=2))
    env = {"PATH": os.environ["PATH"], "HDS_PORTAL": server, "HDS_TOKEN": token}
    archive = tmp_path / "archive"

    async def run(*words: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-S", "-m", "portal", *words], env=env, cwd=ROOT,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return str(done.stdout).strip()

    await run("upload", str(disc / "DICOM"), str(disc / "Finding.pdf"))
    await all_prepared(world, erika)
    first = await run("download", "--to", str(archive))
    again = await run("download", "--to", str(archive))
    pictures = sorted(archive.rglob("*.jpg"))
    pictures[0].unlink()
    [paper] = archive.rglob("*.pdf")
    paper.write_bytes(b"%PDF- spoiled")
    mended = await run("download", "--to", str(archive))

    assert first == "fetched 4, there already 0, not fetched 0"
    assert again == "fetched 0, there already 4, not fetched 0"
    assert mended == "fetched 4, there already 0, not fetched 0"
    assert len(pictures) == 3
    assert all(each.read_bytes().startswith(b"\xff\xd8\xff") for each in pictures)
    assert paper.read_bytes() == (disc / "Finding.pdf").read_bytes()
    left = [each for each in archive.rglob("*") if ".part" in each.name or each.suffix == ".dcm"]
    assert left == []


async def test_an_archive_that_was_cut_goes_on_and_one_that_changed_begins_anew(
    world: World, server: str, disc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    token = await keys.make_token(erika.actor, "CLI", ["read", "add"], now() + timedelta(days=2))
    line = Line(server, token, lambda _words: None, sleep=lambda _seconds: None)
    await asyncio.to_thread(upload, line, [disc / "DICOM"], quiet())
    await all_prepared(world, erika)
    asked, real = list[tuple[str | None, bool]](), Line._asked

    def ask(self: Line, method: str, path: str, body: Any, headers: Any) -> Any:
        if len(asked) == 1 and headers.get("Range") != "bytes=0-0":
            headers = dict(headers) | {"If-Range": '"another one"'}
        answer = real(self, method, path, body, headers)
        if path.startswith("/download/") and headers.get("Range") != "bytes=0-0":
            asked.append((headers.get("Range"), "If-Range" in headers))
            if len(asked) <= 2:
                pieces = [answer.read(1000), b""]
                monkeypatch.setattr(answer, "read", lambda _most=None: pieces.pop(0))
        return answer

    monkeypatch.setattr(Line, "_asked", ask)
    fetched: Fetched = await asyncio.to_thread(
        lambda: download(line, tmp_path / "to", quiet(), with_dicom=False)
    )
    line.close()

    assert asked == [(None, False), ("bytes=1000-", True), ("bytes=1000-", True)]
    assert (len(fetched.new), fetched.failed) == (3, [])
    assert list((tmp_path / "to").glob(".*zip*")) == []


def packed(path: Path, files: dict[str, bytes], **wrong: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        lines = []
        for name, data in files.items():
            archive.writestr(name, data)
            lines.append(f"{hashlib.sha256(wrong.get('promised', data)).hexdigest()}  {name}\n")
        archive.writestr("SHA256SUMS.txt", "".join(lines))
    return path


def test_nothing_of_an_archive_leads_out_of_its_folder_or_over_another_file(
    tmp_path: Path,
) -> None:
    names = ["Pictures/a/1.jpg", "Pictures/b/1.JPG", "../../up.jpg", "/etc/x.jpg", "c\\..\\d.jpg"]
    archive = packed(tmp_path / "a.zip", {each: each.encode() for each in names})
    made = unpacked(archive, tmp_path / "to", {hashlib.sha256(b"/etc/x.jpg").hexdigest()})
    assert sorted(each.relative_to(tmp_path).as_posix() for each in made) == [
        "to/1 (2).JPG", "to/1.jpg", "to/c .. d.jpg", "to/up.jpg",
    ]  # fmt: skip


def test_what_did_not_arrive_as_it_was_sent_is_not_kept(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"Pictures/1.jpg": b"one"}, promised=b"another")
    with pytest.raises(NotWhole):
        unpacked(archive, tmp_path / "to", set())
    assert list((tmp_path / "to").iterdir()) == []
