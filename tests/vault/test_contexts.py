"""
A context stands for exactly its parts (T2), and every part of every context matters (T3).

The table of the format is `docs/formats.md`; the code and that file are compared both ways.
"""

import ast
import hashlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal import vault
from portal.core.actor import Secret
from portal.vault import contexts
from tests.architecture.sources import PACKAGES, ROOT
from tests.vault.examination import KEY, refused

PART = (
    st.binary(max_size=12)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.integers(0, 2**64 - 1)
)
PARTS = st.lists(PART, max_size=5)

TABLE: dict[str, tuple[Any, ...]] = {
    "root_wrap": ("password", "user", uuid4(), 1, b"bound", 7),
    "outer": (uuid4(), "guard", 3),
    "chain": (uuid4(), 7),
    "dek": (uuid4(), "user", uuid4(), 3),
    "text": ("user", uuid4(), 1, "post", "body", uuid4(), 2),
    "blob": (uuid4(), uuid4(), "manifest"),
    "index": (uuid4(), 3, 9),
    "member": (uuid4(), 3, uuid4(), b"f" * 32, "owner"),
    "guard": (uuid4(), 3),
    "former_address": (uuid4(), "f" * 64, 1_700_000_000),
    "administrator": (uuid4(), 1_700_000_000),
    "standing": (uuid4(), uuid4(), 1_700_000_000),
    "blind": ("study", "uid", "1.2.840.1"),
    "audit": (b"p" * 32, "study", 5, b"{}"),
    "seal": ("study", uuid4(), 0, "community", uuid4(), 4, b"f" * 32),
    "pk": (uuid4(), 1, b"public"),
    "sig": ("dir", "user", 1),
    "session": (b"s" * 16,),
    "token": (b"t" * 16,),
    "sub": ("text", 1),
}
"""One row for each builder, with an example of every part."""

WRITTEN = (ROOT / "docs" / "formats.md").read_text()
LABELLED = frozenset({"sub_key", "pepper_key", "outer_key", "blind_mark", "ctx"})


@settings(max_examples=3000)
@given(PARTS, PARTS)
@example(["ab", "c"], ["a", "bc"])
@example([b"a"], ["a"])
@example([b"\0" * 8], [0])
@example(["0"], [0])
@example([], [""])
@example(["a", ""], ["a"])
def test_different_parts_never_give_the_same_bytes(one: list[Any], two: list[Any]) -> None:
    def typed(each: list[Any]) -> list[tuple[type, Any]]:
        return [(type(part), part) for part in each]

    assert (vault.ctx(*one) == vault.ctx(*two)) == (typed(one) == typed(two))


def test_a_uuid_counts_as_its_bytes() -> None:
    one = uuid4()

    assert vault.ctx(one) == vault.ctx(one.bytes)


def _builders() -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(contexts))
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    return {each.name: each for each in functions if each.name not in {"ctx", "_encoded"}}


def _parts_of(builder: ast.FunctionDef) -> str:
    """What a builder gives to `ctx`, in its one statement."""
    [returned] = [each for each in ast.walk(builder) if isinstance(each, ast.Return)]
    call = returned.value
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "ctx"
    assert not call.keywords
    return ", ".join(map(ast.unparse, call.args))


def _parameters_of(builder: ast.FunctionDef) -> set[str]:
    given = builder.args
    names = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg]
    return {each.arg for each in names if each is not None}


def test_the_table_of_the_format_is_the_code() -> None:
    written = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", WRITTEN, re.MULTILINE))
    builders = _builders()

    assert {name: _parts_of(each) for name, each in builders.items()} == written
    assert set(TABLE) == set(written)
    for name, each in builders.items():
        assert _parameters_of(each) <= set(re.findall(r"\w+", written[name])), f"{name} drops one"


def _normal(argument: ast.expr) -> str:
    match argument:
        case ast.Starred():
            return "*·"
        case ast.Constant(value=value):
            return repr(value)
        case _:
            return "·"


