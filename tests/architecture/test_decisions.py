"""Decisions are cited by their numbers: each has one of its own."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "docs" / "decisions"


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = sorted(FOLDER.glob("*.md"))

    numbers = [int(page.name.split("-")[0]) for page in pages]

    assert numbers == list(range(1, len(pages) + 1))
    for number, page in zip(numbers, pages, strict=True):
        title = page.read_text(encoding="utf-8").splitlines()[0]
        assert title.startswith(f"# {number}. "), page.name
