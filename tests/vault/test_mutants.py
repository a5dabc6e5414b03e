"""
The exam notices every change of the format (T4): mutants of the vault must fail it.

A mutant drops one part of a context or label, disables one `if` (also in an expression or a
comprehension), shifts one comparison, or alters one number or byte string.  None may pass, so the
score is 100 %; the aim is 95 %.  What reads the key
files and what checks the library at the start are not of the format and sit no exam.
"""

import ast
import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final
from unittest.mock import patch

import pytest

from portal import vault
from tests.vault.examination import examine

FOLDER: Final = Path(vault.__file__).parent
ORDER: Final = (
    "faults", "contexts", "roots", "boxes", "ranges", "seals", "derivation", "codes", "signing",
    "pushing", "key_files", "checking",
)  # fmt: skip
EXAMINED: Final = (
    "contexts", "roots", "boxes", "ranges", "seals", "derivation", "codes", "signing", "pushing",
)  # fmt: skip
BOUND: Final = frozenset({"ctx", "sub", "sub_key", "sig", "blind", "pk", "root_wrap", "_encoded"})
SHIFTED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip

Change = Callable[[ast.AST], None]


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in BOUND:
            for number in range(len(node.args)):
                yield f"{name} without argument {number}", _without(number)
        case ast.If() | ast.IfExp():
            yield "if disabled", _disabled
        case ast.comprehension(ifs=[_, *_]):
            yield "if of a comprehension disabled", _unfiltered
        case ast.Compare():
            for number, operator in enumerate(node.ops):
                if type(operator) in SHIFTED:
                    yield f"comparison {number} shifted", _shifted(number)
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | bytes()):
            yield f"constant {node.value!r} altered", _altered


def _without(number: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        del node.args[number]

    return change


def _disabled(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.copy_location(ast.Constant(value=False), node.test)


def _unfiltered(node: ast.AST) -> None:
    assert isinstance(node, ast.comprehension)
    node.ifs = []


def _shifted(number: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[number] = SHIFTED[type(node.ops[number])]()

    return change


def _altered(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    value = node.value
    node.value = value + (1 if isinstance(value, int) else b"x")  # type: ignore[operator]


def _mutants(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            mutant = copy.deepcopy(tree)
            for found, twin in enumerate(ast.walk(mutant)):
                if found == place:
                    change(twin)
            yield f"line {getattr(node, 'lineno', 0)}: {what}", mutant


def _vault_with(codes: dict[str, CodeType]) -> ModuleType:
    """The vault, loaded anew from *codes*, beside the real one."""
    package = ModuleType("portal.vault")
    package.__path__ = [str(FOLDER)]
    fresh = {name: ModuleType(f"portal.vault.{name}") for name in ORDER}
    loaded = {"portal.vault": package} | {f"portal.vault.{name}": fresh[name] for name in ORDER}
    with patch.dict(sys.modules, loaded):
        for name, module in fresh.items():
            setattr(package, name, module)
            module.__package__ = "portal.vault"
            exec(codes[name], vars(module))  # noqa: S102
        exec(codes["__init__"], vars(package))  # noqa: S102
    return package


def _sources() -> dict[str, str]:
    return {name: (FOLDER / f"{name}.py").read_text() for name in (*ORDER, "__init__")}


@pytest.fixture(scope="module")
def codes() -> dict[str, CodeType]:
    return {name: compile(text, name, "exec") for name, text in _sources().items()}


def _passes(codes: dict[str, CodeType], *, thoroughly: bool) -> bool:
    try:
        examine(_vault_with(codes), thoroughly=thoroughly)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 -- however a mutant falls, it falls
        return False
    return True


def test_the_vault_itself_passes_when_loaded_this_way(codes: dict[str, CodeType]) -> None:
    assert _passes(codes, thoroughly=True)


@pytest.mark.parametrize("name", EXAMINED)
def test_mutants_fail_the_exam(name: str, codes: dict[str, CodeType]) -> None:
    tree = ast.parse(_sources()[name])
    born, survivors = 0, []
    for what, mutant in _mutants(tree):
        born += 1
        changed = codes | {name: compile(mutant, name, "exec")}
        if _passes(changed, thoroughly=name == "derivation"):
            survivors.append(what)
    assert born >= 4
    assert survivors == []
