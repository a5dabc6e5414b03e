"""The pages as they arrive in a browser, with and without scripts."""

import base64
import json
import re
from uuid import UUID, uuid4

import pytest
from quart import Response

from cases import access, casework, threads
from cases.forms import NewPost
from cases.models import Case, Member, Post
from cases.pins import Pin
from portal.core.errors import Unknown
from tests.cases.views import JPEG, view_of
from tests.people import Person, World
from tests.queries import counting

SCRIPT = '<img src=x onerror="alert(1)">'
JSON = {"Accept": "application/json"}


async def html_of(person: Person, path: str, status: int = 200) -> str:
    answer = await person.browser.get(path)
    assert answer.status_code == status, await answer.get_data(as_text=True)
    return str(await answer.get_data(as_text=True))


async def test_a_physician_founds_a_community_and_invites_through_the_pages(world: World) -> None:
    ada = await world.physician("Dr. Ada Lindqvist")
    chiara = await world.physician("Dr. Chiara Rossi")
    assert "No communities yet" in await html_of(ada, "/communities")

    about = {"name": "Neuro Board North", "department": "Neuroradiology", "location": "Kiel"}
    founded = await ada.browser.post("/communities/manage", form=about)
    members = founded.headers["Location"].partition("?")[0]
    assert "Chiara" not in await html_of(ada, members)
    assert "Dr. Chiara Rossi" in await html_of(ada, f"{members}?q=rossi")
    base = members.removesuffix("/members")
    asked = await ada.browser.post(f"{base}/invitations", form={"account": str(chiara.actor.id)})
    assert asked.status_code == 303

    page = await html_of(chiara, "/communities")
    assert "Neuro Board North" in page
    (path,) = {part for part in page.split('"') if part.endswith("/accept")}
    accepted = await chiara.browser.post(path)
    assert accepted.headers["Location"] == base
    assert "No cases yet" in await html_of(chiara, base)
    assert "Make an owner" not in await html_of(chiara, members)


async def test_missing_words_are_named_beside_their_fields(world: World) -> None:
    ada = await world.physician("Ada")

    answer = await ada.browser.post("/communities/manage", form={"name": "Board"})

    html = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Which department is it?" in html
    assert 'value="Board"' in html
    assert await access.my_communities(ada.actor) == []


