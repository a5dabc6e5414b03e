"""What is asked all the time finds its rows by an index, however many the tables hold."""

import re
from typing import Final

import pytest
from tortoise.connection import get_connection

from cases import threads
from portal.accounts.ending import leaving
from portal.accounts.entrance import registering
from tests.people import World
from tests.queries import counting

pytestmark = pytest.mark.one_engine
"""Both engines have the same indexes; SQLite says in one line whether it uses one."""

VALUES: Final = re.compile(r": (None|[\[(].*)$", re.DOTALL)
"""What the log writes behind a statement."""
NOTHING: Final = "1=0"
"""What a question for one of no rows becomes; the engine looks at none."""


async def walked(sent: list[str]) -> set[str]:
    """Tables that one of these statements reads from end to end, each with the statement."""
    found = set()
    for statement in {VALUES.sub("", each) for each in sent if NOTHING not in each}:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked = f"EXPLAIN QUERY PLAN {statement}"
            plan = await get_connection("default").execute_query_dict(
                asked, [1] * statement.count("?")
            )
            found |= {
                f"{scan[1]}: {statement}"
                for step in plan
                if (scan := re.match(r"SCAN (?!CONSTANT)(\w+)", step["detail"]))
            }
    return found


async def test_no_page_and_no_post_reads_a_whole_table(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    thread = await ada.first_thread(case)

    with counting() as sent:
        await ben.browser.get(f"/cases/{case}")
        await ben.browser.get("/communities")
        await ben.browser.get(f"/communities/{board}")
        await ben.browser.get(f"/cases/{case}/changes?since=0")
        posted = await ben.posts("Look, @Ada", thread=thread)
        await threads.react(ada.actor, posted.id, "agree", on=True)
        await threads.delete(ben.actor, posted.id)

    assert await walked(sent) == set()


async def test_the_end_of_an_account_reads_no_whole_table(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    await ben.posts("Look", on=await ada.opens("Nodule", in_=board))

    with counting() as sent:
        await leaving.end(ben.actor.id, "delete")

    assert await walked(sent) == set()


async def test_the_look_for_accounts_that_never_began_reads_no_whole_table(world: World) -> None:
    await world.physician("Ada")

    with counting() as sent:
        await registering.forget_unactivated()

    assert await walked(sent) == set()
