"""
T36: ids of another tenant wherever an id can stand: in path, query, body, a socket's payload.

Somebody with a community, a case, images and findings of their own puts ids of other people's
things among their own.  They are told what they are told of an id that nothing has, and nothing
changes.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from quart import Quart

from cases import communities
from cases.models import Case, Post, Thread
from portal.accounts.dates import today
from portal.records.models import Record, RecordVersion
from portal.studies import parts
from portal.studies.models import Upload
from tests.architecture.sources import PACKAGES, ROOT
from tests.notices.push_service import BrowserKeys
from tests.people import Person, World
from tests.proof.rights import RIGHTS, Sends, cells, form, js, nothing
from tests.proof.stage import (
    Stage,
    Words,
    case_form,
    discuss,
    entry_form,
    pinned,
    plan_form,
    told,
    trusts_a_program,
    upload_study,
    written_entry,
    written_plan,
)
from tests.proof.test_disk import rows
from tests.proof.test_endings import socket
from tests.scanning import names
from tests.viewer.dicom.making import parsed

JSON: Final = {"Accept": "application/json"}
WRONG: Final = "not the password of anybody here"
EDGES: Final = ("forms.py", "pins.py", "routes.py", "server.py")
"""Files that read what comes in end so."""
PUSHED_TO: Final = "https://fcm.googleapis.com/fcm/send/{}"

READ: Final = {
    "cases/community_routes.py": {"UUID(str(form['account']))"},
    "cases/forms.py": {"UUID(str(data['client_id']))", "UUID(str(reply_to))", "UUID(study)"},
    "cases/pins.py": {"UUID(spelled)", "UUID(self.view['study'])"},
    "cases/search/routes.py": {"UUID(only)"},
    "portal/accounts/factors/again_routes.py": {"UUID(str(data['account']))"},
    "portal/accounts/profile/forms.py": {"UUID(str(data.get('deputy', '')))"},
    "portal/auditing/routes.py": {"UUID(given['thing'])", "UUID(who)"},
    "portal/exporting/routes.py": {"UUID(each)", "UUID(request.args['s'])"},
    "portal/records/forms.py": {"UUID(str(form['client_id']))"},  # of the diary, too
    "portal/studies/routes.py": {"UUID(sent['client'])"},
    "realtime/server.py": {
        "UUID(str(data['case']))",
        "UUID(str(data['thread']))",
        "UUID(hex=reader)",  # from Redis, not from a browser
    },
}
"""Every place where an id is read from a body, a query or a socket; each is tried below."""
ASKED: Final = {
    "activated", "after", "all", "anyway", "before", "binned", "chosen", "d", "dicom", "done", "e",
    "ended", "form", "from", "kind", "limit", "log", "manifest", "next", "pane", "q", "revoked",
    "s", "saved", "since", "stopped", "study", "w", "zoom",
}  # fmt: skip
"""Every name in a query; `study`, `binned`, `e`, `d` and `s` are ids."""


UUIDS: Final = {
    "account", "case", "community", "document_id", "enclosed", "entry_id", "instance",
    "instance_id", "invitation", "month_id", "notice", "post_id", "program", "record_id",
    "session", "study_id", "thread", "upload_id",
}  # fmt: skip
"""What in an address is somebody's."""
UIDS: Final = {"study_uid", "series_uid", "sop_uid"}
"""The same of images, by the numbers that their makers gave them."""
PROFILE: Final = {
    "name": "Dr. Eve Sorrel", "birth_date": "17.05.1970", "sex": "O", "specialty": "radiology",
    "place": "Kiel", "findable": "yes", "agreed": "yes",
    "deputy_name": "Beispiel",
}  # fmt: skip
TOLD: Final = {
    "a case's form", "a case's study", "a post's answer", "a pin's study", "an invitation",
    "a download's study", "a download's document", "a download's series", "a search", "a deputy",
    "files", "images", "places", "a device, known",
    "POST cases.communities.change_role account", "POST cases.communities.withdraw invitation",
    "GET viewer.original instance", "GET documents.enclosed_original study_id",
    "GET dicomweb.instance sop_uid", "GET dicomweb.series_metadata series_uid",
    "GET studies.thumbnail instance_id", "GET notices.open_ notice",
}  # fmt: skip
"""Where an id of one's own is answered otherwise, so that the questions are good ones."""
ANY_ID: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
NUMBER: Final = re.compile("[0-9]+")
Asked = tuple[str, str, str, Sends]
"""What is asked, with which verb, where, and what is sent."""


