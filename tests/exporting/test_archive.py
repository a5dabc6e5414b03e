"""An archive by itself: the same bytes wherever one enters, also beyond 4 GiB."""

import hashlib
import io
import zipfile
from collections.abc import AsyncGenerator

import pytest

from portal import vault
from portal.exporting import archive as archives
from portal.exporting.archive import Archive, Known
from portal.exporting.zipping import Entry, Sums

LARGE = 5 * 1024 * 1024 * 1024


def entry(name: str, data: bytes, counter: list[str] | None = None) -> Entry:
    async def read(start: int, stop: int) -> AsyncGenerator[bytes, None]:
        if counter is not None:
            counter.append(name)
        for at in range(start, stop, 1000):
            yield data[at : min(at + 1000, stop)]

    return Entry(name, len(data), hashlib.sha256(data).digest(), read, "20260312")


FILES = {
    "README.txt": b"words",
    "Bilder/001 Schädel.jpg": bytes(range(256)) * 9,
    "empty": b"",
    "DICOM/S0000001/I0000001": b"\1" * 4097,
}


def archive(known: Known | None = None) -> Archive:
    return Archive([entry(*each) for each in FILES.items()], known or Known())


async def part(of: Archive, start: int, stop: int) -> bytes:
    return b"".join([piece async for piece in of.stretches(start, stop)])


@pytest.mark.parametrize("at_once", [1 << 22, 0])
async def test_every_cut_is_the_slice_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Also for a process that remembers nothing, and of entries that are read twice."""
    monkeypatch.setattr(archives, "AT_ONCE", at_once)
    whole = await part(archive(), 0, archive().size)
    assert len(whole) == archive().size

    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert opened.testzip() is None
        assert {each: opened.read(each) for each in FILES} == FILES
        sums = opened.read("SHA256SUMS.txt").decode().splitlines()
        assert opened.getinfo("README.txt").date_time[:3] == (2026, 3, 12)
    assert dict(line.split("  ")[::-1] for line in sums) == {
        name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()
    }
    for cut in range(0, len(whole) + 1, 61):
        assert await part(archive(), cut, len(whole)) == whole[cut:]
        assert await part(archive(), cut, min(cut + 7, len(whole))) == whole[cut : cut + 7]


async def test_what_was_sent_is_not_read_again() -> None:
    known, read = Known(), list[str]()
    made = [entry(*each, counter=read) for each in FILES.items()]
    whole = await part(Archive(made, known), 0, Archive(made, known).size)
    read.clear()

    last = Archive(made, known)
    assert await part(last, len(whole) - 500, len(whole)) == whole[-500:]
    assert read == []


async def test_other_contents_are_another_archive() -> None:
    same = [entry(*each) for each in FILES.items()]
    assert Archive(same, Known()).etag == archive().etag
    for other in (
        same[::-1],
        same[:-1],
        [*same[:-1], entry("DICOM/S0000001/I0000001", b"\2" * 4097)],
    ):
        assert Archive(other, Known()).etag != archive().etag


async def test_what_is_not_what_it_was_never_gets_an_end() -> None:
    """Too short, too long, or another content under the sum that was promised."""
    good = b"a" * 5000
    sha256 = hashlib.sha256(good).digest()
    for data in (good[:-1], good + b"a", b"b" * 5000):

        async def read(start: int, stop: int, data: bytes = data) -> AsyncGenerator[bytes, None]:
            yield data[start:]

        known = Known()
        bad = Archive([Entry("x", 5000, b"x", read, lies=b"there", sha256=sha256)], known)
        with pytest.raises(vault.Tampered):
            await part(bad, 0, bad.size)
        assert b"there" in known.unreadable


class Sparse(io.RawIOBase):
    """An archive as a file that is too long for any disk of a test."""

    def __init__(self, pieces: dict[int, bytes], size: int) -> None:
        self.pieces, self.size, self.at = pieces, size, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + {0: 0, 1: self.at, 2: self.size}[whence]
        return self.at

    def read(self, length: int = -1) -> bytes:
        length = self.size - self.at if length < 0 else min(length, self.size - self.at)
        for begin, piece in self.pieces.items():
            if begin <= self.at and self.at + length <= begin + len(piece):
                found = piece[self.at - begin : self.at - begin + length]
                self.at += length
                return found
        raise AssertionError((self.at, length))


async def test_beyond_four_gibibytes_it_is_a_zip64_and_can_be_entered_behind() -> None:
    async def read(start: int, stop: int) -> AsyncGenerator[bytes, None]:
        raise AssertionError("nobody wants these bytes")
        yield b""

    known = Known()
    known.sums.put(b"large", Sums(7, bytes(32)))
    made = Archive([Entry("large", LARGE, b"large", read), entry("small", b"behind")], known)
    front = await part(made, 0, 55)
    back = await part(made, LARGE + 55, made.size)
    file = Sparse({0: front, LARGE + 55: back}, made.size)

    with zipfile.ZipFile(file) as opened:
        assert opened.getinfo("large").file_size == LARGE
        assert opened.getinfo("small").header_offset > LARGE
        assert opened.read("small") == b"behind"


async def test_more_entries_than_a_zip_can_count_are_a_zip64() -> None:
    one = entry("0", b"")
    many = [Entry(f"{number:05}", 0, one.mark, one.read) for number in range(65_536)]
    known = Known()
    known.sums.put(one.mark, Sums(0, hashlib.sha256().digest()))
    made = Archive(many, known)
    assert b"PK\6\6" in await part(made, made.size - 98, made.size)