def _uses(path: Path) -> Iterator[str]:
    """Every context, label and key purpose in a file, with its words and the places for values."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            *rooms, verb = ast.unparse(node.func).split(".")
            if verb in LABELLED or rooms[-1:] == ["contexts"]:
                given = [_normal(each) for each in node.args]
                given += [f"{each.arg}={_normal(each.value)}" for each in node.keywords]
                yield f"{verb}({', '.join(given)})"


def test_every_use_of_a_context_or_label_is_frozen() -> None:
    """A label that is dropped passes every round trip: this is what notices it (T4)."""
    files = [path for room in PACKAGES for path in (ROOT / room).rglob("*.py")]
    outside = [path for path in files if path.parent != ROOT / "portal" / "vault"]
    [block] = re.findall(r"```\n(.+?)```", WRITTEN, re.DOTALL)

    assert {use for path in outside for use in _uses(path)} == set(block.splitlines())


def _other(part: Any) -> Any:
    match part:
        case UUID():
            return uuid4()
        case int():
            return part + 1
        case str():
            return "log" if part == "dir" else part + "x"
        case _:
            return part[:-1] + b"\xff"


def _boxes(context: bytes) -> Callable[[bytes], object]:
    boxed = vault.box(KEY, b"something", context)
    return lambda other: vault.unbox(KEY, boxed, other)


def _marks(context: bytes) -> Callable[[bytes], object]:
    mark = vault.mac(KEY, context)
    return lambda other: vault.check_mac(KEY, other, mark)


def _seals(info: bytes) -> Callable[[bytes], object]:
    pair, secret = vault.key_pair(KEY), vault.new_secret()
    sealed = vault.seal(pair.public, secret, info)
    return lambda other: vault.unseal(pair, sealed, other)


def _hashes(context: bytes) -> Callable[[bytes], object]:
    """The hash of a context is a key here: what lies under it opens for no other."""
    boxed = vault.box(Secret(hashlib.sha256(context).digest()), b"something", b"")
    return lambda other: vault.unbox(Secret(hashlib.sha256(other).digest()), boxed, b"")


BOUND: dict[str, Callable[[bytes], Callable[[bytes], object]]] = dict.fromkeys(TABLE, _boxes) | {
    "seal": _seals,
    **dict.fromkeys(("member", "guard", "former_address", "administrator", "standing"), _marks),
    **dict.fromkeys(("blind", "audit", "pk", "session", "token", "sub", "sig"), _hashes),
}
"""What a context of each row binds; those of `VERBS` have a verb of the vault beside it."""


def _signed(*parts: Any) -> Callable[..., object]:
    key = vault.SigningKey(KEY)
    signature = vault.sign(key, *parts)
    return lambda *other: vault.verify(key.public, signature, *other)


VERBS: dict[str, Callable[..., bytes]] = {
    "blind": lambda *parts: vault.blind_mark(KEY, *parts),
    "pk": vault.fingerprint,
    "sub": lambda *label: vault.sub_key(KEY, *label).reveal(),
}


@pytest.mark.parametrize("name", TABLE)
def test_every_part_of_a_context_matters(name: str) -> None:
    """Changed alone, each part is denied by what the context is for: box, seal, mark, signature."""
    build: Callable[..., bytes] = getattr(contexts, name)
    right = TABLE[name]
    opens, verb = BOUND[name](build(*right)), VERBS.get(name)
    opens(build(*right))

    for number, part in enumerate(right):
        wrong = [*right[:number], _other(part), *right[number + 1 :]]
        with refused(vault):
            opens(build(*wrong))
        assert verb is None or verb(*wrong) != verb(*right)


@pytest.mark.parametrize("number", range(3))
def test_every_part_of_a_signature_matters(number: int) -> None:
    right: tuple[Any, ...] = TABLE["sig"]
    verifies = _signed(*right)
    verifies(*right)

    with refused(vault):
        verifies(*right[:number], _other(right[number]), *right[number + 1 :])


def test_contexts_of_different_rows_never_meet() -> None:
    one, two = uuid4(), uuid4()
    built = [getattr(contexts, name)(*parts) for name, parts in TABLE.items()]

    assert len(set(built)) == len(TABLE)
    assert contexts.outer(one) != contexts.session(one.bytes)
    assert contexts.blob(one, two, "x") != contexts.dek(one, "x", two, 1)
