"""Pages and addresses of uploading and of My documents."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from itertools import chain
from typing import Any, Final, cast
from uuid import UUID

from quart import Blueprint, Response, ResponseReturnValue, g, redirect, render_template, request

from portal import accounts, edge, storing
from portal.core.actor import AccountId, Actor
from portal.core.errors import Invalid, reading
from portal.core.web import signed_in
from portal.keys import Scope
from portal.studies import opening, parts, uploads
from portal.studies.deleting_routes import ShownIn, add_bin, add_deleting, add_thinning
from portal.studies.identity import Comparison, Facts, compare
from portal.studies.list_routes import add_list
from portal.studies.notes import LONGEST_UID, read_notes, read_plan
from portal.studies.receipts import PartReceipt
from portal.studies.receiving import receive_part
from portal.studies.requests import PartTurnstile, read_part
from portal.studies.resuming import Stretch, begun_uploads, give_up, pieces_there
from portal.studies.shelf import Shelf

ASKED_AT_ONCE = 5000
FINGERPRINT = 32
QUESTIONS = 20
"""What an account may ask in a second on the whole, in questions about few files."""
AT_REST = 60
"""And at once, when it has not asked for a while."""
WEIGHT = 500
"""So many files in a question count like one question more."""

FOR_PROGRAMS: Final[Mapping[str, Scope]] = dict.fromkeys(
    ("studies.known", "studies.begin", "studies.state", "studies.part", "studies.finish"), "add"
)
"""What programs may use, and what their token must be allowed."""

Turn = Callable[[int], AbstractAsyncContextManager[None]]
"""To ask about so many files.  Raises `Busy`."""


def create_blueprint(shelf: Shelf, shown_in: ShownIn) -> Blueprint:
    """The pages over *shelf*; *shown_in* counts who else shows a study."""
    blueprint = Blueprint("studies", __name__)
    _pages(blueprint, shelf)
    add_list(blueprint, shelf)
    add_deleting(blueprint, shelf)
    add_thinning(blueprint, shelf, shown_in)
    add_bin(blueprint, shelf)
    _asking(blueprint, shelf)
    _transfer(blueprint, shelf)
    return blueprint


def _pages(blueprint: Blueprint, shelf: Shelf) -> None:
    @blueprint.get("/upload")
    async def upload_page() -> ResponseReturnValue:
        space = await storing.space(signed_in().id, shelf.free_quota)
        begun = await begun_uploads(signed_in())
        return await render_template("studies/upload.html", space=space, begun=begun)

    @blueprint.get("/documents/<uuid:study_id>/thumbnail/<uuid:instance_id>")
    async def thumbnail(study_id: UUID, instance_id: UUID) -> ResponseReturnValue:
        study = await opening.open_own(shelf, signed_in(), study_id)
        picture = await study.preview(instance_id, 128)
        if picture is None:
            return Response(status=404)
        kept = {"Cache-Control": "private, max-age=3600, immutable"}
        return Response(picture, content_type="image/jpeg", headers=kept)


def _transfer(blueprint: Blueprint, shelf: Shelf) -> None:
    turnstile = PartTurnstile()
    under_way: set[asyncio.Task[PartReceipt]] = set()  # a loop alone does not keep a task alive

    @blueprint.post("/uploads")
    async def begin() -> ResponseReturnValue:
        with reading():
            sent = await request.get_json()
            client = UUID(sent["client"])
            notes = read_notes(sent.get("documents", []))
            plan = read_plan(sent.get("plan"))
        return _state(await uploads.begin_upload(shelf, signed_in(), client, notes, plan)), 201

    @blueprint.get("/uploads/<uuid:upload_id>")
    async def state(upload_id: UUID) -> ResponseReturnValue:
        return _state(await uploads.upload_state(shelf, signed_in(), upload_id))

    @blueprint.put("/uploads/<uuid:upload_id>/parts/<int:number>")
    async def part(upload_id: UUID, number: int) -> ResponseReturnValue:
        actor = signed_in()
        if number >= parts.FILES:
            raise Invalid
        # What arrived whole is finished even when the line breaks now: the answer is kept.
        with ExitStack() as stack:
            stack.enter_context(await turnstile.through(actor.id))
            body = await read_part(cast("edge.Request", request))
            work = asyncio.create_task(receive_part(shelf, actor, upload_id, number, body))
            under_way.add(work)
            work.add_done_callback(under_way.discard)
            place = stack.pop_all()  # it is taken until the work ends, not until the line breaks
            work.add_done_callback(lambda _: place.close())
        return _receipt(await asyncio.shield(work))

    @blueprint.post("/uploads/<uuid:upload_id>/finish")
    async def finish(upload_id: UUID) -> ResponseReturnValue:
        actor = signed_in()
        await uploads.finish(shelf, actor, upload_id)
        return _space(await storing.space(actor.id, shelf.free_quota))

    @blueprint.post("/uploads/<uuid:upload_id>/give-up")
    async def abandon(upload_id: UUID) -> ResponseReturnValue:
        await give_up(signed_in(), upload_id)
        return redirect("/upload", 303)


def _asking(blueprint: Blueprint, shelf: Shelf) -> None:
    """What the browser asks before and after sending; of one account one question at a time."""
    turnstile = edge.Turnstile[AccountId](each=5, all_=2, waiting=64)
    pace = edge.Pace(QUESTIONS, AT_REST)

    @asynccontextmanager
    async def turn(files: int) -> AsyncIterator[None]:
        pace.take(signed_in().id, 1 + files / WEIGHT)
        with await turnstile.through(signed_in().id):
            yield

    @blueprint.post("/uploads/known")
    async def known() -> ResponseReturnValue:
        with reading():
            sent = _fingerprints((await request.get_json())["fingerprints"])
        async with turn(len(sent)):
            return {"known": await uploads.already_there(shelf, signed_in(), sent)}

    @blueprint.post("/uploads/named")
    async def named() -> ResponseReturnValue:
        with reading():
            listed = (await request.get_json())["instances"]
            sent = [(str(study), str(instance)) for study, instance in listed]
        if len(sent) > ASKED_AT_ONCE or any(len(uid) > LONGEST_UID for uid in chain(*sent)):
            raise Invalid
        async with turn(len(sent)):
            return {"known": await uploads.instances_there(shelf, signed_in(), sent)}

    @blueprint.post("/uploads/<uuid:upload_id>/pieces")
    async def pieces(upload_id: UUID) -> ResponseReturnValue:
        with reading():
            sent = await request.get_json()
            digests = tuple(_fingerprints(sent["digests"]))
            wanted = Stretch(int(sent["file"]), int(sent["bytes"]), int(sent["first"]), digests)
        async with turn(len(digests)):
            return {"there": await pieces_there(shelf, signed_in(), upload_id, wanted)}

    _placing(blueprint, turn)


def _placing(blueprint: Blueprint, turn: Turn) -> None:
    """Where the files lie now, and whose they are."""

    @blueprint.post("/uploads/places")
    async def places() -> ResponseReturnValue:
        with reading():
            sent = await request.get_json()
            uids = {str(each) for each in sent["studies"]}
            contents = _fingerprints(sent["fingerprints"])
        if len(uids) > ASKED_AT_ONCE or any(len(uid) > LONGEST_UID for uid in uids):
            raise Invalid
        async with turn(len(uids) + len(contents)):
            found = await uploads.places(signed_in(), uids, contents)
        there = {str(index): str(each) for index, each in found.documents.items()}
        return {"studies": {uid: str(each) for uid, each in found.studies.items()},
                "documents": there}  # fmt: skip

    @blueprint.post("/uploads/identity")
    async def identity() -> ResponseReturnValue:
        with reading():
            sent = await request.get_json()
            images = Facts(str(sent["name"]), str(sent["birth_date"]), str(sent["sex"]))
        found = await _compared(signed_in(), images)
        return {"answer": found.answer, "differs": found.differs}


def _fingerprints(sent: Sequence[str]) -> list[bytes]:
    """Contents by their digests.  Raises `Invalid`."""
    found = [bytes.fromhex(each) for each in sent]
    if len(found) > ASKED_AT_ONCE or any(len(each) != FINGERPRINT for each in found):
        raise Invalid
    return found


def _space(space: storing.Space) -> dict[str, int]:
    return {"used": space.used, "allowed": space.allowed, "free": space.free}


def _state(state: uploads.UploadState) -> dict[str, Any]:
    # The token with it: whoever signed in again meanwhile needs the new one to go on.
    return {"id": str(state.id), "parts": state.parts, "csrf": g.csrf} | _space(state.space)


def _receipt(receipt: PartReceipt) -> dict[str, Any]:
    return {
        "kept": receipt.kept,
        "duplicates": receipt.duplicates,
        "refused": receipt.refused,
        "waiting": receipt.waiting,
        "studies": [str(each) for each in receipt.studies],
        "restored": receipt.restored,
    }


async def _compared(actor: Actor, images: Facts) -> Comparison:
    """Professionals hold other people's images; only patients are asked whose these are."""
    if actor.kind == "professional":
        return Comparison("unasked")
    profile = await accounts.profile_of(actor)
    if profile.birth_date is None:  # not activated yet, so nobody has asked
        return Comparison("unasked")
    account = Facts(profile.name, profile.birth_date.strftime("%Y%m%d"), profile.sex)
    return compare(images, account)
