"""Nothing is announced to nobody: every event has a listener, or a reason why it has none."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import sources

HEARD_BY_NOBODY: Final = {
    "AccountActivated": "an invitation by mail is found by its mark when somebody next looks",
    "AccountGone": "every room took leave in the same transaction, and the sessions ended with it",
    "AccountsForgotten": "only activated accounts are invited, so no other room names one of these",
}


def test_every_event_that_is_announced_has_a_listener_or_a_reason() -> None:
    announced = {*called("announce", 0), *called("deliver", 0)} - {"announced"}  # the list in core
    heard = set(called("listening", 0))

    assert announced - heard == HEARD_BY_NOBODY.keys()
    assert heard <= announced, "it listens to what nobody says"


def test_what_must_not_be_lost_is_somebodys_duty() -> None:
    owed = set(called("owe", 0)) - {"event"}

    assert owed == set(called("paying", 0)) == {
        "SafetyChanged", "StudyBinned", "StudyDeleted", "StudyPrepared", "StudyThinned",
        "StudyWorded",
    }  # fmt: skip


def called(verb: str, position: int) -> Iterator[str]:
    """The class that each call of *verb* names at *position*: `Event` or `Event(...)`."""
    for source in sources():
        for node in ast.walk(source.tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if (
                    name == verb
                ):
                    yield named(args[position])


def named(value: ast.expr) -> str:
    match value:
        case ast.Call(func=function):
            return named(function)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    raise AssertionError(f"announced in a way this test cannot read: {ast.dump(value)}")
