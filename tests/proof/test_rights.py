"""
T36: who may do what, for every address and every socket event there is.

The table is closed: an address that is not in it fails.  Whoever may not is told exactly what
they would be told if there were nothing: same status, same words, same headers.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import pytest
import socketio
from quart import Quart, Response
from socketio.exceptions import ConnectionError as NoConnection

from cases import communities
from portal import mailing
from portal.core.web import cookie_name
from tests.people import World
from tests.proof.stage import ACTORS, Stage, begun, case_form, fresh_invitation, pinned, set_up

Sends = Callable[[Stage], dict[str, Any]]
Fresh = Callable[[Stage, str], Awaitable[Mapping[str, str]]]

ALL: Final = frozenset(ACTORS)
SIGNED_IN: Final = ALL - {"stranger", "ended"}
PROFESSIONALS: Final = SIGNED_IN - {"patient"}
INSIDE: Final = frozenset({"member", "author", "owner"})
AUTHOR: Final = frozenset({"author"})
OWNER: Final = frozenset({"owner"})
INVITED: Final = frozenset({"invited"})
NOBODY: Final = frozenset[str]()

MADE_UP: Final = {
    "community", "case", "thread", "post_id", "study_id", "instance", "instance_id", "upload_id",
    "invitation", "account", "token",
}  # fmt: skip
NOT_THERE: Final = {404, 410}
REFUSED: Final = {401, 403, *NOT_THERE}
FLEETING: Final = {"date", "set-cookie"}


def nothing(_stage: Stage) -> dict[str, Any]:
    return {}


def form(**values: str) -> Sends:
    return lambda _stage: {"form": values | {"client_id": str(uuid4())}}


def js(**values: Any) -> Sends:
    return lambda _stage: {"json": values}


@dataclass(frozen=True)
class Right:
    """Who may; who may not but sees that it is there; what is sent; what is made anew for it."""

    may: frozenset[str]
    sees: frozenset[str] = NOBODY
    sends: Sends = nothing
    fresh: Fresh | None = None
    fine: frozenset[int] = frozenset()
    """What else whoever may is answered here, because nothing real was sent."""
    unlike: int = 403
    """What whoever only sees it is answered."""


async def a_post(stage: Stage, _actor: str) -> Mapping[str, str]:
    posted = await stage.people["author"].posts("Once more", thread=stage.ids["thread"])
    return {"post_id": str(posted.id)}


async def an_invitation(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"invitation": await fresh_invitation(stage, actor)}


async def a_mailed_invitation(stage: Stage, actor: str) -> Mapping[str, str]:
    guest = mailing.read_address(f"{uuid4().hex}@example.test")
    asked = await communities.invite(stage.people[actor].actor, stage.community, guest)
    return {"invitation": str(asked)}


async def a_guest(stage: Stage, actor: str) -> Mapping[str, str]:
    guest = await stage.world.physician(f"Guest {uuid4().hex[:6]}")
    await stage.people[actor].invites(guest, stage.community)
    return {"account": str(guest.actor.id)}


async def a_community(stage: Stage, actor: str) -> Mapping[str, str]:
    host = "member" if actor == "owner" else "owner"
    other = await stage.people[host].founds("Another board")
    await stage.people[host].invites(stage.people[actor], other)
    return {"community": str(other)}


async def a_study(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"study_id": str(await stage.people[actor].keeps_a_study())}


async def an_upload(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"upload_id": await begun(stage.browsers[actor])}


ABOUT: Final = {"name": "Chest", "department": "Radiology", "location": "Kiel"}

RIGHTS: Final[dict[str, Right]] = {
    "static": Right(ALL, fine=frozenset({404})),  # nothing is built where tests run alone
    "pages.start": Right(ALL),
    "pages.help_page": Right(ALL),
    "mailing.show_mailbox": Right(ALL),
    "accounts.ask_registration": Right(ALL),
    "accounts.register": Right(ALL, sends=form()),
    "accounts.print_pass": Right(ALL, sends=form(ticket="made up"), fine=frozenset({410})),
    "accounts.ask_activation": Right(ALL),
    "accounts.activate": Right(ALL, sends=form()),
    "accounts.ask_sign_in": Right(ALL),
    "accounts.sign_in": Right(ALL, sends=form()),
    "accounts.prefer": Right(ALL, sends=form(language="en")),
    "accounts.show_profile": Right(SIGNED_IN),
    "accounts.edit_profile": Right(SIGNED_IN, sends=form()),
    "accounts.ask_password": Right(SIGNED_IN),
    "accounts.change_password": Right(SIGNED_IN, sends=form()),
    "studies.upload_page": Right(SIGNED_IN),
    "studies.documents": Right(SIGNED_IN),
    "studies.begin": Right(SIGNED_IN, sends=lambda _: {"json": {"client": str(uuid4())}}),
    "studies.known": Right(SIGNED_IN, sends=js(fingerprints=["00" * 32])),
    "studies.identity": Right(SIGNED_IN, sends=js(name="A", birth_date="19560401", sex="F")),
    "studies.state": Right(AUTHOR),
    "studies.part": Right(AUTHOR, sends=lambda _: {"data": b"HDP1"}),
    "studies.finish": Right(AUTHOR, fresh=an_upload),
    "studies.thumbnail": Right(AUTHOR),
    "studies.confirm_delete": Right(AUTHOR),
    "studies.delete": Right(AUTHOR, fresh=a_study),
    "viewer.page": Right(INSIDE),
    "viewer.open_series": Right(INSIDE),
    "viewer.low": Right(INSIDE),
    "viewer.frame_bytes": Right(INSIDE),
    "viewer.preview": Right(INSIDE),
    "viewer.original": Right(INSIDE),
    "search.form": Right(SIGNED_IN),
    "search.find": Right(SIGNED_IN, sends=form(q="nodule")),
    "cases.communities.mine": Right(SIGNED_IN),
    "cases.communities.manage": Right(SIGNED_IN),
    "cases.communities.found": Right(
        PROFESSIONALS, sees=frozenset({"patient"}), sends=form(**ABOUT)
    ),
    "cases.communities.show": Right(INSIDE),
    "cases.communities.members": Right(INSIDE),
    "cases.communities.rename": Right(OWNER, sees=INSIDE, sends=form(**ABOUT)),
    "cases.communities.invite": Right(
        OWNER, sees=INSIDE, sends=lambda _: {"form": {"mail": f"{uuid4().hex}@example.test"}}
    ),
    "cases.communities.withdraw": Right(OWNER, sees=INSIDE, fresh=a_mailed_invitation),
    "cases.communities.change_role": Right(OWNER, sees=INSIDE, sends=form(role="member")),
    "cases.communities.remove": Right(OWNER, sees=INSIDE, fresh=a_guest),
    "cases.communities.leave": Right(INSIDE, fresh=a_community),
    "cases.communities.accept": Right(INVITED, fresh=an_invitation),
    "cases.communities.decline": Right(INVITED, fresh=an_invitation),
    "cases.new_case": Right(INSIDE),
    # A case is about studies of one's own: the others are told that this one is not theirs.
    "cases.open_case": Right(
        AUTHOR, sees=INSIDE, sends=lambda stage: {"form": case_form(stage)}, unlike=422
    ),
    "cases.show": Right(INSIDE),
    "cases.changes": Right(INSIDE),
    "cases.edit_form": Right(INSIDE),
    "cases.edit": Right(
        AUTHOR, sees=INSIDE, sends=lambda stage: {"form": case_form(stage) | {"rev": "1"}}
    ),
    "cases.posts.start_thread": Right(INSIDE, sends=form(title="One more")),
    "cases.posts.post": Right(INSIDE, sends=lambda stage: {"json": pinned(stage)}),
    "cases.posts.stretch": Right(INSIDE),
    "cases.posts.around": Right(INSIDE),
    "cases.posts.mark_read": Right(INSIDE, sends=form(seq="1")),
    "cases.posts.link": Right(INSIDE),
    "cases.posts.edit": Right(AUTHOR, sees=INSIDE, sends=form(text="Other words", rev="1")),
    "cases.posts.delete": Right(AUTHOR | OWNER, sees=INSIDE, fresh=a_post),
    "cases.posts.react": Right(INSIDE, sends=form(kind="agree")),
    "cases.posts.history": Right(INSIDE),
    "cases.posts.picture": Right(INSIDE),
    "cases.close": Right(AUTHOR | OWNER, sees=INSIDE),
    "cases.reopen": Right(AUTHOR | OWNER, sees=INSIDE),
    "accounts.sign_out": Right(SIGNED_IN),  # last: it ends what the others need
}

Cell = tuple[str, str]
"""Endpoint and method."""


def cells(app: Quart) -> list[Cell]:
    """Every endpoint with every method it has, in the order of the table."""
    found = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {endpoint for endpoint, _ in found} == set(RIGHTS), "the table is not the portal"
    order = list(RIGHTS)
    return sorted(found, key=lambda cell: (order.index(cell[0]), cell[1]))


@dataclass
class Asking:
    """One actor's request to one address, with ids that are real or made up."""

    stage: Stage
    endpoint: str
    method: str

    async def ask(
        self, actor: str, accept: str, ids: Mapping[str, str]
    ) -> tuple[Response, tuple[object, ...]]:
        """The answer, and what of it an asker can tell apart."""
        sent = {"Accept": accept}
        more = RIGHTS[self.endpoint].sends(self.stage)
        browser, path = self.stage.browsers[actor], self.path(ids)
        answer = await browser.request(path, method=self.method, headers=sent, **more)
        return answer, await seen(answer, ids)

    def path(self, ids: Mapping[str, str]) -> str:
        rule = next(self.stage.world.app.url_map.iter_rules(self.endpoint))
        values = {name: ids[name] for name in rule.arguments}
        adapter = self.stage.world.app.url_map.bind("portal.test")
        return adapter.build(self.endpoint, values, method=self.method)

    def arguments(self) -> set[str]:
        rules = self.stage.world.app.url_map.iter_rules(self.endpoint)
        return {name for rule in rules for name in rule.arguments} & MADE_UP


