"""
One community with everything in it, and everybody who may and may not come near it.

Made through the portal's own pages as far as a page does it, so that what is stored is what real
use stores.
"""

import base64
import io
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from PIL import Image
from quart import Response

from cases import communities
from portal import accounts, documents, keys, notices, studies
from portal.core.db import now
from portal.notices.models import Notice
from portal.studies import parts
from tests.accounts.factors.stories import gives_password, sets_up_an_app
from tests.accounts.stories import ADA, registers
from tests.people import Browser, Person, World
from tests.viewer.dicom.making import dataset, parsed, written
from tests.viewer.dicom.telling import structured
from tests.viewer.pdf.making import encapsulated, pdf

JSON: Final = {"Accept": "application/json"}
ACTORS: Final = (
    "stranger", "ended", "patient", "outsider", "invited", "removed", "member", "author", "owner",
    "administrator", "unconfirmed", "half",
)  # fmt: skip
"""
Nobody signed in; a member whose session ended; and so on.  The author's are study and case; the
half is a member with an authenticator app who gave the password and not the code yet.
"""


@dataclass
class Words:
    """What people type, so that a scan can look for it."""

    patient: str = "Beispiel^Erika"
    patient_id: str = "4711"
    description: str = "CT head"
    community: str = "Chest board"
    title: str = "Nodule, left upper lobe"
    question: str = "Would you follow up?"
    thread: str = "Second reading"
    post: str = "I would wait three months"
    drawn: str = "here"
    finding: str = "Small nodule, follow up in three months"
    file: str = "Report of March.pdf"
    medicine: str = "Ramipril"
    diary: str = "Slept badly, the knee again"


@dataclass
class Stage:
    """Browsers by actor, people by actor, and the ids of everything by the names in addresses."""

    world: World
    words: Words
    browsers: dict[str, Browser] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    image: bytes = b""
    """The uploaded file."""
    paper: bytes = b""
    """The uploaded finding."""
    factors: list[str] = field(default_factory=list)
    """The secret in the authenticator app of the one half-way in, and their recovery codes."""

    @property
    def community(self) -> Any:
        """The community's id."""
        return UUID(self.ids["community"])

    @property
    def case(self) -> Any:
        """The case's id."""
        return UUID(self.ids["case"])


async def set_up(world: World, words: Words | None = None) -> Stage:
    """Everybody in their place."""
    stage = Stage(world, words or Words())
    await _people(stage)
    await _membership(stage)
    await _half_way(stage)
    await upload_study(stage, "author")
    await discuss(stage)
    stage.ids |= {"record_id": await written_plan(stage, "author"), "rev": "1"}
    stage.ids |= await written_entry(stage, "author")
    await _newcomer(stage)
    stage.ids["notice"] = await told(stage, "author")
    await keys.end_sessions(stage.people["ended"].actor.id)
    return stage


async def _people(stage: Stage) -> None:
    stage.browsers["stranger"] = stage.world.browser()
    stage.people["patient"] = await stage.world.patient("Erika Beispiel")
    for name in ACTORS[1:]:
        if name != "patient":
            doctor, known = f"Dr. {name.title()} Ahrens", name != "unconfirmed"
            stage.people[name] = await stage.world.physician(doctor, confirmed=known)
        stage.browsers[name] = stage.people[name].browser
    await accounts.appoint(stage.people["administrator"].actor.id)


async def _membership(stage: Stage) -> None:
    owner = stage.people["owner"]
    about = {"name": stage.words.community, "department": "Radiology", "location": "Kiel"}
    founded = await owner.browser.post("/communities/manage", form=about)
    stage.ids["community"] = founded.headers["Location"].split("/")[2]
    for name in ("member", "author", "removed", "ended", "half"):
        await owner.invites(stage.people[name], stage.community)
    await communities.remove(owner.actor, stage.community, stage.people["removed"].actor.id)
    invited = stage.people["invited"].actor.id
    stage.ids["invitation"] = str(await communities.invite(owner.actor, stage.community, invited))
    bystander = await stage.world.physician("Dr. Bystander")
    await owner.invites(bystander, stage.community)
    stage.ids["account"] = str(bystander.actor.id)


async def _half_way(stage: Stage) -> None:
    """A member gives the password in a new browser; the second step is lacking."""
    half = stage.people["half"]
    phone, codes = await sets_up_an_app(half.browser)
    stage.factors = [phone.secret, *codes]
    stage.browsers["half"], answer = await gives_password(stage.world, half)
    assert answer.headers["Location"].startswith("/sign-in/second")


