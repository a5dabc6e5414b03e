"""Every sign that a page or a script names is there to be drawn."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"""\bicon\("([a-z-]+)\"""")


@pytest.mark.one_engine
def test_no_button_has_an_empty_place_for_its_icon() -> None:
    drawn = set(re.findall(r'id="([a-z-]+)"', (ROOT / "client/assets/icons.svg").read_text()))
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "client").rglob("*.ts")]
    named = {name: source.name for source in sources for name in NAMED.findall(source.read_text())}
    assert len(named) > 20
    assert {name: where for name, where in named.items() if name not in drawn} == {}
