"""A part is whole or it is nothing."""

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.errors import PortalError
from portal.studies import parts

FILES = [(7, b"first file"), (8, os.urandom(3000)), (9, b"x")]
BODY = parts.build(FILES)


def test_files_come_back_with_their_numbers() -> None:
    records = parts.parse(BODY)

    assert [(each.file, bytes(each.data)) for each in records] == FILES
    assert all(each.whole for each in records)


def test_a_large_file_is_cut_into_pieces_that_add_up() -> None:
    data = random.Random(1).randbytes(2 * parts.PIECE + 5)

    records = [parts.parse(body)[0] for body in parts.build_pieces(3, data)]

    assert [each.piece for each in records] == [0, 1, 2]
    assert b"".join(bytes(each.data) for each in records) == data
    assert not any(each.whole for each in records)
    assert parts.pieces(len(data)) == 3


@given(st.integers(0, len(BODY) - 1))
@settings(max_examples=300)
def test_a_part_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(PortalError):
        parts.parse(BODY[:length])


def test_every_cut_at_a_record_is_refused() -> None:
    start, header = 8, 56
    for _, data in FILES[:-1]:
        start += header + len(data)
        with pytest.raises(PortalError):
            parts.parse(BODY[:start])


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_a_changed_byte_never_changes_a_file(at: int, change: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= change
    try:
        records = parts.parse(changed)
    except PortalError:
        return
    assert [bytes(each.data) for each in records] == [data for _, data in FILES]


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_noise_is_refused_in_our_own_words(noise: bytes) -> None:
    with pytest.raises(PortalError):
        parts.parse(noise)


@pytest.mark.parametrize(
    ("total", "offset", "length"),
    [(10, 5, 5), (parts.PIECE + 1, 1, parts.PIECE), (parts.PIECE + 1, parts.PIECE, 2),
     (parts.FILE + 1, 0, parts.PIECE), (0, 0, 0), (5, 0, 4)],
)  # fmt: skip
def test_records_that_lie_about_their_place_are_refused(
    total: int, offset: int, length: int
) -> None:
    body = parts._built([(1, total, offset, b"\0" * length)])

    with pytest.raises(PortalError):
        parts.parse(body)
