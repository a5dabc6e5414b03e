"""The key files: made once, readable by one user, refused when anything about them is odd."""

import os
import stat
from pathlib import Path

import pytest

from portal import vault
from portal.vault.key_files import DIRECTORY, FIRST_PEPPER, LOG, PUSH, SALT

NAMES = {FIRST_PEPPER: 32, DIRECTORY: 32, LOG: 32, SALT: 16}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    vault.make_key_files(made)
    return made


def test_new_files_are_for_one_user_and_cannot_be_written(folder: Path) -> None:
    found = {each.name: each.stat() for each in folder.iterdir()}

    assert {name: each.st_size for name, each in found.items()} == NAMES
    assert {stat.S_IMODE(each.st_mode) for each in found.values()} == {0o400}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        (tmp_path / "odd").mkdir(0o700)
        (tmp_path / "odd").chmod(0o700)
        vault.make_key_files(tmp_path / "odd")
    finally:
        os.umask(before)

    vault.load_key_files(tmp_path / "odd")


def test_loading_gives_the_same_keys_again(folder: Path) -> None:
    one, two = vault.load_key_files(folder), vault.load_key_files(folder)

    assert one.pepper(1) == two.pepper(one.pepper_id)
    assert one.directory.public == two.directory.public != one.log.public
    assert one.salt == (folder / SALT).read_bytes()


def test_files_that_are_there_are_left_alone(folder: Path) -> None:
    before = {each.name: each.read_bytes() for each in folder.iterdir()}

    with pytest.raises(vault.BadKeyFiles, match="exists already"):
        vault.make_key_files(folder)

    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


def test_half_a_set_is_not_completed(folder: Path) -> None:
    (folder / LOG).unlink()

    with pytest.raises(vault.BadKeyFiles):
        vault.make_key_files(folder)

    assert not (folder / LOG).exists()


def test_a_new_pepper_is_used_for_new_wraps_and_old_ones_still_open(folder: Path) -> None:
    (folder / "pepper-2").write_bytes(b"2" * 32)
    (folder / "pepper-2").chmod(0o400)

    files = vault.load_key_files(folder)

    assert files.pepper_id == 2
    assert files.pepper(1) != files.pepper(2)
    with pytest.raises(vault.Tampered):
        files.pepper(3)


def test_every_problem_is_named_at_once(folder: Path) -> None:
    (folder / FIRST_PEPPER).chmod(0o644)
    (folder / LOG).unlink()
    (folder / DIRECTORY).unlink()
    (folder / DIRECTORY).symlink_to(folder / SALT)
    (folder / SALT).chmod(0o600)
    (folder / SALT).write_bytes(b"too long for a salt")

    with pytest.raises(vault.BadKeyFiles) as refused:
        vault.load_key_files(folder)

    told = str(refused.value).splitlines()
    assert [line.split(": ")[0].rpartition("/")[2] for line in told] == [
        FIRST_PEPPER, DIRECTORY, LOG, SALT, SALT,
    ]  # fmt: skip
    assert "has mode 0644 instead of 0400" in told[0]
    assert "has mode 0600 instead of 0400" in told[3]
    assert "has 19 bytes instead of 16" in told[4]


def test_a_missing_folder_is_told_like_missing_files(tmp_path: Path) -> None:
    with pytest.raises(vault.BadKeyFiles) as refused:
        vault.load_key_files(tmp_path / "nowhere")

    *each, how = str(refused.value).splitlines()
    assert (len(each), how[:28]) == (len(NAMES), "a new portal makes them: pyt")


def test_a_folder_is_no_key_file(folder: Path) -> None:
    (folder / LOG).unlink()
    (folder / LOG).mkdir()

    with pytest.raises(vault.BadKeyFiles, match="is not a plain file"):
        vault.load_key_files(folder)


def test_the_key_for_pushes_is_added_once_and_gives_the_same_pair_again(folder: Path) -> None:
    before = vault.load_key_files(folder)
    assert vault.add_push_key(folder)
    assert not vault.add_push_key(folder)

    one, two = vault.load_key_files(folder), vault.load_key_files(folder)

    assert before.push is None
    assert one.push is not None
    assert one.push == two.push
    pair, again = vault.push_identity(one.push), vault.push_identity(one.push)
    assert pair == again
    assert (len(pair.public), pair.public[:1]) == (65, b"\x04")
    assert "BEGIN" not in repr(pair)
    assert stat.S_IMODE((folder / PUSH).stat().st_mode) == 0o400
