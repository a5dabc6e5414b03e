"""Founding a community, answering an invitation, leaving: what the pages say about it."""

from uuid import UUID

from cases import communities
from cases.ids import CommunityId
from tests.people import World


async def test_whoever_is_alone_is_told_what_leaving_ends(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    browser = ada.browser
    about = {"name": "Board", "department": "Neuroradiology", "location": "Kiel"}
    founded = await browser.post("/communities/manage", form=about)
    place = founded.headers["Location"].partition("?")[0]
    board = CommunityId(UUID(place.split("/")[2]))

    welcome = await (await browser.get(founded.headers["Location"])).get_data(as_text=True)
    empty = await (await browser.get(f"/communities/{board}")).get_data(as_text=True)
    await ada.invites(ben, board)
    together = await (await browser.get(place)).get_data(as_text=True)

    assert "nobody but you is in it" in welcome
    assert "deleted for good" in welcome
    assert "You are the only member so far" in empty
    assert "deleted for good" not in together


async def test_what_was_answered_or_left_is_confirmed(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    for path, words in (
        ("/communities/invitations/{}/decline", "You have declined the invitation."),
        (f"/communities/{board}/leave", "You have left the community."),
    ):
        asked = await communities.invite(ada.actor, board, ben.actor.id)
        if "decline" not in path:
            await communities.accept(ben.actor, asked)
        answer = await ben.browser.post(path.format(asked))
        page = await (await ben.browser.get(answer.headers["Location"])).get_data(as_text=True)
        assert words in page