@dataclass
class Tenants:
    """Two who have nothing to do with each other, with everything that can be had."""

    hers: Stage
    his: Stage

    async def answer(self, method: str, path: str, sends: Sends) -> tuple[int, str]:
        """What she is told: status, headers and words, but for ids and numbers."""
        browser, more = self.hers.browsers["author"], sends(self.hers)
        answer = await browser.request(path, method=method, headers=JSON, **more)
        headers = sorted((name.lower(), value) for name, value in answer.headers)
        said = f"{headers}\n{(await answer.get_data(as_text=False)).decode(errors='replace')}"
        return answer.status_code, NUMBER.sub("·", ANY_ID.sub("·", said))


@pytest.fixture
async def tenants(world: World) -> Tenants:
    """Ada with a study in a case of her community, and Eve with the same of her own."""
    found = []
    for name in ("Dr. Eve Sorrel", "Dr. Ada Lindqvist"):
        person, guest = await world.physician(name), await world.physician(f"Guest of {name}")
        words = replace(Words(), patient_id=uuid4().hex)
        stage = Stage(world, words, people={"author": person, "owner": person})
        stage.browsers |= {"author": person.browser, "owner": person.browser}
        stage.ids["community"] = str(board := await person.founds(f"Board of {name}"))
        await person.invites(guest, board)
        asked = await communities.invite(person.actor, board, (await world.physician(
            f"Asked by {name}")).actor.id)  # fmt: skip
        stage.ids |= {"account": str(guest.actor.id), "invitation": str(asked)}
        await upload_study(stage, "author")
        await discuss(stage)
        stage.ids |= {"record_id": await written_plan(stage, "author"), "rev": "1"}
        stage.ids |= await written_entry(stage, "author")
        found.append(stage)
    return Tenants(*found)