async def test_opening_a_case_through_its_form(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    assert "A case needs an examination" in await html_of(ada, f"/communities/{board}/cases/new")
    study = await ada.keeps_a_study("CT head, native")
    page = await html_of(ada, f"/communities/{board}/cases/new")
    assert "CT head, native" in page
    assert "1 March 2026" in page
    assert "1 other object" in page
    assert "0 images" not in page
    form = {"client_id": str(uuid4()), "title": "Dense vessel", "modality": "CT"}

    refused = await ada.browser.post(f"/communities/{board}/cases", form=form)

    html = await refused.get_data(as_text=True)
    assert refused.status_code == 422
    for complaint in ("What do you want to ask", "Choose at least one of your studies"):
        assert complaint in html
    assert 'value="Dense vessel"' in html
    form |= {"question": "Clot?", "region": "head", "age_band": "65–69", "studies": str(study)}
    first = await ada.browser.post(f"/communities/{board}/cases", form=form)
    again = await ada.browser.post(f"/communities/{board}/cases", form=form)
    assert first.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    case = await html_of(ada, first.headers["Location"])
    assert "Clot?" in case
    assert "Beispiel" not in case  # the page of a case names no patient
    assert "Dense vessel" in await html_of(ada, f"/communities/{board}")


async def test_nobody_opens_a_case_about_a_study_of_somebody_else(world: World) -> None:
    ada, mallory = await world.physician("Ada"), await world.physician("Mallory")
    study = await ada.keeps_a_study()
    circle = await mallory.founds("Circle")
    form = {
        "client_id": str(uuid4()), "title": "Mine?", "question": "?", "modality": "CT",
        "region": "head", "age_band": "65–69",
    }  # fmt: skip

    real = await mallory.browser.post(
        f"/communities/{circle}/cases", form=form | {"studies": str(study)}
    )
    wrong = await mallory.browser.post(
        f"/communities/{circle}/cases", form=form | {"studies": str(uuid4())}
    )

    assert real.status_code == wrong.status_code == 422
    assert await real.get_data() == await wrong.get_data()
    assert await Case.all().count() == 0


async def test_cases_are_filtered_by_status_modality_and_region(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    await ada.opens("Dense vessel", in_=board)
    knee = await ada.opens("Meniscus", in_=board, modality="MR", region="leg")
    await casework.close(ada.actor, knee)

    assert "Meniscus" in await html_of(ada, f"/communities/{board}")
    for query in ("status=open", "modality=CT", "region=head", "modality=CT&status=open"):
        page = await html_of(ada, f"/communities/{board}?{query}")
        assert "Dense vessel" in page
        assert "Meniscus" not in page
    assert "No case matches" in await html_of(ada, f"/communities/{board}?status=open&region=leg")


async def test_cases_stand_in_the_order_in_which_they_want_attention(world: World) -> None:
    ada = await world.physician("Ada")
    board = await ada.founds("Board")
    pressing = await ada.opens("Pressing", in_=board, urgency="today")
    calm = await ada.opens("Calm", in_=board)
    busy = await ada.opens("Busy", in_=board, urgency="week")
    done = await ada.opens("Done", in_=board, urgency="now")
    await ada.posts("Something new", on=calm)
    await casework.close(ada.actor, done)

    page = await html_of(ada, f"/communities/{board}")

    order = re.findall(r'<a class="cover" href="/cases/([^"]+)"', page)
    assert order == [str(each) for each in (pressing, calm, busy, done)]
    assert page.index('id="open"') < page.index(str(pressing)) < page.index('id="closed"')
    assert 'id="closed"' not in await html_of(ada, f"/communities/{board}?status=open")


async def test_a_stranger_cannot_tell_what_exists_from_a_wrong_id(world: World) -> None:
    ada, mallory = await world.physician("Ada"), await world.physician("Mallory")
    await mallory.founds("Elsewhere")
    board = await ada.founds("Board")
    study = await ada.keeps_a_study()
    case = await ada.opens("Nodule", in_=board, about=[study])
    posted = await ada.posts("Confidential", on=case, pin=Pin(view_of(study), JPEG))
    wrong = uuid4()

    for path, real in (
        ("/communities/{}", board),
        ("/communities/{}/members", board),
        ("/communities/{}/cases/new", board),
        ("/cases/{}", case),
        ("/cases/{}/changes", case),
        ("/cases/{}/edit", case),
        ("/threads/{}/posts", posted.thread),
        ("/posts/{}", posted.id),
        ("/posts/{}/history", posted.id),
        ("/posts/{}/around", posted.id),
        ("/posts/{}/picture", posted.id),
        ("/v/{}", study),
    ):
        theirs = await mallory.browser.get(path.format(real))
        none = await mallory.browser.get(path.format(wrong))
        assert theirs.status_code == none.status_code == 404, path
        assert await told(theirs, real) == await told(none, wrong), path

    new = {"client_id": str(uuid4()), "text": "me too", "title": "mine", "kind": "agree"}
    for path, real in (
        ("/communities/{}/leave", board),
        ("/communities/{}/about", board),
        ("/communities/{}/invitations", board),
        ("/communities/{}/cases", board),
        ("/cases/{}/threads", case),
        ("/cases/{}/closure", case),
        ("/cases/{}/reopening", case),
        ("/threads/{}/posts", posted.thread),
        ("/threads/{}/read", posted.thread),
        ("/posts/{}", posted.id),
        ("/posts/{}/deletion", posted.id),
        ("/posts/{}/reactions", posted.id),
    ):
        sent = new | {"seq": "1", "rev": "1", "account": str(mallory.actor.id)}
        sent |= {"name": "N", "department": "D", "location": "L", "question": "Q"}
        sent |= {"modality": "CT", "region": "head", "age_band": "65–69"}
        sent |= {"studies": str(await mallory.keeps_a_study())}
        theirs = await mallory.browser.post(path.format(real), form=sent)
        none = await mallory.browser.post(path.format(wrong), form=sent)
        assert theirs.status_code == none.status_code == 404, path
        assert await told(theirs, real) == await told(none, wrong), path


async def told(answer: Response, asked: UUID) -> str:
    """The answer, apart from the address that the asker wrote himself."""
    text = await answer.get_data(as_text=True)
    return str(text).replace(str(asked), "…")


async def test_a_post_without_scripts_lands_in_the_page(world: World) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    thread = await ada.first_thread(case)

    form = {"client_id": str(uuid4()), "text": "Follow up or biopsy?", "reply_to": ""}
    answer = await ada.browser.post(f"/threads/{thread}/posts", form=form)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"/cases/{case}#post-")
    assert "Follow up or biopsy?" in await ada.reads(case)


async def test_the_answer_to_a_post_the_page_and_the_changes_show_the_same(world: World) -> None:
    ada = await world.physician("Ada")
    study = await ada.keeps_a_study()
    case = await ada.opens("Nodule", in_=await ada.founds("Board"), about=[study])
    thread = await ada.first_thread(case)
    pin = {"view": view_of(study), "image": base64.b64encode(JPEG).decode()}
    sent = {"client_id": str(uuid4()), "text": "Dense vessel?", "pin": pin}

    answer = await ada.browser.post(f"/threads/{thread}/posts", json=sent, headers=JSON)
    assert answer.status_code == 201
    told = await answer.get_json()
    again = await ada.browser.post(f"/threads/{thread}/posts", json=sent, headers=JSON)
    assert (await again.get_json())["id"] == told["id"]

    changes = await ada.browser.get(f"/cases/{case}/changes?since={told['seq'] - 1}", headers=JSON)
    line = (await changes.get_json())["changes"][-1]
    assert (line["kind"], line["post"], line["html"]) == ("post", told["id"], told["html"])
    page = await ada.reads(case)
    assert plain(told["html"]) in plain(page)
    assert "series 2, image 43 of 120" in plain(page)
    assert "W 80 L 40" in plain(page)
    picture = await ada.browser.get(f"/posts/{told['id']}/picture")
    assert (picture.headers["Content-Type"], await picture.get_data()) == ("image/jpeg", JPEG)


def plain(html: str) -> str:
    return " ".join(html.split())


async def test_markup_in_names_titles_and_posts_is_text(world: World) -> None:
    ada = await world.physician(f"Ada {SCRIPT}")
    board = await ada.founds(f"Board {SCRIPT}")
    study = await ada.keeps_a_study(f"CT {SCRIPT}")
    case = await ada.opens(f"Case {SCRIPT}", in_=board, about=[study], question=SCRIPT)
    thread = await ada.starts(f"Thread {SCRIPT}", in_=case)
    note = {"tool": "text", "points": [[1, 2, 3]], "text": f"'{SCRIPT}</script>"}
    pin = Pin(view_of(study, sop="'><b>", annotations=[note]), JPEG)
    posted = await ada.posts(f"@ada {SCRIPT} {SCRIPT}", thread=thread, pin=pin)

    for path in (
        "/communities",
        "/communities/manage",
        f"/communities/{board}",
        f"/communities/{board}/members",
        f"/communities/{board}/cases/new",
        f"/cases/{case}",
        f"/cases/{case}/edit",
        f"/posts/{posted.id}/history",
    ):
        page = await html_of(ada, path)
        assert "onerror" in page, path
        assert "<img src=x" not in page, path
        assert "<b>" not in page, path
    page = await ada.reads(case)
    view = page.split("data-view='")[1].split("'")[0]
    assert json.loads(view)["annotations"][0]["text"] == note["text"]


async def test_an_empty_or_endless_post_is_refused_in_words(world: World) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    thread = await ada.first_thread(case)

    for text, words in (("  ", "Write something first"), ("x" * 10_001, "At most 10000")):
        sent = {"client_id": str(uuid4()), "text": text}
        answer = await ada.browser.post(f"/threads/{thread}/posts", json=sent, headers=JSON)
        assert answer.status_code == 422
        assert words in (await answer.get_json())["fields"]["text"]


@pytest.mark.parametrize("sent", [None, [], "text", {}, {"text": "no id"}, {"client_id": 7}])
async def test_garbage_is_refused(world: World, sent: object) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    thread = await ada.first_thread(case)

    answer = await ada.browser.post(f"/threads/{thread}/posts", json=sent, headers=JSON)

    assert answer.status_code in {400, 422}
    assert await Post.all().count() == 0


async def test_a_long_discussion_costs_no_more_queries_than_a_short_one(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)

    costs = []
    for _ in "short", "long":
        for number in range(8):
            posted = await ben.posts(f"Message {number}", on=case)
            await threads.react(ada.actor, posted.id, "agree", on=True)
            await ada.replies(f"@Ben, answer {number}", to=posted)
        await ada.starts("One more", in_=case)
        await ada.opens("Another case", in_=board)
        with counting() as page:
            await ada.reads(case)
        with counting() as cards:
            await html_of(ada, f"/communities/{board}")
        costs.append((len(page), len(cards)))

    assert costs[0] == costs[1], costs
    page_cost, cards_cost = costs[0]
    assert page_cost < 28, costs
    assert cards_cost < 20, costs


async def test_a_part_of_a_page_asks_nothing_that_only_the_frame_shows(world: World) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    posted = await ada.posts("Look", on=case)

    with counting() as whole:
        await ada.reads(case)
    with counting() as part:
        await html_of(ada, f"/posts/{posted.id}/around")

    assert sum('"administrator"' in each for each in whole) == 1
    assert not any('"administrator"' in each or '"notice"' in each for each in part)


async def test_case_page_may_run_the_viewer_and_nothing_else(world: World) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))

    answer = await ada.browser.get(f"/cases/{case}")

    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert f"connect-src 'self' ws://{world.settings.origin.removeprefix('http://')}" in policy