async def seen(answer: Response, ids: Mapping[str, str]) -> tuple[object, ...]:
    """Status, headers and body; the ids asked for, which pages repeat, are blotted out."""
    body = await answer.get_data(as_text=True) if answer.status_code >= 300 else ""
    headers = [(k.lower(), v) for k, v in answer.headers if k.lower() not in FLEETING]
    text = f"{sorted(headers)}\n{body}"
    for value in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(value, "·") if len(value) > 8 else text
    return answer.status_code, text


def made_up(stage: Stage, names: set[str]) -> dict[str, str]:
    """The stage's ids, those of *names* replaced by ones that nothing has."""
    return stage.ids | {
        name: "A" * len(stage.ids[name]) if name == "token" else str(uuid4()) for name in names
    }


async def refusals(asking: Asking, actor: str) -> list[str]:
    """What is wrong with how *actor* is turned away."""
    wrong, names = [], asking.arguments()
    where = f"{asking.method} {asking.endpoint} as {actor}"
    for accept in ("application/json", "text/html"):
        answer, real = await asking.ask(actor, accept, asking.stage.ids)
        if answer.status_code not in expected(actor, asking, accept):
            wrong.append(f"{where}: {answer.status_code}")
        for unreal in [{name} for name in sorted(names)] + [names]:
            _, other = await asking.ask(actor, accept, made_up(asking.stage, unreal))
            if real != other:
                wrong.append(f"{where}: {sorted(unreal)} made up is told apart")
    return wrong


