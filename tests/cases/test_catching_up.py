"""What a page gets that missed something: each thing once, and as cheaply for many as for one."""

from tests.people import World
from tests.queries import counting

JSON = {"Accept": "application/json"}


async def test_a_new_thread_comes_empty_and_each_of_its_posts_once(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    thread = await ada.starts("Clot or calcification?", in_=case)
    for number in range(3):
        await ada.posts(f"Finding number {number}", thread=thread)

    answer = await ben.browser.get(f"/cases/{case}/changes?since=0", headers=JSON)

    lines = (await answer.get_json())["changes"]
    (began,) = [each for each in lines if each["kind"] == "thread"]
    assert "Clot or calcification?" in began["html"]
    assert "data-composer" in began["html"]
    told = "".join(each.get("html", "") for each in lines)
    assert [told.count(f"Finding number {number}<") for number in range(3)] == [1, 1, 1]
    posted = [each["seq"] for each in lines if each["kind"] == "post"]
    assert min(posted) > began["seq"], "there is a thread to put them into"


async def test_many_new_threads_cost_what_one_costs(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)

    async def cost() -> int:
        with counting() as sent:
            answer = await ben.browser.get(f"/cases/{case}/changes?since=0", headers=JSON)
        assert answer.status_code == 200
        return len(sent)

    await ada.posts("First", thread=await ada.starts("One", in_=case))
    one = await cost()
    for number in range(4):
        await ada.posts("More", thread=await ada.starts(f"Another {number}", in_=case))

    assert await cost() == one
