"""
A part of which nobody heard the answer is sent again: that answer is the one the first would have
got.  Large files are the hard case, for their pieces go as soon as the file is kept.
"""

import asyncio
from asyncio import Barrier, Event, create_task
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal import documents, storing, studies
from portal.core.actor import Actor
from portal.documents.models import Document
from portal.storing import QuotaFull
from portal.studies import parts, receipts, receiving
from portal.studies.assembling import Assembler
from portal.studies.errors import UploadLong
from portal.studies.models import Instance, UploadPiece
from tests.studies.test_power_cuts import Machine, Power, PowerCut, failing, joined, machine
from tests.viewer.pdf.making import pdf
from viewer.pdf import PdfPool

Slices = Callable[..., list[bytes]]
Patch = pytest.MonkeyPatch

__all__ = ["machine"]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: Patch) -> None:
    """What is larger than this is a large file."""
    monkeypatch.setattr(parts, "PIECE", 6000)


@pytest.fixture
async def upload(shelf: studies.Shelf, erika: Actor) -> UUID:
    return (await studies.begin_upload(shelf, erika, uuid4())).id


def document(title: str = "Long", size: int = 9000) -> bytes:
    """A PDF of two pieces."""
    return pdf([title], content=b"% " * (size // 2))


async def _all_but_the_last(
    shelf: studies.Shelf, actor: Actor, upload: UUID, file: int, data: bytes
) -> bytes:
    """Send the pieces of a large file and give back the last one, which is still to be sent."""
    *first, last = parts.build_pieces(file, data)
    for number, body in enumerate(first, start=1):
        answer = await studies.receive_part(shelf, actor, upload, number, body)
        assert answer == studies.PartReceipt(waiting=(file,))
    return last


async def test_the_line_breaks_while_a_large_document_is_looked_at(
    shelf: studies.Shelf, erika: Actor, upload: UUID, monkeypatch: Patch
) -> None:
    look, looks, goes_on = PdfPool.look, Event(), Event()

    async def slowly(self: PdfPool, *about: Any) -> Any:
        looks.set()
        await goes_on.wait()
        return await look(self, *about)

    monkeypatch.setattr(PdfPool, "look", slowly)
    last = await _all_but_the_last(shelf, erika, upload, 0, document())

    async with asyncio.timeout(30):
        first = create_task(studies.receive_part(shelf, erika, upload, 9, last))
        await looks.wait()
        again = await studies.receive_part(shelf, erika, upload, 9, last)
        goes_on.set()

        assert again == await first == studies.PartReceipt(kept=(0,))
    await no_piece_is_left()


@pytest.mark.parametrize("kind", ["image", "document", "neither"])
async def test_a_part_that_comes_twice_at_once_is_told_the_same_twice(
    shelf: studies.Shelf,
    erika: Actor,
    upload: UUID,
    slices: Slices,
    monkeypatch: Patch,
    kind: str,
) -> None:
    made = {"image": slices(1, size=64)[0], "document": document(), "neither": b"no image" * 1000}
    last = await _all_but_the_last(shelf, erika, upload, 4, made[kind])

    stage, look_at, both, answered = Assembler.stage, documents.look_at, Barrier(2), Event()
    ready, looks = list[list[int]](), 0

    async def staged(self: Assembler, *about: Any) -> list[int]:
        ready.append(await stage(self, *about))
        await both.wait()
        return ready[-1]

    async def slowly(*about: Any) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            await answered.wait()
        await look_at(*about)

    monkeypatch.setattr(Assembler, "stage", staged)
    monkeypatch.setattr(documents, "look_at", slowly)
    async with asyncio.timeout(30):
        sent = [create_task(studies.receive_part(shelf, erika, upload, 9, last)) for _ in "12"]
        await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        answered.set()
        answers = await asyncio.gather(*sent)
    told = await studies.receive_part(shelf, erika, upload, 9, last)

    assert ready == [[4], [4]], "to both it was whole"
    assert {*answers} == {told}
    refused = [file for file, reason in told.refused if reason != "empty"]
    assert (list(told.kept), refused) == (([], [4]) if kind == "neither" else ([4], []))
    rows = await Instance.filter(owner=erika.id).count(), await Document.all().count()
    assert rows == {"image": (1, 0), "document": (0, 1), "neither": (0, 0)}[kind]
    await no_piece_is_left()


async def test_the_first_piece_comes_again_when_another_part_made_the_file_whole(
    shelf: studies.Shelf, erika: Actor, upload: UUID, monkeypatch: Patch
) -> None:
    """One part tells of a file, and only once; the other says what it would have said."""
    first, last = parts.build_pieces(0, document())
    with monkeypatch.context() as patch, suppress(PowerCut):
        patch.setattr(receiving, "take_in", _power_cut)
        await studies.receive_part(shelf, erika, upload, 1, first)
    assert (await studies.receive_part(shelf, erika, upload, 2, last)).kept == (0,)

    again = await studies.receive_part(shelf, erika, upload, 1, first)

    assert again == studies.PartReceipt(waiting=(0,))
    assert (await studies.receive_part(shelf, erika, upload, 2, last)).kept == (0,)
    await no_piece_is_left()


async def test_what_finds_no_room_takes_no_fate_from_the_large_file_before_it(
    shelf: studies.Shelf, erika: Actor, upload: UUID, slices: Slices
) -> None:
    """The document is stored when the space ends; the same part again tells of it."""
    large, images = document(), slices(1, size=32)
    last = await _all_but_the_last(shelf, erika, upload, 0, large)
    body = joined(last, parts.build([(1, images[0])]))
    used = (await storing.space(erika.id, shelf.free_quota)).used
    tight = replace(shelf, free_quota=used + len(body))  # enough at first sight

    with pytest.raises(QuotaFull):
        await studies.receive_part(tight, erika, upload, 9, body)

    assert await Document.all().count() == 1
    told = await studies.receive_part(shelf, erika, upload, 9, body)
    assert told.kept == (0, 1)
    await no_piece_is_left()


async def test_a_repeated_part_needs_room_for_what_is_not_there_yet(
    shelf: studies.Shelf, erika: Actor, upload: UUID, monkeypatch: Patch
) -> None:
    first, last = parts.build_pieces(0, document())
    for number, body in enumerate((first, last), start=1):
        with monkeypatch.context() as patch, suppress(PowerCut):
            patch.setattr(receiving, "remember", _power_cut)
            await studies.receive_part(shelf, erika, upload, number, body)
        used = (await storing.space(erika.id, shelf.free_quota)).used
        full = replace(shelf, free_quota=used)

        again = await studies.receive_part(full, erika, upload, number, body)

        assert again.waiting + again.kept == (0,)
    assert again.kept == (0,)


async def test_answers_kept_for_large_files_are_counted_with_those_for_parts(
    shelf: studies.Shelf, erika: Actor, upload: UUID, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(receipts, "MOST_ANSWERS", 3)
    last = await _all_but_the_last(shelf, erika, upload, 0, document())
    told = await studies.receive_part(shelf, erika, upload, 9, last)

    with pytest.raises(UploadLong):
        await studies.receive_part(shelf, erika, upload, 10, parts.build([(1, b"no image")]))
    assert await studies.receive_part(shelf, erika, upload, 9, last) == told


@pytest.mark.one_engine
async def test_the_power_fails_anywhere_in_the_part_that_makes_a_large_document_whole(
    machine: Machine, person: Callable[[], Any], slices: Slices
) -> None:
    (image,), folder, settled = slices(1, size=32), machine.settings.object_folder, []
    for left in range(1, 100):
        owner, power, shelf = await person(), Power(left), machine.started()
        upload = (await studies.begin_upload(shelf, owner, uuid4())).id
        last = await _all_but_the_last(shelf, owner, upload, 0, document())
        body = joined(last, parts.build([(1, image)]), parts.build_pieces(2, document("Next"))[0])
        with failing(power, folder), suppress(PowerCut):
            await studies.receive_part(shelf, owner, upload, 9, body)

        shelf = machine.started()
        told = await studies.receive_part(shelf, owner, upload, 9, body)

        assert told.waiting == (2,), f"cut {left} ({power.steps[-1]})"
        assert sorted(told.kept + told.duplicates) == [0, 1], f"cut {left} ({power.steps[-1]})"
        assert told.kept == (0, 1), f"cut {left}: nobody had it before"
        assert [each.file for each in await UploadPiece.filter(upload=upload)] == [2]
        settled.append(told)
        if not power.is_off:
            break

    assert len(settled) > 15, "the story was cut short"


async def _power_cut(*_: Any, **__: Any) -> None:
    raise PowerCut


async def no_piece_is_left() -> None:
    """Neither a row nor an object that is counted."""
    assert not await UploadPiece.exists()
