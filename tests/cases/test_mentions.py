"""A name is called when it stands there whole, and not when somebody else's begins with it."""

from uuid import uuid4

import pytest

from cases import mentions
from cases.people import Colleague
from portal.core.actor import AccountId
from tests.people import World

OTHERS = [
    "Ask @Anna Bergmann about it",
    "Ask @Anna Bergß about it",
    "Ask @Anna Berg2 about it",
    "Ask @Anna Berg_2 about it",
    "Ask @Anna Berg\u0301 about it",
    "Ask @Anna Bergмир about it",
]
"""What begins with "@Anna Berg" and is another name."""
CALLS = [
    "@Anna Berg",
    "Ask @anna berg, please",
    "Is it old, @Anna Berg?",
    "@Anna Berg\u2019s opinion",
    "(@Anna Berg)",
    "@Anna Berg\nplease look",
    "@Anna Bergmann and @Anna Berg",
]


@pytest.mark.parametrize("text", OTHERS)
async def test_a_longer_name_calls_nobody_whose_name_it_begins_with(
    world: World, text: str
) -> None:
    anna = await world.physician("Anna Berg")
    board = await anna.founds("Board")

    assert await mentions.called_in(board, text) == []
    assert mentions.split(text, [Colleague(anna.actor.id, anna.name)]) == [(text, False)]


@pytest.mark.parametrize("text", CALLS)
async def test_a_whole_name_calls_whatever_stands_behind_it(world: World, text: str) -> None:
    anna = await world.physician("Anna Berg")
    board = await anna.founds("Board")

    assert await mentions.called_in(board, text) == [anna.actor.id]
    pieces = mentions.split(text, [Colleague(anna.actor.id, anna.name)])
    assert "".join(part for part, _ in pieces) == text
    assert [part.casefold() for part, called in pieces if called] == ["@anna berg"]


async def test_the_longest_name_is_the_one_that_is_called(world: World) -> None:
    ann, lee = await world.physician("Ann"), await world.physician("Ann Lee")
    board = await ann.founds("Board")
    await ann.invites(lee, board)

    assert await mentions.called_in(board, "@Ann Lee, look") == [lee.actor.id]
    assert await mentions.called_in(board, "@Ann Leeds, look") == [ann.actor.id]
    assert set(await mentions.called_in(board, "@Ann Lee and @Ann")) == {
        ann.actor.id, lee.actor.id,
    }  # fmt: skip


def test_names_that_fold_to_other_lengths_are_shown_as_they_were_typed() -> None:
    hans = Colleague(AccountId(uuid4()), "Hans Groß")

    assert mentions.split("@Hans Groß, look", [hans]) == [("@Hans Groß, look", False)]