def expected(actor: str, asking: Asking, accept: str) -> set[int]:
    if actor not in {"stranger", "ended"}:
        # Patients have no communities at all, and are told so whatever they ask for.
        return NOT_THERE | ({403} if actor == "patient" else set())
    return {303} if asking.method == "GET" and accept == "text/html" else {401}


async def permission(asking: Asking, actor: str) -> list[str]:
    """What is wrong with how *actor* is let in."""
    right, stage = RIGHTS[asking.endpoint], asking.stage
    ids = stage.ids | dict(await right.fresh(stage, actor) if right.fresh else {})
    answer, _ = await asking.ask(actor, "application/json", ids)
    status = answer.status_code
    if (status in REFUSED and status not in right.fine) or status >= 500:
        return [f"{asking.method} {asking.endpoint} as {actor}: {status}, but they may"]
    return []


@pytest.fixture
async def stage(world: World) -> Stage:
    return await set_up(world)


@pytest.mark.one_engine
async def test_who_may_not_is_told_what_they_would_be_told_of_nothing(
    stage: Stage, app: Quart
) -> None:
    stage.ids["filename"] = "manifest.json"
    wrong = []
    for endpoint, method in cells(app):
        right, asking = RIGHTS[endpoint], Asking(stage, endpoint, method)
        for actor in ACTORS:
            if actor not in right.may | right.sees:
                wrong += await refusals(asking, actor)
            elif actor not in right.may:
                answer, _ = await asking.ask(actor, "application/json", stage.ids)
                if answer.status_code != right.unlike:
                    wrong.append(f"{method} {endpoint} as {actor}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.one_engine
async def test_who_may_is_let_in(stage: Stage, app: Quart) -> None:
    stage.ids["filename"] = "manifest.json"
    wrong = []
    for endpoint, method in cells(app):
        for actor in ACTORS:
            if actor in RIGHTS[endpoint].may:
                wrong += await permission(Asking(stage, endpoint, method), actor)
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def sockets(app: Quart) -> Any:
    """The socket server behind the portal."""
    return app.extensions["hds"]["leave"][0].__self__.sio


SAYS: Final = {"typing": INSIDE, "present": INSIDE}
"""Who is answered `ok` for each event that a browser may send."""
COMES_AND_GOES: Final = {"connect", "disconnect"}


@pytest.mark.one_engine
async def test_sockets_answer_like_pages(stage: Stage, sockets: Any, server: str) -> None:
    assert set(sockets.handlers["/"]) == set(SAYS) | COMES_AND_GOES, "the table is not the portal"
    assert not sockets.namespace_handlers
    real = {"case": stage.ids["case"], "thread": stage.ids["thread"]}
    unreal = {"case": str(uuid4()), "thread": str(uuid4())}

    for actor in ACTORS:
        async with socket(stage, actor, server) as client:
            if actor not in SIGNED_IN:
                assert client is None, actor
                continue
            for event, may in SAYS.items():
                said = await client.call(event, real)
                told = await client.call(event, unreal)
                assert told == {"ok": False, "error": "not_found"}
                assert said == ({"ok": True} if actor in may else told), f"{event} as {actor}"


@asynccontextmanager
async def socket(stage: Stage, actor: str, server: str) -> AsyncIterator[Any]:
    """A socket with the actor's cookie; None where it is refused."""
    name = cookie_name(stage.world.settings)
    headers = {"Origin": server, "Cookie": f"{name}={stage.browsers[actor].cookie(name) or ''}"}
    client = socketio.AsyncClient(reconnection=False)
    try:
        await client.connect(server, headers=headers, transports=["websocket"])
    except NoConnection:
        yield None
    else:
        yield client
        await client.disconnect()
    if client.eio.http is not None:
        await client.eio.http.close()