@pytest.mark.tampers
async def test_whoever_is_removed_sees_no_study_any_more(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    study = await ada.keeps_a_study()
    case = await ada.opens("Nodule", in_=board, about=[study])
    assert await casework.study_key(ben.actor, study) is not None

    await Member.filter(community_id=board, account=ben.actor.id).delete()

    assert await casework.study_key(ben.actor, study) is None
    with pytest.raises(Unknown):
        await threads.post(ben.actor, NewPost(await ada.first_thread(case), uuid4(), "still here?"))


async def test_a_closed_thread_says_so_where_one_would_write(world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    board = await ada.founds("Board")
    await ada.invites(ben, board)
    case = await ada.opens("Nodule", in_=board)
    await ada.starts("Vessels", in_=case)
    assert "data-closed-here" not in await ada.reads(case)

    await casework.close(ada.actor, case)
    hers, his = await ada.reads(case), await ben.reads(case)

    assert hers.count("data-closed-here") == his.count("data-closed-here") == 2
    assert hers.count(f'action="/cases/{case}/reopening"') == 3, "and in the menu"
    assert "reopening" not in his
    assert "data-composer" not in hers


async def test_a_new_thread_is_begun_above_the_threads(world: World) -> None:
    ada = await world.physician("Ada")
    page = await ada.reads(await ada.opens("Nodule", in_=await ada.founds("Board")))

    assert page.index("data-new-thread") < page.index("data-thread-section")
