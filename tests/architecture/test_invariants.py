"""The table of what is proved names tests that exist, for every promise of today."""

import ast
import re
from functools import cache
from typing import Final

from tests.architecture.sources import ROOT

TABLE: Final = ROOT / "docs" / "invariants.md"
ROW: Final = re.compile(r"^\| (T\d+)[a-z]? \|.*\|(.*)\|$", re.MULTILINE)
QUOTED: Final = re.compile(r"`([^`]*::[^`]*)`")
FORM: Final = "file::test"
"""How the text above the table says what a name looks like."""
PROMISED: Final = {
    *(f"T{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 21)),
    *(f"T{number}" for number in (22, 23, 24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 36, 37, 38)),
    *("T40", "T41", "T42"),
}


def test_every_name_in_the_text_is_a_test_that_exists() -> None:
    assert missing(TABLE.read_text()) == []


def test_every_promise_has_its_tests() -> None:
    rows = ROW.findall(TABLE.read_text())
    assert {promise for promise, _ in rows} >= PROMISED
    assert [promise for promise, tests in rows if not QUOTED.findall(tests)] == []


def test_a_name_that_is_gone_is_noticed_wherever_it_stands() -> None:
    here = "architecture/test_invariants.py"
    text = f"""
| T1 | the first of two rows | `{here}::test_gone_1` |
| T1 | the second | `{here}::test_every_promise_has_its_tests` |
| | no number | `{here}::test_gone_2`, `architecture/test_nowhere.py::test_x` |
Words below the table: `{here}::test_gone_3`, `no name::at all`.
"""
    assert missing(text) == [
        f"{here}::test_gone_1",
        f"{here}::test_gone_2",
        "architecture/test_nowhere.py::test_x",
        f"{here}::test_gone_3",
        "no name::at all",
    ]


def missing(text: str) -> list[str]:
    """The names in *text* that are no test of a file below `tests/`."""
    names = [each for each in QUOTED.findall(text) if each != FORM]
    return [each for each in names if each.split("::")[1] not in _tests(each.split("::")[0])]


@cache
def _tests(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    if not path.is_file():
        return frozenset()
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    body = ast.parse(path.read_text()).body
    names = [node.name for node in body if isinstance(node, kinds)]
    return frozenset(each for each in names if each.startswith("test_"))
