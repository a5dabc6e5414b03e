"""What is written in findings and reports inside an examination: found by whoever may read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from quart import Quart

from portal import keys, studies, vault
from portal.studies import words
from portal.studies.models import Study
from tests.documents.test_documents import Erika, erika
from tests.people import Person, World
from tests.viewer.dicom.telling import item, number, structured
from tests.viewer.pdf.making import encapsulated, pdf
from viewer.pdf import PdfPool, Unshown

__all__ = ["erika"]

KNEE, CHEST = "2.25.11", "2.25.12"
LETTER = encapsulated(
    pdf(["Außenmeniskus rechts", "Kein Erguß"]), StudyInstanceUID=KNEE, StudyDescription="Knie"
)
REPORT = structured(
    [
        item("PNAME", "Subject name", code="121029", PersonName="Geheimname^Erika"),
        item("CONTAINER", "Befunde", [
            item("TEXT", "Finding", TextValue="Rundherd im Oberlappen"),
            number("Diameter", "12.5", "mm"),
        ]),
    ],
    StudyInstanceUID=CHEST,
)  # fmt: skip


async def keeps(actor_of: Erika, file: bytes) -> UUID:
    """The examination of a file, with everything read that is in it."""
    said = await studies.keep_files(actor_of.shelf, actor_of.actor, [file])
    assert said.kept == [0]
    (study,) = said.studies
    assert await actor_of.shelf.preparing.done(study, 60.0)
    return study


async def finds(erika: Erika, wanted: str) -> set[UUID]:
    """The examinations in My documents that are left for *wanted*."""
    answer = await erika.person.browser.post("/documents", form={"q": wanted, "from": "0"})
    assert answer.status_code == 200
    page = await answer.get_data(as_text=True)
    mine = await studies.my_studies(erika.shelf, erika.actor)
    return {each.id for each in mine if f"/v/{each.id}" in page}


@contextmanager
def before_words_were_kept() -> Iterator[None]:
    """Examinations that are kept meanwhile have none (migration 0029)."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("has_words", "lacks_words"):
            patch.setattr(f"portal.studies.preparing.{name}", lambda _entry: False)
        yield


async def test_an_examination_is_found_by_what_is_written_in_its_findings_and_reports(
    erika: Erika, world: World
) -> None:
    knee, chest = await keeps(erika, LETTER), await keeps(erika, REPORT)
    otto = await world.patient("Otto Beispiel")

    for wanted, found in (
        ("MENISKUS", {knee}),
        ("aussenmeniskus erguss", {knee}),
        ("report of the scanner", {knee}),
        ("knie meniskus", {knee}),
        ("rundherd oberlappen", {chest}),
        ("12.5", {chest}),
        ("meniskus rundherd", set()),
        ("geheimname", set()),
        ("%", set()),
    ):
        assert await finds(erika, wanted) == found, wanted
    assert await words.matching(otto.actor, "meniskus") == {}
    await erika.person.browser.post(f"/documents/{knee}/bin")
    assert await words.matching(erika.actor, "meniskus") == {}
    await erika.person.browser.post(f"/documents/{knee}/restore")
    assert await finds(erika, "meniskus") == {knee}
    await studies.delete(erika.actor, knee)
    assert await finds(erika, "meniskus") == set()


async def test_words_inside_are_sealed_under_the_key_of_the_examination(erika: Erika) -> None:
    knee, chest = await keeps(erika, LETTER), await keeps(erika, REPORT)
    row = await Study.get(id=knee)
    assert row.words is not None
    assert b"eniskus" not in row.words
    key = await keys.open_study_key(erika.actor, knee)
    assert key is not None
    with pytest.raises(vault.Tampered):
        vault.unbox(key, row.words, vault.contexts.blob(knee, knee, "summary"))

    await Study.filter(id=chest).update(words=row.words)

    assert await finds(erika, "meniskus") == {knee}, "an exchanged box closes no list"


