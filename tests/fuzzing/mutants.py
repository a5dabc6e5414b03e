"""
Mutants: sound files spoiled, each the same wherever and whenever its name is asked for.

`dicom/4711` is made of nothing but its name and the seeds, so that a case that was found can be
played again.  Seeds are the small files of pydicom and those beside the project.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final, Literal, get_args

import numpy as np
import pydicom
from PIL import Image

from tests.viewer.dicom.making import DATA, parsed
from tests.viewer.pdf.making import pdf
from viewer.dicom import Header
from viewer.dicom.inspecting import inspect_file

Kind = Literal["dicom", "pdf", "jpeg", "png", "zip"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SAMPLES: Final = Path(pydicom.data.__file__).parent / "test_files"
LARGEST: Final = 200_000
"""Bytes of a seed."""
NEAR: Final = 4000
"""Most of what decides about a file stands within so many bytes."""
NUMBERS: Final = (0, 1, 2, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
WORDS: Final[dict[Kind, tuple[bytes, ...]]] = {
    "dicom": (
        b"SQ\0\0\xff\xff\xff\xff", b"UN\0\0\xff\xff\xff\xff", b"OB\0\0\xff\xff\xff\x7f",
        b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0", b"UI\x00\x00", b"DICM",
        b"\xe0\x7f\x10\x00OW\0\0\xff\xff\xff\xff", b"\x28\x00\x10\x00US\x02\x00\xff\xff",
        b"\x28\x00\x08\x00IS\x0a\x002147483647", b"\x28\x00\x00\x01US\x02\x00\x40\x00",
        b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.5\0",
        b"\xfe\xff\xdd\xe0\0\0\0\0",
    ),
    "pdf": (
        b"/Kids [2 0 R]", b"/Length 99999999", b"/JS (app.alert(1))", b"endobj", b"endstream",
        b"/Filter [/FlateDecode /FlateDecode]", b"xref", b"trailer", b"<<<<<<<<", b"[[[[[[[[",
        b"/MediaBox [0 0 1e9 1e9]", b"/Parent 4 0 R", b"1000000000 0 R", b"%%EOF", b"(((((",
    ),
    "jpeg": (
        b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"\xff\xc4", b"\xff\xe1\xff\xff",
        b"\xff\xdd",
    ),
    "png": (
        b"IHDR", b"IDAT", b"IEND", b"iCCP", b"tEXt", b"acTL", b"PLTE", b"\x00\x00\x00\x00IEND",
    ),
    "zip": (
        b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08",
        b"../../../",
    ),
}  # fmt: skip
"""What parsers look for, by kind of file."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One spoiled file."""

    name: str
    seed: str
    """The name of the file it is made of."""
    data: bytes = field(repr=False)


def mutant(kind: Kind, number: int) -> Mutant:
    """The mutant of this number."""
    name = f"{kind}/{number}"
    chance = Random(name)
    seed, whole = chance.choice(seeds(kind))
    if kind == "dicom":
        whole = _with_own_number(whole, name)
    data = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        chance.choice(SPOILERS)(chance, data, WORDS[kind])
    return Mutant(name, seed, bytes(data))


Spoiler = Callable[[Random, bytearray, Sequence[bytes]], None]


def _at(chance: Random, data: bytearray) -> int:
    """A place, mostly near the beginning; the first bytes say what a file is and mostly stay."""
    first = 0 if chance.random() < 0.02 else min(8, len(data))
    stop = len(data) if chance.random() < 0.4 else min(len(data), NEAR)
    return chance.randrange(min(first, stop), stop + 1)


