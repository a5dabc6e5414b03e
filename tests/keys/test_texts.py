"""Texts open in their place, in full, and show their length only in steps."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import keys, vault

ROOT = vault.new_secret()
OWNER, ROW = uuid4(), uuid4()
MINE = keys.Text("user", OWNER, 1, ROOT)


@given(st.text(max_size=300))
def test_every_text_comes_back(text: str) -> None:
    boxed = MINE.box("post", "body", ROW, 1, text)

    assert MINE.open("post", "body", ROW, 1, boxed) == text


@pytest.mark.parametrize(
    "text", ["", "\0", "\x80", "a\0\0", "ü" * 64, "\ud800", "x" * 63, "x" * 64]
)
def test_odd_texts_come_back(text: str) -> None:
    boxed = MINE.box("post", "body", ROW, 1, text)

    assert MINE.open("post", "body", ROW, 1, boxed) == text


def test_the_length_shows_only_in_steps_of_64_bytes() -> None:
    sizes = [len(MINE.box("post", "body", ROW, 1, "x" * length)) for length in range(129)]

    assert sizes == [73 + 64] * 64 + [73 + 128] * 64 + [73 + 192]


def test_a_text_in_another_place_does_not_open() -> None:
    """T7: fields, rows, revisions, owners and generations cannot be exchanged."""
    boxed = MINE.box("post", "body", ROW, 1, "Follow up or biopsy?")
    assert MINE.open("post", "body", ROW, 1, boxed)

    for reader, place in (
        (MINE, ("thread", "body", ROW, 1)),
        (MINE, ("post", "title", ROW, 1)),
        (MINE, ("post", "body", uuid4(), 1)),
        (MINE, ("post", "body", ROW, 2)),
        (keys.Text("community", OWNER, 1, ROOT), ("post", "body", ROW, 1)),
        (keys.Text("user", uuid4(), 1, ROOT), ("post", "body", ROW, 1)),
        (keys.Text("user", OWNER, 2, ROOT), ("post", "body", ROW, 1)),
        (keys.Text("user", OWNER, 1, vault.new_secret()), ("post", "body", ROW, 1)),
    ):
        with pytest.raises(vault.Tampered):
            reader.open(*place, boxed)


def test_a_box_without_our_padding_is_refused() -> None:
    context = vault.contexts.text("user", OWNER, 1, "post", "body", ROW, 1)
    boxed = vault.box(vault.sub_key(ROOT, "text"), b"no end", context)

    with pytest.raises(vault.Tampered):
        MINE.open("post", "body", ROW, 1, boxed)


def test_the_helper_does_not_show_its_key() -> None:
    assert ROOT.reveal().hex() not in repr(MINE)
    assert repr(vault.sub_key(ROOT, "text").reveal())[2:-1] not in repr(MINE)