async def test_what_came_before_words_were_kept_is_read_once_its_owner_was_there(
    erika: Erika,
) -> None:
    with before_words_were_kept():
        knee = await keeps(erika, LETTER)
    assert (await Study.get(id=knee)).words is None
    generation = (await Study.get(id=knee)).generation

    assert await finds(erika, "meniskus") == set()
    assert await erika.shelf.preparing.done(knee, 60.0)

    assert await finds(erika, "meniskus") == {knee}
    assert await erika.shelf.preparing.done(knee, 60.0)
    assert (await Study.get(id=knee)).generation == generation + 1, "read once"
    assert 'alt="Page 1 of 2"' in await erika.sees(await document_of(erika, knee))


async def document_of(erika: Erika, study: UUID) -> str:
    """The page of the document in an examination."""
    opened = await studies.open_own(erika.shelf, erika.actor, study)
    (series,) = (await opened.manifest())["series"]
    return f"/v/{study}/i/{UUID(series['instances'][0]['id'])}/document"


async def test_a_finding_inside_that_nobody_can_read_has_no_words_and_no_error(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> Unshown:
        return Unshown("crashed")

    broken = await keeps(erika, encapsulated(b"%PDF-1.7 and nothing else", StudyInstanceUID=KNEE))
    no_pdf = await keeps(erika, encapsulated(b"<script>Meniskus", StudyInstanceUID=CHEST))
    monkeypatch.setattr(PdfPool, "words", lost)
    hostile = await keeps(erika, encapsulated(pdf(["Meniskus"]), StudyInstanceUID="2.25.13"))

    assert await finds(erika, "meniskus") == set()
    assert await finds(erika, "scanner") == {broken, no_pdf, hostile}, "their titles are known"


@pytest.fixture
async def colleagues(world: World, app: Quart) -> tuple[Erika, Person, Person]:
    """Ada with the shelf behind her, Ben, who is in a community with her, and Cleo, who is not."""
    ada, ben = await world.physician("Ada Ahrens"), await world.physician("Ben Brandt")
    cleo = await world.physician("Cleo Conrad")
    here = Erika(ada, app.extensions["hds"]["shelf"], world.settings.object_folder)
    return here, ben, cleo


async def asks(person: Person, wanted: str) -> str:
    answer = await person.browser.post("/search", form={"q": wanted})
    assert answer.status_code == 200
    return str(await answer.get_data(as_text=True))


async def test_a_community_finds_a_case_by_what_is_written_inside_its_images(
    colleagues: tuple[Erika, Person, Person],
) -> None:
    ada, ben, cleo = colleagues
    board = await ada.person.founds("Board")
    await ada.person.invites(ben, board)
    private = await keeps(ada, REPORT)
    case = await ada.person.opens(
        "Which knee?", in_=board, about=[study := await keeps(ada, LETTER)]
    )

    found = await asks(ben, "Außenmeniskus")
    assert f"/cases/{case}" in found
    assert "Außenmeniskus</mark>" in found, "the place where it is written is shown"
    assert "Which knee?" not in await asks(cleo, "Außenmeniskus")
    assert "Which knee?" not in await asks(ben, "Rundherd"), f"{private} is nobody else's"
    await ada.person.browser.post(f"/documents/{study}/bin")
    assert "Which knee?" not in await asks(ben, "Außenmeniskus")


async def test_words_that_are_read_after_a_case_began_are_found_from_then_on(
    colleagues: tuple[Erika, Person, Person],
) -> None:
    ada, ben, _ = colleagues
    board = await ada.person.founds("Board")
    await ada.person.invites(ben, board)
    with before_words_were_kept():
        study = await keeps(ada, LETTER)
    await ada.person.opens("Which knee?", in_=board, about=[study])
    assert "Which knee?" not in await asks(ben, "Außenmeniskus")

    await ada.sees("/documents")
    assert await ada.shelf.preparing.done(study, 60.0)

    assert "Which knee?" in await asks(ben, "Außenmeniskus")
