"""The locks are complete, hashed, free of addresses, and say what pyproject.toml asks for."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

LOCKS: Final = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, str]:
    """Version by name."""
    found = PINNED.findall((ROOT / lock).read_text())
    return {canonicalize_name(name): version for name, version in found}


def asked(*groups: str) -> list[Requirement]:
    """What pyproject.toml asks for itself."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted: list[Any] = [] if groups else list(project["project"]["dependencies"])
    for group in groups:
        wanted += project["dependency-groups"][group]
    return [Requirement(each) for each in wanted if isinstance(each, str)]


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", asked()),
        ("requirements-build.lock", asked("build")),
        ("requirements-dev.lock", [*asked(), *asked("build", "dev")]),
    ],
)
def test_a_lock_holds_what_was_asked_for(lock: str, requirements: list[Requirement]) -> None:
    versions = pinned(lock)
    assert requirements
    for each in requirements:
        version = versions.get(canonicalize_name(each.name))
        assert version is not None, f"{lock} lacks {each.name}: run make lock"
        assert each.specifier.contains(version, prereleases=True), f"{each}, locked {version}"


def test_tests_run_with_the_versions_of_the_portal() -> None:
    for_tests = pinned("requirements-dev.lock")
    assert pinned("requirements.lock").items() <= for_tests.items()
    assert pinned("requirements-build.lock").items() <= for_tests.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_file_is_hashed_and_none_has_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|--index|--extra-index|--find-links|@ ", text)


def test_the_browser_lock_has_hashes_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    installed = {name: each for name, each in packages.items() if name and not each.get("link")}
    assert installed
    assert [name for name, each in installed.items() if "resolved" in each] == []
    assert [name for name, each in installed.items() if "integrity" not in each] == []


def test_every_direct_dependency_has_its_reason() -> None:
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    package = json.loads((ROOT / "package.json").read_text())
    names = [each.name for each in [*asked(), *asked("build", "dev")]]
    names += [*package["dependencies"], *package["devDependencies"]]
    assert [name for name in names if f"`{name}`" not in reasons] == []


def test_no_machine_shows_in_the_repository() -> None:
    files = [*ROOT.glob("*"), *(ROOT / "scripts").glob("*"), *(ROOT / ".ci").glob("*")]
    shown = re.compile(
        r"/home/\w|/w[o]rk/|/root/|https?://(?!127\.0\.0\.1|keepachangelog)[\w.]*pypi|npmjs"
    )
    committed = [file for file in files if file.is_file() and file.name != ".git"]
    guilty = [file.name for file in committed if shown.search(text_of(file))]
    assert guilty == []


def text_of(file: Path) -> str:
    return file.read_bytes().decode(errors="replace")