async def upload_study(stage: Stage, actor: str) -> None:
    """An examination of one image, sent in one part, and a second upload that stays open."""
    browser, words = stage.browsers[actor], stage.words
    noise = np.random.default_rng(1).integers(0, 4000, (64, 64), dtype=np.uint16)
    stage.image = written(
        dataset(
            noise,
            PatientName=words.patient,
            PatientID=words.patient_id,
            StudyDescription=words.description,
            StudyDate="20260312",
            PatientBirthDate="19560401",
            SpecificCharacterSet="ISO_IR 192",
            **uids(),
        )
    )
    first = parsed(stage.image)
    report = encapsulated(pdf([words.finding]), StudyInstanceUID=first.StudyInstanceUID)
    stage.ids |= {"study_uid": str(first.StudyInstanceUID), "place": "7FE00010", "listed": "1"}
    stage.ids |= {"series_uid": str(first.SeriesInstanceUID), "sop_uid": str(first.SOPInstanceUID)}
    upload = await begun(browser)
    told = structured(StudyInstanceUID=first.StudyInstanceUID)
    body = parts.build([(0, stage.image), (1, report), (2, told)])
    answer = await browser.put(f"/uploads/{upload}/parts/0", data=body, headers=JSON)
    said = await answer.get_json()
    assert said["kept"] == [0, 1, 2], said
    await browser.post(f"/uploads/{upload}/finish", json={}, headers=JSON)
    stage.ids["study_id"] = said["studies"][0]
    shelf: studies.Shelf = stage.world.app.extensions["hds"]["shelf"]
    assert await shelf.preparing.done(UUID(stage.ids["study_id"]), 30.0)
    study = await studies.open_own(shelf, stage.people[actor].actor, UUID(stage.ids["study_id"]))
    listed = [each for series in (await study.manifest())["series"] for each in series["instances"]]
    by_kind = {each["kind"]: str(UUID(each["id"])) for each in listed}
    stage.ids |= {"instance": by_kind["image"], "instance_id": by_kind["image"]}
    stage.ids |= {"enclosed": by_kind["document"], "told": by_kind["report"], "page": "1"}
    stage.ids["document_id"] = await upload_paper(stage, actor, words.finding)
    stage.ids |= {"credential": "17" * 16, "session": "17" * 32, "program": "17" * 32}
    stage.ids |= {"upload_id": await begun(browser), "number": "1", "frame": "0"}


async def upload_paper(stage: Stage, actor: str, text: str) -> str:
    """A finding as PDF, uploaded by itself: its id."""
    browser, stage.paper = stage.browsers[actor], pdf([text])
    begin = {"client": str(uuid4()), "documents": [[0, stage.words.file, ""]]}
    answer = await browser.post("/uploads", json=begin, headers=JSON)
    upload = (await answer.get_json())["id"]
    body = parts.build([(0, stage.paper)])
    said = await browser.put(f"/uploads/{upload}/parts/0", data=body, headers=JSON)
    assert (await said.get_json())["kept"] == [0]
    return str((await documents.mine(stage.people[actor].actor))[0].id)


async def trusts_a_program(person: Person) -> str:
    """The id of a new token, as the list of them has it."""
    before = {each.id for each in await keys.tokens_of(person.actor)}
    await keys.make_token(person.actor, "A program", ["read"], now() + timedelta(days=1))
    [made] = {each.id for each in await keys.tokens_of(person.actor)} - before
    return made.hex()


def uids() -> dict[str, str]:
    """Identifiers that nobody else has."""
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    return {name: f"2.25.{uuid4().int}" for name in names}


async def begun(browser: Browser) -> str:
    """The id of a new upload."""
    answer = await browser.post("/uploads", json={"client": str(uuid4())}, headers=JSON)
    assert answer.status_code == 201
    return str((await answer.get_json())["id"])


def case_form(stage: Stage) -> dict[str, str]:
    """The form that opens the case."""
    return {
        "title": stage.words.title, "question": stage.words.question, "modality": "CT",
        "region": "head", "age_band": "65–69", "client_id": str(uuid4()),
        "studies": stage.ids["study_id"],
    }  # fmt: skip


def pinned(stage: Stage) -> dict[str, Any]:
    """A post with a view, as the viewer makes it, and its small picture."""
    picture = io.BytesIO()
    Image.new("L", (32, 32), 77).save(picture, "JPEG")
    view = {
        "v": 1, "study": stage.ids["study_id"], "series": "0", "instance": stage.ids["instance"],
        "sop": "2.25.3", "frame": 1, "index": 0, "count": 1, "seriesNumber": 1, "window": None,
        "invert": False, "zoom": 1, "pan": [0, 0], "rotation": 0, "flipH": False, "flipV": False,
        "annotations": [{"tool": "ArrowAnnotate", "points": [[0, 0, 0]],
                         "text": stage.words.drawn}],
    }  # fmt: skip
    image = base64.b64encode(picture.getvalue()).decode()
    return {
        "text": stage.words.post,
        "client_id": str(uuid4()),
        "pin": {"view": view, "image": image},
    }


