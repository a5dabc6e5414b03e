"""Sizes as people read them: alone, and two in one sentence."""

import pytest

from portal.core.language import show_bytes

GIB, MIB = 2**30, 2**20


@pytest.mark.parametrize(
    ("used", "allowed", "words"),
    [
        (1012 * MIB, GIB, ("1,012 MB", "1,024 MB")),
        (0, GIB, ("0 MB", "1,024 MB")),
        (MIB // 2, GIB, ("0.5 MB", "1,024 MB")),
        (3 * GIB, 50 * GIB, ("3.0 GB", "50 GB")),
        (36_000, GIB, ("0.1 MB", "1,024 MB")),
        (700, 900, ("700 B", "900 B")),
    ],
)
def test_two_sizes_in_one_sentence_have_one_unit(
    used: int, allowed: int, words: tuple[str, str]
) -> None:
    shown = show_bytes(used, allowed), show_bytes(allowed, allowed)

    assert tuple(each.replace("\u00a0", " ") for each in shown) == words


def test_a_size_by_itself_has_the_unit_that_is_read_best() -> None:
    sizes = (0, 700, 1023 * MIB, 1024 * MIB, 12 * GIB)
    shown = [show_bytes(each).replace("\u00a0", " ") for each in sizes]

    assert shown == ["0 B", "700 B", "1,023 MB", "1.0 GB", "12 GB"]
