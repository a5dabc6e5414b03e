"""The whole check looks at what is committed, whoever owns the folder, or says that it cannot."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = """#!/bin/sh
[ "$1" = test ] || exit 0
pwd -P; ls; echo "1 passed in 0.1s"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project with our check, and a `make` that only says where it was called."""
    project = tmp_path / "project"
    (project / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", project / ".ci" / "run")
    (project / "committed").touch()
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    git = ["git", "-C", str(project), *who]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(MAKE)
    make.chmod(0o755)
    return project


def _run(project: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{project.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [project / ".ci" / "run"],
        env=os.environ | {"PATH": path, "TMPDIR": str(project.parent)} | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("different", ["0", "1"])
def test_what_is_not_committed_is_not_checked_whoever_owns_the_folder(
    checkout: Path, different: str
) -> None:
    (checkout / "not-committed").touch()

    done = _run(checkout, GIT_TEST_ASSUME_DIFFERENT_OWNER=different)

    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] != str(checkout)
    assert "committed" in said
    assert "not-committed" not in said
    assert said[-2:] == ["1 passed in 0.1s", "lint: clean"]
    assert sorted(each.name for each in checkout.parent.iterdir()) == ["bin", "project"]


def test_a_clean_checkout_is_checked_where_it_is(checkout: Path) -> None:
    assert _run(checkout).stdout.splitlines()[0] == str(checkout.resolve())


def test_a_folder_that_git_cannot_read_is_not_checked_at_all(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")

    done = _run(checkout, GIT_CEILING_DIRECTORIES=str(checkout.parent))

    assert done.returncode == 2
    assert "nothing was checked" in done.stderr
    assert "passed" not in done.stdout
