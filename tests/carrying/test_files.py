"""What lies about on a disk: many, changing, vanishing, and some that are no files."""

import os
import tracemalloc
from pathlib import Path

import pytest

from portal.carrying import files
from portal.carrying.files import File, Left
from portal.carrying.zips import Desk

POSIX = pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")


@POSIX
def test_loops_and_pipes_end_nothing(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"something")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")

    seen = {each.path.name: each for each in map(files.looked_at, files.found([tmp_path]))}

    assert seen.keys() == {"a", "self", "gone", "pipe"}, "a linked folder is not gone into"
    assert isinstance(seen["a"], File)
    why = {name: each.why for name, each in seen.items() if isinstance(each, Left)}
    assert why["pipe"] == "is no file"
    assert why["gone"].startswith("cannot be read")
    assert why["self"].startswith("cannot be read")


def test_a_file_that_vanished_or_changed_is_not_sent_as_what_it_was(tmp_path: Path) -> None:
    """Also one of the same length: a mixture of two files is worse than none."""
    for name in ("gone", "grown", "other", "stays"):
        (tmp_path / name).write_bytes(name.encode())
    good = [
        each for each in map(files.looked_at, files.found([tmp_path])) if isinstance(each, File)
    ]
    (tmp_path / "gone").unlink()
    (tmp_path / "grown").write_bytes(b"grown more")
    (tmp_path / "other").write_bytes(b"OTHER")
    os.utime(tmp_path / "other", ns=(0, good[2].moment + 1))

    [slices] = files.cut(good)
    body, left = files.packed(good, slices, Desk())

    assert sorted(each.path.name for each in left) == ["gone", "grown", "other"]
    assert body.endswith(b"stays")
    assert b"OTHER" not in body


def test_sixty_five_thousand_tiny_files_take_little_memory(tmp_path: Path) -> None:
    """Measured with fewer: what is held of 65,536 stays below 96 MiB, and nothing piles up."""
    number = 1500
    for each in range(number):
        (tmp_path / f"IM{each:08}").write_bytes(b"%d" % each)
    tracemalloc.start()
    try:
        good = [each for each in map(files.looked_at, files.found([tmp_path]))
                if isinstance(each, File)]  # fmt: skip
        parts = files.cut(good)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(good), len(parts)) == (number, 2)
    assert held / number * 65_536 < 96 * 1024 * 1024
    assert peak - held < 4 * files.PIECE
