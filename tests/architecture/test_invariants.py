"""The table of what is proved names tests that exist, for every promise of today."""

import ast
import re
from typing import Final

from tests.architecture.sources import ROOT

TABLE: Final = ROOT / "docs" / "invariants.md"
LINE: Final = re.compile(r"^\| (T\d+) \|.*\|(.*)\|$", re.MULTILINE)
NAMED: Final = re.compile(r"`([\w/]+\.py)::(\w+)`")
PROMISED: Final = {
    *(f"T{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9, 11, 14, 15, 16, 18, 20, 27, 34, 36, 38)),
    *("T40", "T41", "T42"),
}


def test_every_promise_has_a_test_that_exists() -> None:
    lines = dict(LINE.findall(TABLE.read_text()))
    assert lines.keys() >= PROMISED
    for promise, tests in lines.items():
        named = NAMED.findall(tests)
        assert named, f"{promise} names no test"
        for file, name in named:
            path = ROOT / "tests" / file
            assert path.exists(), f"{promise}: {file} is gone"
            assert name in names_in(path.read_text()), f"{promise}: {file} has no {name}"


def names_in(text: str) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.parse(text).body if isinstance(node, kinds)}
