"""What is written in documents: found by their owner alone, and nowhere to be read."""

import random
import zlib
from uuid import UUID, uuid4

import pytest

from portal import documents, keys, vault
from portal.core.background import background
from portal.documents import words
from portal.documents.catching_up import CatchingUp
from portal.documents.models import Document
from tests.documents.test_documents import Erika, erika
from tests.people import World
from tests.viewer.pdf.making import pdf
from tests.viewer.photos.making import photo
from viewer.pdf import PdfPool, Unshown

__all__ = ["erika"]


async def test_a_document_is_found_by_its_name_and_by_what_is_written_in_it(
    erika: Erika, world: World
) -> None:
    knee = UUID(await erika.finding(pdf(["Außenmeniskus rechts", "Kein Erguß"]), "Befund Knie.pdf"))
    head = UUID(await erika.finding(pdf(["Keine Blutung"]), "Befund Schädel.pdf"))
    wound = UUID(await erika.finding(photo(), "Wunde.jpg"))
    otto = await world.patient("Otto Beispiel")

    for wanted, found in (
        ("MENISKUS", {knee}),
        ("aussenmeniskus erguss", {knee}),
        ("befund", {knee, head}),
        ("schadel blutung", {head}),
        ("knie blutung", set()),
        ("wunde", {wound}),
        ("  ", set()),
        ("%", set()),
    ):
        assert await documents.matching(erika.actor, wanted) == found, wanted
    assert await documents.matching(otto.actor, "befund") == set()
    await documents.rename(erika.actor, head, "Kopf")
    assert await documents.matching(erika.actor, "kopf") == {head}
    await documents.delete(erika.actor, knee)
    assert await documents.matching(erika.actor, "meniskus") == set()


async def test_the_list_is_searched_by_what_is_written_in_its_documents(erika: Erika) -> None:
    await erika.finding(pdf(["Innenmeniskus"]), "Befund.pdf")
    await erika.finding(pdf(["Blutung"]), "Anderer.pdf")

    answer = await erika.person.browser.post("/documents", form={"q": "meniskus", "from": "0"})

    page = await answer.get_data(as_text=True)
    assert ("Befund</a>" in page, "Anderer</a>" in page) == (True, False)


async def test_words_are_sealed_and_counted(erika: Erika) -> None:
    id_ = UUID(await erika.finding(pdf(["Meniskus"] * 30)))

    row = await Document.get(id=id_)

    key = await keys.open_study_key(erika.actor, id_)
    assert key is not None
    assert row.words is not None
    assert b"meniskus" not in row.words
    plain = vault.unbox(key, row.words, vault.contexts.blob(id_, id_, "words"))
    assert zlib.decompress(plain).startswith(b"meniskus meniskus")
    with pytest.raises(vault.Tampered):
        vault.unbox(key, row.words, vault.contexts.blob(id_, id_, "preview"))
    assert await erika.used() > len(row.words) + len(row.facts) + len(row.preview or b"")


async def test_words_that_are_damaged_hide_that_document_only(erika: Erika) -> None:
    knee = UUID(await erika.finding(pdf(["Knie"])))
    head = UUID(await erika.finding(pdf(["Kopf"])))
    theirs = (await Document.get(id=head)).words
    await Document.filter(id=knee).update(words=theirs)

    assert await documents.matching(erika.actor, "report") == {head}


async def test_words_that_cannot_be_read_keep_no_document_from_being_shown(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: object) -> Unshown:
        return Unshown("timeout")

    monkeypatch.setattr(PdfPool, "words", slow)
    id_ = await erika.finding(pdf(["Meniskus"]), "Knie.pdf")

    assert 'alt="Page 1 of 1"' in await erika.sees(f"/d/{id_}")
    assert await documents.matching(erika.actor, "knie") == {UUID(id_)}
    assert await documents.matching(erika.actor, "meniskus") == set()


def test_the_words_of_a_long_document_are_bounded() -> None:
    document, key = uuid4(), vault.new_secret()
    text = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzäöü ", k=400_000))

    assert len(words.sealed(document, key, text)) <= words.MOST + 100
    assert len(words.sealed(document, key, "\ud800 lone")) < 200


async def is_as_before_words_were_kept(*ids: str) -> None:
    """Migration 0027 left the documents that were there without words."""
    await Document.filter(id__in=ids).update(words=None)


async def test_what_came_before_words_were_kept_is_found_once_its_owner_was_there(
    erika: Erika,
) -> None:
    knee = await erika.finding(pdf(["Außenmeniskus"]), "Alt.pdf")
    await is_as_before_words_were_kept(knee)
    used = await erika.used()
    assert await documents.matching(erika.actor, "meniskus") == set()

    await erika.sees("/documents")
    await erika.shelf.desk.catching_up.done()

    assert await documents.matching(erika.actor, "meniskus") == {UUID(knee)}
    row = await Document.get(id=knee)
    assert await erika.used() == used + len(row.words or b"")
    await documents.delete(erika.actor, row.id)
    assert await erika.used() == 0


async def test_what_cannot_be_read_later_is_read_once_and_still_shown(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def slow(*_: object) -> Unshown:
        asked.append(1)
        return Unshown("timeout")

    knee = await erika.finding(pdf(["Meniskus"]))
    photograph = await erika.finding(photo(), "Wunde.jpg")
    await is_as_before_words_were_kept(knee, photograph)
    monkeypatch.setattr(PdfPool, "words", slow)
    again = CatchingUp(erika.shelf.boxes, erika.shelf.desk.reading_room)
    for _ in range(2):  # the second looks anew, as a process that has just been started
        async with background(again.work()):
            await again.look_for(erika.actor)
            await again.done()
        again = CatchingUp(erika.shelf.boxes, erika.shelf.desk.reading_room)

    assert len(asked) == 1
    assert 'alt="Page 1 of 1"' in await erika.sees(f"/d/{knee}")


async def test_a_document_that_waits_for_a_child_is_asked_for_again(
    erika: Erika, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str | Unshown] = ["meniskus", Unshown("busy")]

    async def busy_at_first(*_: object) -> str | Unshown:
        return answers.pop()

    knee = await erika.finding(pdf(["Meniskus"]))
    await is_as_before_words_were_kept(knee)
    monkeypatch.setattr("portal.documents.catching_up.PAUSE", 0.0)
    monkeypatch.setattr(PdfPool, "words", busy_at_first)

    await erika.sees("/documents")
    await erika.shelf.desk.catching_up.done()

    assert await documents.matching(erika.actor, "meniskus") == {UUID(knee)}
