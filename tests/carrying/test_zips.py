"""A ZIP is sent as if its files lay in a folder; what cannot be sent is named."""

import asyncio
import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from portal import studies
from portal.carrying import aes, files, locked, zips
from portal.carrying.files import File, Left
from portal.carrying.line import Line
from portal.carrying.uploading import upload
from portal.carrying.watching import Watch, watch
from portal.carrying.zips import Desk, Inside
from tests.carrying.terminal import sits
from tests.carrying.test_carrying import image, quiet, token_of
from tests.people import World
from tests.studies.locking import Lock, locked_zip
from tests.viewer.pdf.making import pdf

PASSWORD = "on the envelope"
POSIX = pytest.mark.skipif(os.name != "posix", reason="a terminal is POSIX's")


def no_password(_path: Path, _wrong: bool) -> str:
    return ""


def looked(path: Path, ask: zips.AskPassword = no_password) -> dict[str, File | str]:
    """By name in the ZIP: the file, or why it is left out."""
    desk, seen = Desk(), dict[str, File | str]()
    for each in zips.inside(path, ask):
        found = files.looked_inside(each, desk) if isinstance(each, Inside) else Left(*each)
        name = found.path.relative_to(path).as_posix()
        seen[name] = found.why if isinstance(found, Left) else found
    desk.clear()
    return seen


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A ZIP with two images, one of them in pieces, a finding, and what does not belong there."""
    path = tmp_path / "cd" / "disc.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DICOM/large", image(3, 1500))
        archive.writestr("DICOM/a", image(1))
        archive.writestr("Finding.pdf", pdf(["Nothing conspicuous"]))
        archive.writestr("../up.dcm", image(4))
        archive.writestr("inner.zip", b"PK\x03\x04" + bytes(200))
        archive.writestr("DICOMDIR", b"never looked at")
        archive.writestr("empty", b"")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return path


async def test_a_zip_goes_through_and_again_as_what_is_there(
    world: World, server: str, disc: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    line = Line(server, await token_of(erika), lambda _words: None)
    first = await asyncio.to_thread(upload, line, [disc], quiet())
    again = await asyncio.to_thread(upload, line, [disc.parent], quiet())
    line.close()

    assert sorted(each.relative_to(disc).as_posix() for each in first.kept) == [
        "DICOM/a", "DICOM/large", "Finding.pdf",
    ]  # fmt: skip
    assert {each.path.name: each.why for each in first.left} == {
        "up.dcm": "has a name that leads out of its ZIP",
        "inner.zip": "is an archive: please unpack it first",
        "empty": "is empty",
        "link": "is a link",
    }
    assert (len(again.kept), len(again.there)) == (0, 3)
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    [study] = await studies.my_studies(shelf, erika.actor)
    assert study.instances == 2
    assert list(disc.parent.iterdir()) == [disc], "nothing is unpacked beside it"


@POSIX
@pytest.mark.parametrize("lock", ["old", "aes"])
async def test_a_password_is_asked_for_at_the_terminal_and_goes_nowhere(
    world: World, server: str, tmp_path: Path, lock: Lock
) -> None:
    erika = await world.patient("Erika Beispiel")
    path = locked_zip(tmp_path / "disc.zip", {"a": image(1), "b": image(2)}, PASSWORD, lock)
    env = {"HDS_PORTAL": server, "HDS_TOKEN": await token_of(erika)}
    prompt = "Password of disc.zip"

    none = await sits(env, ["upload", str(path)], (prompt, ""), home=tmp_path)
    right = await sits(
        env, ["upload", str(path)], (prompt, "a wrong one"), (prompt, PASSWORD), home=tmp_path
    )

    assert none.status == 1
    assert none.shown.count("is protected by a password") == 2
    assert right.status == 0, right.shown
    assert "This password does not open it." in right.shown
    assert "kept 2" in right.shown
    assert PASSWORD not in right.shown


def test_our_aes_is_that_of_the_standard() -> None:
    """FIPS 197, appendix C: 128, 192 and 256 bits, also many blocks at once."""
    plain, key = bytes.fromhex("00112233445566778899aabbccddeeff"), bytes(range(32))
    for length, sealed in (
        (16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
        (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
        (32, "8ea2b7ca516745bfeafc49904b496089"),
    ):
        rounds = aes.expanded(key[:length])
        assert aes.encrypted(rounds, plain).hex() == sealed
        assert aes.encrypted(rounds, plain * 3).hex() == sealed * 3


def test_what_was_packed_before_it_was_locked_is_unpacked(tmp_path: Path) -> None:
    """More than one stretch and than one turn of the counter's blocks."""
    data = os.urandom(70_000) + bytes(300_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    path = locked_zip(
        tmp_path / "a.zip", {"a": packer.compress(data) + packer.flush()}, PASSWORD, "aes"
    )
    with zipfile.ZipFile(path) as archive:
        [info] = archive.infolist()
    info.extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, zipfile.ZIP_DEFLATED)
    with path.open("rb") as opened:
        stream = locked.unlocked(opened, info, PASSWORD)
        out = io.BytesIO()
        while piece := stream.read(10_000):
            out.write(piece)
        with pytest.raises(locked.WrongPassword):
            locked.unlocked(opened, info, "another")
    assert out.getvalue() == data


