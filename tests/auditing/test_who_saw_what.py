"""Who saw what: an owner, a colleague of her community, and a thief with the database."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest

from portal import auditing
from portal.auditing import writing
from portal.auditing.models import AuditHead, AuditLine
from portal.core.db import now
from tests.people import PASSWORD, Person, World

LINE = re.compile(r'data-line="(\d+)".*?<strong>(.*?)</strong>.*?<p>(.*?)</p>', re.DOTALL)

NEW = "another four Words, 82 of them"

Shown = list[tuple[str, str]]


async def reads(person: Person, query: str = "") -> str:
    answer = await person.browser.get(f"/log{query}")
    assert answer.status_code == 200
    return unescape(str(await answer.get_data(as_text=True)))


async def lines(person: Person, query: str = "") -> Shown:
    """What and who, the newest first."""
    return [(what, who) for _, what, who in LINE.findall(await reads(person, query))]


async def two_with_a_study(world: World) -> tuple[Person, Person, UUID]:
    """Ada put a study before a community in which Ben is; she has looked at nothing."""
    ada = await world.physician("Dr. Ada Lindqvist")
    ben = await world.physician("Dr. Ben Okafor")
    board = await ada.founds("Neuro Board North")
    await ada.invites(ben, board)
    study = await ada.keeps_a_study("CT head")
    await ada.opens("Dense vessel", in_=board, about=[study])
    return ada, ben, study


async def look(person: Person, study: UUID) -> None:
    """Asks for the images; this study has none, and the page says so."""
    await person.browser.get(f"/v/{study}")


async def test_a_colleagues_look_is_there_at_once_with_who_what_how_and_through_whom(
    world: World,
) -> None:
    ada, ben, study = await two_with_a_study(world)
    before = now()

    await look(ben, study)

    [newest, shared] = (await auditing.log_of(ada.actor)).lines[::-1]
    assert newest.entry is not None
    assert shared.entry is not None
    assert (newest.entry.who, newest.entry.name) == (ben.actor.id, "Dr. Ben Okafor")
    assert (newest.entry.thing, newest.entry.act) == (study, "viewed")
    assert newest.entry.through == "Neuro Board North"
    assert before <= newest.entry.at <= now()
    assert (shared.entry.act, shared.entry.who) == ("shared", ada.actor.id)
    [seen, _] = await lines(ada)
    assert seen == ("CT head, 1 March 2026", "Dr. Ben Okafor · Looked at")
    page = await reads(ada)
    assert "Community: Neuro Board North" in page
    assert "changed from outside" not in page


async def test_a_look_at_many_images_is_one_line_and_another_way_is_another(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)

    for _ in range(3):
        await look(ben, study)
        await ben.browser.get(f"/v/{study}/i/{uuid4()}/frames/0")
    await ben.browser.get(f"/v/{study}/i/{uuid4()}/original")

    acts = [line.entry.act for line in (await auditing.log_of(ada.actor)).lines if line.entry]
    assert acts == ["shared", "viewed", "downloaded"]


async def test_whoever_comes_back_later_is_another_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, study = await two_with_a_study(world)
    start = now()

    for minutes in (0, 14, 31, 45, 62):
        moment = start + timedelta(minutes=minutes)
        monkeypatch.setattr(writing, "now", lambda moment=moment: moment)
        await look(ben, study)

    seen = [line.entry for line in (await auditing.log_of(ada.actor)).lines if line.entry][1:]
    # Wherever in its quarter of an hour the first look was: a repeat within 15 minutes is none,
    # one after more than half an hour is.
    assert [each.at for each in seen] == [start + timedelta(minutes=m) for m in (0, 31, 62)]


async def test_another_process_writes_no_second_line(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)

    writing._written.forget((ben.actor.id, study, "viewed"))
    writing._keys.forget(ada.actor.id)
    await look(ben, study)
    await ben.browser.get(f"/v/{study}/i/{uuid4()}/original")

    log = await auditing.log_of(ada.actor)
    assert [line.entry.act for line in log.lines if line.entry] == [
        "shared",
        "viewed",
        "downloaded",
    ]
    assert len({row.key for row in await AuditLine.all()}) == 2, "each process has its own key"


async def test_what_became_of_a_study_is_told_and_outlives_it(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)

    await ada.browser.post(f"/documents/{study}/bin")
    await ada.browser.post(f"/documents/{study}/restore")
    await ada.browser.post(f"/documents/{study}/delete")

    title = "CT head, 1 March 2026"
    assert await lines(ada, f"?thing={study}") == [
        (title, "You · Deleted for good"),
        (title, "You · Taken out of the bin"),
        (title, "You · Put into the bin"),
        (title, "Dr. Ben Okafor · Looked at"),
        (title, "You · Put into a community"),
    ]


async def test_it_can_be_filtered_by_person_and_study_and_paged(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)
    await look(ada, study)
    other = await ada.keeps_a_study("MR knee")
    await look(ada, other)

    everybody = await lines(ada)
    assert len(everybody) == 4
    assert await lines(ada, "?who=others") == [everybody[2]]
    assert await lines(ada, f"?who={ben.actor.id.hex}") == [everybody[2]]
    assert await lines(ada, f"?thing={other.hex}") == [everybody[0]]
    assert await lines(ada, "?from=3") == [everybody[3]]
    assert await lines(ada, f"?who={ben.actor.id.hex}&thing={other.hex}") == []
    assert "No entry fits that." in await reads(ada, f"?who={uuid4().hex}")
    for wrong in ("?who=x", "?thing=x"):
        assert (await ada.browser.get(f"/log{wrong}")).status_code == 422


async def test_a_log_is_empty_for_whoever_has_nothing_and_is_nobody_elses(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)

    assert "Nobody has opened anything yet" in await reads(ben)
    assert await lines(ben, f"?thing={study}") == []
    assert len(await lines(ada)) == 2


async def test_openings_at_once_have_numbers_of_their_own(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)

    await asyncio.gather(
        *(look(ben, study) for _ in range(4)), *(look(ada, study) for _ in range(4))
    )

    log = await auditing.log_of(ada.actor)
    assert [line.seq for line in log.lines] == [1, 2, 3]
    assert not log.broken


async def test_after_securing_the_account_everything_is_read_and_new_keys_are_used(
    world: World,
) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)

    answer = await ada.browser.post("/profile/secure", form={"present": PASSWORD, "password": NEW})
    assert answer.status_code == 200
    ada.actor, ada.browser = await world.signs_in(ada.mail, NEW)
    await look(ada, study)

    log = await auditing.log_of(ada.actor)
    assert [line.entry.act for line in log.lines if line.entry] == ["shared", "viewed", "viewed"]
    assert not log.broken
    keys = [row.key for row in await AuditLine.all().order_by("seq")]
    assert keys[0] == keys[1] != keys[2], "whoever has the old root reads nothing newer"


async def delete_one() -> int:
    await AuditLine.filter(seq=2).delete()
    return 2


async def delete_the_last() -> int:
    await AuditLine.filter(seq=3).delete()
    return 3


async def delete_all() -> int:
    await AuditLine.all().delete()
    return 1


async def alter_one() -> int:
    row = await AuditLine.get(seq=2)
    row.body = bytes(row.body)[:-1] + bytes([bytes(row.body)[-1] ^ 1])
    await row.save()
    return 2


async def exchange_two() -> int:
    one, two = await AuditLine.get(seq=2), await AuditLine.get(seq=3)
    one.body, two.body = two.body, one.body
    await one.save()
    await two.save()
    return 2


async def renumber_two() -> int:
    for old, new in ((2, 9), (3, 2), (9, 3)):
        await AuditLine.filter(seq=old).update(seq=new)
    return 2


async def forget_the_end() -> int:
    await AuditLine.filter(seq=3).delete()
    await AuditHead.all().update(seq=2)
    return 3


@pytest.mark.tampers
@pytest.mark.parametrize(
    "tampers",
    [
        delete_one,
        delete_the_last,
        delete_all,
        alter_one,
        exchange_two,
        renumber_two,
        forget_the_end,
    ],
)
async def test_a_changed_log_says_so_and_from_which_line_on(
    world: World, tampers: Callable[[], Awaitable[int]]
) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)
    await look(ada, study)
    assert not (await auditing.log_of(ada.actor)).broken

    first = await tampers()

    assert (await auditing.log_of(ada.actor)).broken == first
    page = await reads(ada)
    assert f"from line {first} on" in page
    await ben.browser.get(f"/v/{study}/i/{uuid4()}/original")
    assert (await auditing.log_of(ada.actor)).broken == first, "going on hides nothing"


async def test_a_thief_of_the_database_learns_how_many_lines_and_nothing_they_say(
    world: World,
) -> None:
    ada, ben, study = await two_with_a_study(world)
    await look(ben, study)
    await look(ada, study)

    rows = await AuditLine.all()
    stolen = b"".join(
        bytes(row.body) + bytes(row.digest) + row.mark.encode() + row.key.bytes for row in rows
    )
    for secret in (ben.actor.id, study):
        assert secret.bytes not in stolen
        assert secret.hex.encode() not in stolen
    assert len({row.mark for row in rows}) == len(rows)
    assert len({len(row.body) for row in rows}) == 1, "the length of a name tells nothing"
    assert {row.owner for row in rows} == {ada.actor.id}


async def test_an_account_that_ends_leaves_no_line_and_no_key(world: World) -> None:
    ada, ben, study = await two_with_a_study(world)
    own = await ben.keeps_a_study()
    await look(ben, own)
    await look(ben, study)

    answer = await ben.browser.post(
        "/profile/delete", form={"present": PASSWORD, "word": "DELETE", "when": "now"}
    )

    assert answer.status_code == 200
    assert {row.owner for row in await AuditLine.all()} == {ada.actor.id}
    assert {row.owner for row in await AuditHead.all()} == {ada.actor.id}
    assert ("CT head, 1 March 2026", "Dr. Ben Okafor · Looked at") in await lines(ada)
