"""The thief of the other tests must be a good one."""

import base64
import gzip
import io
import os
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.thief import look, look_into

CANARY = "Kanarienvogel-Ärztin"


def _zipped(data: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a name", data + b"." * 500)
    return written.getvalue()


@pytest.mark.parametrize(
    "hidden",
    [
        CANARY.encode(),
        CANARY.encode("utf-16-le"),
        base64.b64encode(CANARY.encode()),
        base64.b64encode(b"x" + CANARY.encode() + b"y"),
        base64.urlsafe_b64encode(b"xy" + CANARY.encode() + b"z"),
        CANARY.encode().hex().encode(),
        b"?q=Kanarienvogel-%C3%84rztin&",
        zlib.compress(b"many words before, then " + CANARY.encode() * 3),
        gzip.compress(CANARY.encode()),
        zlib.compress(base64.b64encode(CANARY.encode())),
        b"?q=Kanarienvogel-%c3%84rztin&",
        _zipped(CANARY.encode()),
        zlib.compress(CANARY.encode() + os.urandom(20_000))[:15_000],
        zlib.compress(CANARY.encode("utf-16-le") + bytes(9000))[:-4] + b"no checksum at all",
    ],
    ids=[
        *("raw", "utf-16", *(f"base64-{n}" for n in range(3)), "hex", "url", "zlib", "gzip"),
        *("both", "url in small letters", "zip", "cut", "broken"),
    ],
)
def test_a_planted_word_is_found_in_every_disguise(tmp_path: Path, hidden: bytes) -> None:
    (tmp_path / "blob").write_bytes(os.urandom(5000) + hidden + os.urandom(5000))

    assert {find.canary for find in look([tmp_path], [CANARY])} == {CANARY}


def test_a_file_name_counts_and_noise_does_not(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(os.urandom(200_000))
    assert look([tmp_path], [CANARY, b"\x07" * 64]) == []

    (tmp_path / f"{CANARY}.dcm").write_bytes(b"")
    assert look([tmp_path], [CANARY])[0].where.startswith("name of")


def test_bytes_are_found_like_words() -> None:
    pixels = bytes(range(200, 250)) * 3

    for hidden in (pixels.hex().upper(), base64.b64encode(b"x" + pixels).decode(), quote(pixels)):
        assert look_into(f"… {hidden} …".encode(), "here", [pixels])


def test_words_of_a_form_are_found() -> None:
    assert look_into(b"&q=eher+gutartig%2C+warten&", "here", ["eher gutartig, warten"])


def test_a_canary_too_short_to_prove_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        look_into(b"", "nothing", ["abc"])