@pytest.mark.parametrize("lock", ["old", "aes"])
def test_a_damaged_file_is_named_and_the_others_are_sent(tmp_path: Path, lock: Lock) -> None:
    """One flipped bit is seen, whatever cipher hides it."""
    kept = {"a": image(1), "b": image(2) + bytes(100)}
    path = locked_zip(tmp_path / "disc.zip", kept, PASSWORD, lock)
    spoiled = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        spoiled[archive.getinfo("b").header_offset + 1000] ^= 1
    path.write_bytes(spoiled)
    seen = looked(path, lambda _path, _wrong: PASSWORD)
    assert isinstance(seen["a"], File)
    assert seen["b"] == "is damaged in its ZIP"


def test_a_zip_that_is_none_or_too_much_is_refused_whole(tmp_path: Path) -> None:
    broken, bomb = tmp_path / "broken.zip", tmp_path / "bomb.zip"
    broken.write_bytes(b"PK\x03\x04" + bytes(500))
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("zeros", bytes(80 * 1024 * 1024))
    assert looked(broken) == {".": "is a ZIP that is damaged or not complete"}
    assert looked(bomb) == {".": "is a ZIP that unpacks to far more than it could hold"}
    letter = tmp_path / "letter.docx"
    letter.write_bytes(bomb.read_bytes())
    assert not zips.is_zip(letter)


def test_a_zip_that_is_another_one_when_it_is_sent_is_not_sent(disc: Path) -> None:
    seen = looked(disc)
    good = [each for each in seen.values() if isinstance(each, File)]
    os.utime(disc, ns=(0, 1))
    slices = [each for part in files.cut(good) for each in part]
    body, left = files.packed(good, slices, Desk())
    assert body == b""
    assert {each.why for each in left} == {"changed while it was sent"}


async def test_a_watched_zip_is_sent_once_and_moved_whole(
    world: World, server: str, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    folder = tmp_path / "incoming"
    folder.mkdir()
    with zipfile.ZipFile(folder / "good.zip", "w") as archive:
        archive.writestr("a", image(1))
    with zipfile.ZipFile(folder / "some.zip", "w") as archive:
        archive.writestr("b", image(2))
        archive.writestr("readme.txt", b"Please insert the disc." * 20)
    line = Line(server, await token_of(erika), lambda _words: None)
    told = list[int]()

    def work() -> None:
        watched = Watch(folder, 1.0, folder / "sent")
        watch(line, watched, quiet(), lambda each: told.append(len(each.kept)),
              rounds=4, sleep=lambda _seconds: None)  # fmt: skip

    await asyncio.to_thread(work)
    line.close()
    assert told == [2], "and not once more in the rounds after it"
    assert (folder / "sent" / "good.zip").exists()
    assert (folder / "some.zip").exists(), "something of it was not taken"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_a_bound_is_named_and_not_opened(tmp_path: Path, method: int) -> None:
    path = tmp_path / "disc.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("grows", bytes(4_000_000), compress_type=method)
        archive.writestr("a", image(1))

    seen = looked(path)

    assert seen["grows"] == "is packed in a way that is not opened: please unpack it first"
    assert isinstance(seen["a"], File)


def test_a_locked_file_shorter_than_its_frame_reads_nothing_beyond_it(tmp_path: Path) -> None:
    path = locked_zip(tmp_path / "disc.zip", {"a": image(1)}, PASSWORD, "aes")
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        (info,) = archive.infolist()
        info.compress_size = 12
        with pytest.raises(ValueError, match="shorter"):
            locked.unlocked(file, info, PASSWORD)
