"""A context stands for exactly its parts (T2), and every part of every context matters (T3)."""

import inspect
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal import vault
from portal.vault import contexts
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
    "sub": ("text", 1),
}
"""The table of the format: one row for each builder, with an example of every part."""


@settings(max_examples=3000, deadline=None)
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


def test_the_table_has_every_builder() -> None:
    builders = {
        name
        for name, each in inspect.getmembers(contexts, inspect.isfunction)
        if each.__module__ == contexts.__name__ and not name.startswith("_")
    }

    assert builders - {"ctx"} == set(TABLE)


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


@pytest.mark.parametrize("name", TABLE)
def test_every_part_of_a_context_matters(name: str) -> None:
    build: Callable[..., bytes] = getattr(contexts, name)
    right = TABLE[name]
    boxed = vault.box(KEY, b"something", build(*right))
    assert vault.unbox(KEY, boxed, build(*right)) == b"something"

    for number, part in enumerate(right):
        wrong = [*right[:number], _other(part), *right[number + 1 :]]
        with refused(vault):
            vault.unbox(KEY, boxed, build(*wrong))


def test_contexts_of_different_rows_never_meet() -> None:
    one, two = uuid4(), uuid4()
    built = [getattr(contexts, name)(*parts) for name, parts in TABLE.items()]

    assert len(set(built)) == len(TABLE)
    assert contexts.outer(one) != contexts.session(one.bytes)
    assert contexts.blob(one, two, "x") != contexts.dek(one, "x", two, 1)