def _calls(path: Path, called: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == called:
            yield node


def _edges() -> Iterator[tuple[str, Path]]:
    for room in PACKAGES:
        for path in (ROOT / room).rglob("*.py"):
            if path.name.endswith(EDGES):
                yield path.relative_to(ROOT).as_posix(), path


def test_every_place_where_an_id_is_read_is_known() -> None:
    read = {name: {ast.unparse(each) for each in _calls(path, "UUID")} for name, path in _edges()}

    assert {name: calls for name, calls in read.items() if calls} == READ


def test_every_question_in_an_address_is_known() -> None:
    asked = set()
    for _, path in _edges():
        for verb in ("get", "getlist"):
            for call in _calls(path, f"request.args.{verb}"):
                first = call.args[0]
                asked |= {first.value} if isinstance(first, ast.Constant) else set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and ast.unparse(node).endswith("in request.args"):
                assert isinstance(node.left, ast.Constant)
                asked.add(node.left.value)

    assert asked == ASKED


async def rows_naming(ids: Mapping[str, str]) -> dict[tuple[str, object], str]:
    """Every row that names one of *ids*, with all its values."""
    sought = [UUID(each) for name, each in ids.items() if name in UUIDS - {"session", "program"}]
    found = {}
    for row in await rows():
        values = {name: getattr(row, name) for name in row._meta.db_fields}
        if any(names(value, each) for value in values.values() for each in sought):
            found[row._meta.db_table, row.pk] = repr(values)
    return found


async def everything(stage: Stage, somebody: Person) -> dict[str, str]:
    """Ids by what they are, also those that only their owner's browser and files know."""
    person, ids, image = stage.people["author"], stage.ids, parsed(stage.image)
    other, _ = await stage.world.signs_in(person.mail)
    device = BrowserKeys().subscription(PUSHED_TO.format(uuid4().hex))
    added = await person.browser.post("/profile/notices/devices", json=device, headers=JSON)
    assert added.status_code == 201
    return ids | {
        "somebody": str(somebody.actor.id),
        "notice": await told(stage, "author"),
        "session": other.session.hex(),
        "program": await trusts_a_program(person),
        "post_client": str((await Post.get(id=ids["post_id"])).client_id),
        "thread_client": str((await Thread.get(id=ids["thread"])).client_id),
        "case_client": str((await Case.get(id=ids["case"])).client_id),
        "record_client": str((await Record.get(id=ids["record_id"])).client_id),
        "entry_client": str((await RecordVersion.get(item=ids["entry_id"])).client_id),
        "upload_client": str((await Upload.get(id=ids["upload_id"])).client_id),
        "study_uid": str(image.StudyInstanceUID),
        "series_uid": str(image.SeriesInstanceUID),
        "sop_uid": str(image.SOPInstanceUID),
        "fingerprint": parts.fingerprint(parts.digests(stage.image)).hex(),
        "endpoint": device["endpoint"],
    }


def _nothings(ids: Mapping[str, str]) -> dict[str, str]:
    """Ids of the same kinds that nothing has."""
    like = {
        "study_uid": f"2.25.{uuid4().int}",
        "series_uid": f"2.25.{uuid4().int}",
        "sop_uid": f"2.25.{uuid4().int}",
        "fingerprint": uuid4().hex * (len(ids["fingerprint"]) // 32),
        "session": uuid4().hex * (len(ids["session"]) // 32),
        "program": uuid4().hex * (len(ids["program"]) // 32),
        "endpoint": PUSHED_TO.format("nobody"),
    }
    return {name: like.get(name) or str(uuid4()) for name in ids}


def _paths(app: Quart, own: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Asked]:
    """Every address with more than one id: each of them foreign, beside ids of one's own."""
    adapter = app.url_map.bind("portal.test")
    for endpoint, method in cells(app):
        names = next(app.url_map.iter_rules(endpoint)).arguments
        ids = {name for name in names if name in UUIDS | UIDS}
        for name in sorted(ids):
            if len(ids) > 1 or name in {"notice", "session", "program"}:
                values = {each: own.get(each, "1") for each in names} | {name: theirs[name]}
                path = adapter.build(endpoint, values, method=method)
                yield f"{method} {endpoint} {name}", method, path, RIGHTS[endpoint].sends


def _bodies(own: Stage, ids: Mapping[str, str]) -> Iterator[Asked]:
    """Every id in a query or a body, foreign."""
    board, thread = f"/communities/{own.ids['community']}", f"/threads/{own.ids['thread']}/posts"
    pin, away = pinned(own)["pin"], (today() + timedelta(days=9)).isoformat()

    def seen(**view: str) -> Any:
        return js(client_id=str(uuid4()), text="", pin=pin | {"view": pin["view"] | view})

    yield "a case's form", "GET", f"{board}/cases/new?study={ids['study_id']}", nothing
    series = f"/download/size?e={own.ids['study_id']}&s={ids['instance']}"
    yield "a download's series", "GET", series, nothing
    for what, name, chosen in (("study", "e", "study_id"), ("document", "d", "document_id")):
        yield f"a download's {what}", "GET", f"/download/size?{name}={ids[chosen]}", nothing
        path = f"/download/archive?{name}={ids[chosen]}"
        yield f"a download's {what}, itself", "GET", path, nothing
    yield "who looked", "GET", f"/log?who={ids['somebody']}", nothing
    yield "what was looked at", "GET", f"/log?thing={ids['study_id']}", nothing
    yield "what was just thrown", "GET", f"/documents?binned={ids['study_id']}", nothing
    yield (
        "a case's study",
        "POST",
        f"{board}/cases",
        lambda _: {"form": case_form(own) | {"studies": ids["study_id"]}},
    )
    yield (
        "a case's own id",
        "POST",
        f"{board}/cases",
        lambda _: {"form": case_form(own) | {"client_id": ids["case_client"]}},
    )
    threads = f"/cases/{own.ids['case']}/threads"
    yield "a thread's own id", "POST", threads, js(title="A", client_id=ids["thread_client"])
    yield "a post's own id", "POST", thread, js(text="B", client_id=ids["post_client"])
    answer = js(text="C", client_id=str(uuid4()), reply_to=ids["post_id"])
    yield "a post's answer", "POST", thread, answer
    yield "a pin's study", "POST", thread, seen(study=ids["study_id"])
    yield "a pin's image", "POST", thread, seen(instance=ids["instance"])
    yield "an invitation", "POST", f"{board}/invitations", form(account=ids["somebody"])
    yield "a search", "POST", "/search", form(**{"q": own.words.post, "in": ids["community"]})
    yield (
        "a deputy",
        "POST",
        "/profile",
        form(**PROFILE, rev="1", away_until=away, deputy=ids["somebody"]),
    )
    yield "a locked page", "POST", "/unlock", js(account=ids["somebody"], proof_password=WRONG)
    begun = js(client=ids["upload_client"], documents=[[0, "a.pdf", ids["study_uid"]]])
    yield "an upload's own id", "POST", "/uploads", begun
    plan = plan_form(own, client_id=ids["record_client"])
    yield "a plan's own id", "POST", "/plans/new", form(**plan)
    entry = entry_form(own, client_id=ids["entry_client"])
    yield "an entry's own id", "POST", "/diary/new", form(**entry)
    yield "files", "POST", "/uploads/known", js(fingerprints=[ids["fingerprint"]])
    both = [[ids["study_uid"], ids["sop_uid"]]]
    yield "images", "POST", "/uploads/named", js(instances=both)
    where = js(studies=[ids["study_uid"]], fingerprints=[ids["fingerprint"]])
    yield "places", "POST", "/uploads/places", where
    for what in ("known", "removal"):
        path = f"/profile/notices/devices/{what}"
        yield f"a device, {what}", "POST", path, js(endpoint=ids["endpoint"])


@pytest.mark.one_engine
async def test_foreign_ids_are_ids_that_nothing_has(tenants: Tenants, app: Quart) -> None:
    hers, world = tenants.hers, tenants.hers.world
    theirs = await everything(tenants.his, await world.patient("Otto Beispiel"))
    mine = await everything(hers, await world.physician("Dr. Erika Beispiel"))
    await world.physician("Dr. Max Beispiel")  # so that the id decides who is deputy
    made_up = _nothings(theirs)
    questions = [[*_paths(app, mine, ids), *_bodies(hers, ids)] for ids in (theirs, made_up, mine)]
    before, known = await rows_naming(theirs), dict[str, tuple[int, str]]()
    for real, unreal, _ in zip(*questions, strict=True):
        known[real[0]] = await tenants.answer(*real[1:])
        assert known[real[0]] == await tenants.answer(*unreal[1:]), real[0]
    assert await rows_naming(theirs) == before

    for what, method, path, sends in questions[-1]:
        if what in TOLD:
            assert await tenants.answer(method, path, sends) != known[what], what
    assert set(known) >= TOLD


@pytest.mark.one_engine
async def test_foreign_ids_in_a_sockets_payload_reach_nobody(
    tenants: Tenants, server: str, world: World
) -> None:
    hers, his = tenants.hers, tenants.his
    cookies = [stage.browsers["author"].cookie("hds") for stage in (hers, his)]
    heard: list[Any] = []
    async with socket(world, cookies[0], server) as eve, socket(world, cookies[1], server) as ada:
        for name in ("typing", "present"):
            ada.on(name, heard.append)
        for case, thread in product((hers, his, None), repeat=2):
            sent = {
                "case": case.ids["case"] if case else str(uuid4()),
                "thread": thread.ids["thread"] if thread else str(uuid4()),
                "account": str(his.people["author"].actor.id),
            }
            for event in ("typing", "present"):
                said = await eve.call(event, sent)
                nothing_there = {"ok": False, "error": "not_found"}
                assert said == ({"ok": True} if case is hers else nothing_there), (event, sent)
        guest = {"case": his.ids["case"], "thread": his.ids["thread"]}
        assert await ada.call("typing", guest) == {
            "ok": True
        }  # what was on the way has come by now
    assert heard == []