def _flip(chance: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _at(chance, data)
    data[at : at + 1] = bytes([chance.randrange(256)])


def _number(chance: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, size = _at(chance, data), chance.choice("HI")
    value = chance.choice(NUMBERS) & (0xFFFF if size == "H" else 0xFFFFFFFF)
    packed = struct.pack(chance.choice("<>") + size, value)
    data[at : at + len(packed)] = packed


def _cut(chance: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _at(chance, data)
    del data[at : at + chance.randrange(1, 60)]


def _double(chance: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _at(chance, data)
    data[at:at] = bytes(data[at : at + chance.randrange(1, 400)]) * chance.choice((1, 1, 2, 50))


def _move(chance: Random, data: bytearray, _: Sequence[bytes]) -> None:
    here, there, length = _at(chance, data), _at(chance, data), chance.randrange(1, 200)
    data[here : here + length] = data[there : there + length]


def _end(chance: Random, data: bytearray, _: Sequence[bytes]) -> None:
    if chance.random() < 0.3:
        del data[max(8, _at(chance, data)) :]


def _word(chance: Random, data: bytearray, words: Sequence[bytes]) -> None:
    at, word = _at(chance, data), chance.choice(words)
    data[at : at + chance.choice((0, len(word)))] = word


SPOILERS: Final[tuple[Spoiler, ...]] = (
    _flip,
    _flip,
    _number,
    _number,
    _cut,
    _double,
    _move,
    _end,
    _word,
    _word,
)


def _with_own_number(whole: bytes, name: str) -> bytes:
    """The same image under an SOPInstanceUID of its own, so that each is kept and drawn."""
    uid = str(parsed(whole).get("SOPInstanceUID", "")).encode()
    if len(uid) < 12:
        return whole
    own = b"2.25.9" + str(int(sha256(name.encode()).hexdigest(), 16)).encode()[: len(uid) - 6]
    return whole.replace(uid, own)


@cache
def seeds(kind: Kind) -> tuple[tuple[str, bytes], ...]:
    """Sound files of this kind, by name, in an order that is the same everywhere."""
    return tuple(sorted(_MADE[kind]().items()))


def _dicom() -> dict[str, bytes]:
    paths = [*SAMPLES.glob("*"), *(DATA.rglob("*") if DATA.is_dir() else [])]
    found = {}
    for path in paths:
        if not path.is_file() or path.stat().st_size > LARGEST or "LICENSES" in path.parts:
            continue
        data = path.read_bytes()
        if isinstance(inspect_file(data), Header):
            found[f"{path.parent.name}/{path.name}"] = data
    return found


def _pdf() -> dict[str, bytes]:
    active = "/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"
    found = {"own": pdf(["One", "Two"], catalog=active)}
    for path in (DATA / "pdf").rglob("*.pdf") if DATA.is_dir() else []:
        if path.stat().st_size <= LARGEST:
            found[path.name] = path.read_bytes()
    return found


def _photos(format_: str) -> dict[str, bytes]:
    noise, found = np.random.default_rng(18), {}
    for mode, shape in (("RGB", (40, 60, 3)), ("L", (40, 60)), ("RGBA", (30, 20, 4))):
        if format_ == "JPEG" and mode == "RGBA":
            continue
        picture = Image.fromarray(noise.integers(0, 255, shape).astype(np.uint8), mode)
        for exif in (b"", _exif()):
            out = io.BytesIO()
            more = {"progressive": bool(exif)} if format_ == "JPEG" else {}
            picture.save(out, format_, exif=exif, **more)
            found[f"{mode} {len(exif)}"] = out.getvalue()
    return found


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x0132] = "Acme", 6, "2026:03:12 10:15:00"
    return exif.tobytes()


def _zip() -> dict[str, bytes]:
    found = {}
    inner = [(SAMPLES / each).read_bytes() for each in ("CT_small.dcm", "SC_rgb_small_odd.dcm")]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as packed:
            for number, data in enumerate([*inner, b"", b"%PDF-1.4"]):
                packed.writestr(zipfile.ZipInfo(f"DICOM/IM{number}"), data, method)
        found[f"method {method}"] = out.getvalue()
    return found


_MADE: Final[dict[Kind, Callable[[], dict[str, bytes]]]] = {
    "dicom": _dicom,
    "pdf": _pdf,
    "jpeg": lambda: _photos("JPEG"),
    "png": lambda: _photos("PNG"),
    "zip": _zip,
}