async def discuss(stage: Stage) -> None:
    """The author's case in the community, with a second thread and a post with a view."""
    browser, ids = stage.browsers["author"], stage.ids
    opened = await browser.post(f"/communities/{ids['community']}/cases", form=case_form(stage))
    assert opened.status_code == 303, await opened.get_data(as_text=True)
    ids["case"] = opened.headers["Location"].rpartition("/")[2]
    thread = await browser.post(
        f"/cases/{ids['case']}/threads",
        json={"title": stage.words.thread, "client_id": str(uuid4())},
        headers=JSON,
    )
    ids["thread"] = (await thread.get_json())["id"]
    ids["post_id"] = (await written_post(stage, "author", pinned(stage)))["id"]


async def written_post(stage: Stage, actor: str, post: dict[str, Any]) -> dict[str, Any]:
    """What the page is told about a new post."""
    path = f"/threads/{stage.ids['thread']}/posts"
    answer = await stage.browsers[actor].post(path, json=post, headers=JSON)
    assert answer.status_code == 201, await answer.get_data(as_text=True)
    said: dict[str, Any] = json.loads(await answer.get_data())
    return said


def plan_form(stage: Stage, rev: int = 0, **more: str) -> dict[str, str]:
    """The form of a medication plan with one medicine."""
    return {
        "rev": str(rev), "client_id": str(uuid4()), "p-person": stage.words.patient,
        "l-0-kind": "drug", "l-0-id": "", "l-0-substance": stage.words.medicine,
        "l-0-morning": "1", "l-0-notes": "before breakfast",
    } | more  # fmt: skip


def plan_copy(stage: Stage) -> dict[str, Any]:
    """A medication plan as an archive holds it."""
    line = {"id": "0" * 16, "kind": "drug", "substance": stage.words.medicine}
    said = {"person": stage.words.patient, "lines": [line]}
    return {"kind": "plan", "format": 1, "versions": [{"rev": 1, "said": said}]}


async def written_plan(stage: Stage, actor: str) -> str:
    """A medication plan that somebody wrote: its id."""
    begun_ = await stage.browsers[actor].post("/plans/new", form=plan_form(stage))
    assert begun_.status_code == 303, await text_of(begun_)
    return str(begun_.headers["Location"].partition("?")[0].rpartition("/")[2])


def entry_form(stage: Stage, rev: int = 0, **more: str) -> dict[str, str]:
    """The form of an entry of the diary."""
    return {
        "rev": str(rev), "client_id": str(uuid4()), "when": "2026-03-12T08:30",
        "text": stage.words.diary, "symptoms": "dizzy", "pulse": "72",
        "own-0-name": "Peak flow", "own-0-value": "410", "own-0-unit": "l/min",
    } | more  # fmt: skip


async def written_entry(stage: Stage, actor: str) -> dict[str, str]:
    """An entry of the diary that somebody wrote: its id, and that of its month."""
    browser = stage.browsers[actor]
    sent = await browser.post("/diary/new", form=entry_form(stage))
    assert sent.status_code == 303, await text_of(sent)
    shown = await text_of(await browser.get(sent.headers["Location"]))
    month = sent.headers["Location"].partition("?")[0].rpartition("/")[2]
    return {"entry_id": re.findall(r"/diary/([0-9a-f-]{36})/edit", shown)[0], "month_id": month}


async def _newcomer(stage: Stage) -> None:
    """Somebody registered and has not read the mail yet."""
    who = ADA | {"mail": "newcomer@example.test"}
    await registers(stage.world.browser(), who)
    stage.ids["token"] = (await stage.world.link_for(who["mail"])).rpartition("/")[2]


async def fresh_invitation(stage: Stage, guest: str) -> str:
    """An invitation into a second community of the owner's, not answered yet."""
    owner = stage.people["owner"]
    other = await owner.founds("Another board")
    asked = await communities.invite(owner.actor, other, stage.people[guest].actor.id)
    return str(asked)


async def told(stage: Stage, actor: str) -> str:
    """A notice of somebody's about their own account."""
    account = stage.people[actor].actor.id
    await notices.tell(notices.News([account], "password_changed", account))
    return str((await Notice.get(account=account, kind="password_changed")).id)


async def text_of(answer: Response) -> str:
    """The body."""
    return await answer.get_data(as_text=True)
