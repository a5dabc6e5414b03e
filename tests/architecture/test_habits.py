"""How code looks here: short functions, short files, no printing, no secrets in logs or queries."""

import ast
import re
import tomllib
from typing import Final

from tests.architecture.sources import ROOT, Source, sources

FILE_LINES: Final = 400
FUNCTION_LINES: Final = 40

LONG_FUNCTIONS: Final = {
    "portal/demo/phantom.py::_file": "the header of a DICOM file is one long list",
}

SPEAK: Final = {"portal/commands.py", "portal/__main__.py"}
"""The command line, which answers on standard output."""

EXECUTE: Final = re.compile(r"^(execute\w*|raw|executescript|fetch\w*)$")
SQL: Final = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|ALTER|DROP|WITH)\s", re.IGNORECASE)
LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical"}
LOGGERS: Final = {"log", "logger", "logging"}
UNSPEAKABLE: Final = re.compile(
    r"passw|secret|token|cookie|csrf|root|\bkeys?$|_key$|code|mail|address|name$|title|text|body"
    r"|question|words|header|plain|\burl|query|path$|file"
)
SPEAKABLE: Final = {"__name__", "__qualname__", "public_key", "code_kind"}


def test_files_are_short() -> None:
    long = [s.path for s in sources() if len(s.text.splitlines()) > FILE_LINES]
    assert long == [], "split it by verb family"


def test_functions_are_short() -> None:
    long = {
        f"{source.path}::{node.name}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and own_lines(node) > FUNCTION_LINES
    }
    assert long == LONG_FUNCTIONS.keys(), "split it, or say here why it must be one"


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without the functions inside it: a blueprint is a list of routes."""
    inner = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node is not function
    ]
    lines = set(range(function.lineno, (function.end_lineno or 0) + 1))
    for node in inner:
        lines -= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(lines)


def test_nothing_is_printed() -> None:
    for source in sources():
        for node in ast.walk(source.tree):
            match node:
                case ast.Call(func=ast.Name(id="print" | "pprint" | "breakpoint")):
                    assert source.path in SPEAK, f"{source.path}:{node.lineno} prints"


def test_logs_name_kinds_and_ids_only() -> None:
    for source in sources():
        for call, values in logged(source):
            for value in values:
                assert not UNSPEAKABLE.search(value) or value in SPEAKABLE, (
                    f"{source.path}:{call.lineno} logs {value}"
                )


def logged(source: Source) -> list[tuple[ast.Call, list[str]]]:
    """Every log call with the names of what it logs."""
    found = []
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=logger), attr=level)) if (
                logger in LOGGERS and level in LEVELS
            ):
                template, *values = node.args
                fixed = isinstance(template, ast.Constant)
                assert fixed, f"{source.path}:{node.lineno} builds its log line"
                found.append((node, [last_name(value) for value in values]))
    return found


def last_name(value: ast.expr) -> str:
    match value:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Call(func=function):
            return last_name(function)
        case ast.Subscript(value=inner) | ast.Await(value=inner):
            return last_name(inner)
        case _:
            return ""


def test_queries_are_not_glued_together() -> None:
    for source in sources():
        for node in ast.walk(source.tree):
            where = f"{source.path}:{getattr(node, 'lineno', 0)}"
            match node:
                case ast.Name(id="RawSQL") | ast.alias(name="RawSQL"):
                    raise AssertionError(f"{where} uses RawSQL")
                case ast.Call(func=ast.Attribute(attr=verb), args=[first, *_]) if EXECUTE.match(
                    verb
                ):
                    assert not glued(first), f"{where} glues a statement together"
                case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
                    assert not SQL.match(start), f"{where} glues a statement together"


def glued(statement: ast.expr) -> bool:
    match statement:
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            return True
    return False


def test_the_present_is_always_aware() -> None:
    for source in sources():
        for node in ast.walk(source.tree):
            match node:
                case ast.Attribute(value=ast.Name(id="datetime"), attr="utcnow" | "today"):
                    raise AssertionError(f"{source.path}:{node.lineno} has a naive time")


def test_every_python_source_is_checked_for_types() -> None:
    """What `make lint` formats and checks, mypy checks too, strictly."""
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    makefile = (ROOT / "Makefile").read_text()
    named = re.search(r"^SOURCES := (.+)$", makefile, re.MULTILINE)
    assert named is not None
    assert sorted(mypy["files"]) == sorted(named.group(1).split())
    assert mypy["strict"] is True
