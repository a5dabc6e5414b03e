"""The addresses behind the upload page and My documents, as browsers and strangers meet them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from quart import Quart

from portal import edge, keys, studies
from portal.core.background import background
from portal.edge.bodies import Body
from portal.studies import parts
from portal.studies.errors import PartDamaged, PartTooLarge, PartTooSlow
from portal.studies.requests import PATIENCE, read_part
from tests.people import Person, World

pytestmark = pytest.mark.every_store

Slices = Callable[..., list[bytes]]
JSON = {"Accept": "application/json"}


async def _begun(person: Person) -> str:
    answer = await person.browser.post("/uploads", json={"client": str(uuid4())}, headers=JSON)
    assert answer.status_code == 201
    return str((await answer.get_json())["id"])


async def _put(
    person: Person, upload: str, number: int, body: bytes
) -> "tuple[int, dict[str, object]]":
    path = f"/uploads/{upload}/parts/{number}"
    answer = await person.browser.put(path, data=body, headers=JSON)
    return answer.status_code, await answer.get_json()


def _only(ids: object) -> str:
    assert isinstance(ids, list)
    assert len(ids) == 1
    return str(ids[0])


async def test_a_patient_uploads_finds_and_deletes_an_examination(
    world: World, app: Quart, slices: Slices
) -> None:
    erika = await world.patient("Erika Beispiel")
    upload = await _begun(erika)

    status, said = await _put(erika, upload, 1, parts.build(list(enumerate(slices(3, size=64)))))
    await erika.browser.post(f"/uploads/{upload}/finish", json={}, headers=JSON)

    assert (status, said["kept"]) == (200, [0, 1, 2])
    page = await (await erika.browser.get("/documents")).get_data(as_text=True)
    assert "Schädel nativ" in page
    assert "12 March 2026" in page
    assert "3 images" in page
    study_id = _only(said["studies"])
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    assert await shelf.preparing.done(UUID(study_id), 30.0)
    page = await (await erika.browser.get("/documents")).get_data(as_text=True)
    picture = page.split('<img class="thumb" src="')[1].split('"')[0]
    thumbnail = await erika.browser.get(picture)
    assert (thumbnail.status_code, thumbnail.content_type) == (200, "image/jpeg")
    asked = await (await erika.browser.get(f"/documents/{study_id}/delete")).get_data(as_text=True)
    assert "3 images will be destroyed" in asked
    await erika.browser.post(f"/documents/{study_id}/delete")
    page = await (await erika.browser.get("/documents")).get_data(as_text=True)
    assert "No documents yet" in page


async def test_other_peoples_ids_answer_as_if_they_did_not_exist(
    world: World, slices: Slices
) -> None:
    erika, mallory = await world.patient("Erika Beispiel"), await world.patient("Mallory Meier")
    upload = await _begun(erika)
    body = parts.build(list(enumerate(slices(2))))
    _, said = await _put(erika, upload, 1, body)
    study_id = _only(said["studies"])

    for verb, path, missing in (
        ("GET", f"/documents/{study_id}/delete", f"/documents/{uuid4()}/delete"),
        ("POST", f"/documents/{study_id}/delete", f"/documents/{uuid4()}/delete"),
        ("GET", f"/documents/{study_id}/thumbnail/{uuid4()}",
         f"/documents/{uuid4()}/thumbnail/{uuid4()}"),
        ("GET", f"/uploads/{upload}", f"/uploads/{uuid4()}"),
        ("PUT", f"/uploads/{upload}/parts/2", f"/uploads/{uuid4()}/parts/2"),
        ("POST", f"/uploads/{upload}/finish", f"/uploads/{uuid4()}/finish"),
    ):  # fmt: skip
        hers = await mallory.browser.request(path, method=verb, headers=JSON, data=body)
        nobodys = await mallory.browser.request(missing, method=verb, headers=JSON, data=body)
        assert hers.status_code == nobodys.status_code >= 400
        assert await hers.get_data() == await nobodys.get_data()
    page = await (await erika.browser.get("/documents")).get_data(as_text=True)
    assert "Schädel nativ" in page


async def test_a_session_that_ends_in_the_middle_loses_nothing(
    world: World, slices: Slices
) -> None:
    """U8: sign in again, go on at the same part."""
    erika, files = await world.patient("Erika Beispiel"), slices(4)
    upload = await _begun(erika)
    first, second = (
        parts.build([*enumerate(files[:2])]),
        parts.build([(2, files[2]), (3, files[3])]),
    )
    await _put(erika, upload, 1, first)

    await keys.end_sessions(erika.actor.id)
    assert (await _put(erika, upload, 2, second))[0] == 401

    erika.actor, erika.browser = await world.signs_in(erika.mail)
    state = await (await erika.browser.get(f"/uploads/{upload}", headers=JSON)).get_json()
    assert state["parts"] == [1]
    assert state["csrf"] == erika.browser.csrf
    status, said = await _put(erika, upload, 2, second)
    assert (status, said["kept"]) == (200, [2, 3])
    await erika.browser.post(f"/uploads/{upload}/finish", json={}, headers=JSON)
    page = await (await erika.browser.get("/documents")).get_data(as_text=True)
    assert "4 images" in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-HDS-CSRF": "wrong"},
        {"X-HDS-CSRF": None},
    ],
)
async def test_a_part_from_another_site_is_refused(
    world: World, slices: Slices, headers: dict[str, str | None]
) -> None:
    erika = await world.patient("Erika Beispiel")
    upload = await _begun(erika)
    body = parts.build([*enumerate(slices(1))])
    path = f"/uploads/{upload}/parts/1"

    refused = await erika.browser.put(path, data=body, headers=JSON | headers)
    assert refused.status_code == 403

    assert (await _put(erika, upload, 1, body))[0] == 200


async def test_a_part_that_is_too_long_is_refused_before_it_is_read(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    upload = await _begun(erika)

    status, said = await _put(erika, upload, 1, b"HDP1" + bytes(parts.BODY))

    assert (status, said["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    "sent", [{}, {"fingerprints": ["zz"]}, {"fingerprints": ["00"]}, {"fingerprints": 5}, []]
)
async def test_nonsense_is_the_senders_fault(world: World, sent: object) -> None:
    erika = await world.patient("Erika Beispiel")

    answer = await erika.browser.post("/uploads/known", json=sent, headers=JSON)

    assert answer.status_code == 422


async def test_the_question_whose_images_these_are(world: World) -> None:
    erika = await world.patient("Erika Beispiel", birth_date=date(1956, 4, 1), sex="F")
    doctor = await world.physician("Dr. Ada Lindqvist")

    async def ask(person: Person, name: str, birth: str = "19560401") -> dict[str, object]:
        sent = {"name": name, "birth_date": birth, "sex": "F"}
        answer = await person.browser.post("/uploads/identity", json=sent, headers=JSON)
        said: dict[str, object] = await answer.get_json()
        return said

    assert (await ask(erika, "BEISPIEL^ERIKA"))["answer"] == "matches"
    assert (await ask(erika, "Beispiel^Erika^Maria"))["answer"] == "matches"
    married = await ask(erika, "Muster^Erika")
    assert (married["answer"], married["differs"]) == ("differs", ["name"])
    assert (await ask(erika, "Beispiel^Erika", "19560402"))["differs"] == ["birth_date"]
    for nobody in ("", "^^"):
        unsaid = await ask(erika, nobody, "")
        assert (unsaid["answer"], unsaid["differs"]) == ("differs", [])
    assert (await ask(erika, ""))["answer"] == "matches", "the day of birth is hers"
    assert (await ask(doctor, "Muster^Erika"))["answer"] == "unasked"


@dataclass
class _Line:
    """A request whose body comes as slowly as the test likes."""

    chunks: list[tuple[float, bytes]]
    content_length: int | None = None
    body: Body = field(init=False)

    async def read(self, patience: edge.Patience) -> bytearray:
        self.body = Body(self.content_length, None)
        request: edge.Request = self  # type: ignore[assignment]
        async with background(self._come()):
            return await read_part(request, patience)

    def be_patient(self, patience: edge.Patience) -> None:
        self.body.patience = patience

    async def _come(self) -> None:
        for wait, chunk in self.chunks:
            await asyncio.sleep(wait)
            self.body.append(chunk)
        self.body.set_complete()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (_Line([(0, b"a"), (9, b"b")]), PartTooSlow),
        (_Line([(0.02, b"a")] * 100), PartTooSlow),
        (_Line([(0, b"short")], content_length=6), PartDamaged),
        (_Line([(0, bytes(parts.PART))] * 2), PartTooLarge),
    ],
    ids=["stands still", "drips", "cut", "too long"],
)
async def test_a_line_that_stands_still_drips_or_breaks_is_given_up(
    line: _Line, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        await line.read(edge.Patience(idle=0.1, total=0.5))


async def test_a_part_that_never_stands_still_but_is_too_slow_gives_its_place_back() -> None:
    """A byte now and then would hold a place for two minutes; 16 KiB a second do not."""
    drips, flows = _Line([(0.05, b"a")] * 40), _Line([(0.05, bytes(4096))] * 10)

    patience = replace(PATIENCE, idle=1, start=0.4)
    with pytest.raises(PartTooSlow):
        await drips.read(patience)
    assert len(await flows.read(patience)) == 40960


async def test_strangers_reach_nothing_of_this(world: World) -> None:
    stranger = world.browser()

    for path in ("/upload", "/documents", f"/documents/{uuid4()}/delete"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/sign-in")
    for verb, path in (("POST", "/uploads"), ("PUT", f"/uploads/{uuid4()}/parts/1")):
        answer = await stranger.request(path, method=verb, json={}, headers=JSON)
        assert answer.status_code == 401
