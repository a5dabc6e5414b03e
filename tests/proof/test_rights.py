"""
T36: who may do what, for every address and every socket event there is.

The table (`rights`) is closed: an address that is not in it fails.  Whoever may not is told exactly
what they would be told if there were nothing: same status, same words, same headers.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, Final
from uuid import uuid4

import pytest
import socketio
from quart import Quart, Response
from socketio.exceptions import ConnectionError as NoConnection

from portal.core.web import cookie_name
from tests.people import World
from tests.proof.grid import ADDRESSES, READ_BY_POST, READING, VERBS, places
from tests.proof.rights import ALL, INSIDE, OUTSIDE, RIGHTS, SIGNED_IN, cells
from tests.proof.stage import ACTORS, Stage, set_up

MADE_UP: Final = {
    "community", "case", "thread", "post_id", "study_id", "instance", "instance_id", "upload_id",
    "document_id", "record_id", "entry_id", "month_id", "enclosed", "study_uid", "series_uid",
    "sop_uid", "invitation", "account", "token",
}  # fmt: skip
NOT_THERE: Final = {404, 410}
REFUSED: Final = {401, 403, *NOT_THERE}
FLEETING: Final = {"date", "set-cookie"}


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
    return stage.ids | {name: _nothings(name, stage.ids[name]) for name in names}


def _nothings(name: str, real: str) -> str:
    """An id of the same kind and length; those of images are numbers."""
    if name == "token":
        return "A" * len(real)
    return "2.25." + "7" * (len(real) - 5) if name.endswith("_uid") else str(uuid4())


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
    if actor not in OUTSIDE:
        # These have no communities at all, and are told so whatever they ask for.
        return NOT_THERE | ({403} if actor in {"patient", "unconfirmed"} else set())
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
COMES_AND_GOES: Final = {"connect": SIGNED_IN, "disconnect": SIGNED_IN}
"""What the server tells itself: whoever sends an event of that name has no socket any more."""


@pytest.mark.one_engine
async def test_every_cell_of_the_grid_is_a_right_or_nobodys(app: Quart, sockets: Any) -> None:
    """Twelve actors, at least twenty objects, five verbs; nothing has no place or two places."""
    events = {f"event:{name}": who for name, who in (SAYS | COMES_AND_GOES).items()}
    rights = {endpoint: right.may for endpoint, right in RIGHTS.items()} | events
    routed, placed = cells(app), places()
    assert set(placed) == {endpoint for endpoint, _ in routed} | {
        f"event:{name}" for name in sockets.handlers["/"]
    }
    assert {name: where for name, where in placed.items() if len(where) != 1} == {}
    assert (len(set(ACTORS)), len(VERBS)) == (12, 5)
    assert {verb for verbs in ADDRESSES.values() for verb in verbs} == set(VERBS)

    grid = dict.fromkeys(product(ACTORS, ADDRESSES, VERBS), False)
    assert len(ADDRESSES) >= 20
    assert len(grid) == 12 * len(ADDRESSES) * 5 >= 1200
    for name, [(thing, verb)] in placed.items():
        assert rights[name] <= ALL
        grid |= {(actor, thing, verb): True for actor in rights[name]}

    assert 0 < sum(grid.values()) < len(grid) / 2, "most is nobody's"
    for endpoint, method in routed:
        reads = method == "GET" or endpoint in READ_BY_POST
        assert reads == (placed[endpoint][0][1] in READING), f"{method} {endpoint}"


@pytest.mark.one_engine
async def test_sockets_answer_like_pages(stage: Stage, sockets: Any, server: str) -> None:
    assert set(sockets.handlers["/"]) == {*SAYS, *COMES_AND_GOES}, "the table is not the portal"
    assert sockets.heard == set(SAYS), "who comes and goes is not for clients to say"
    assert not sockets.namespace_handlers
    real = {"case": stage.ids["case"], "thread": stage.ids["thread"]}
    unreal = {"case": str(uuid4()), "thread": str(uuid4())}

    for actor in ACTORS:
        async with socket(stage, actor, server) as client:
            if actor in OUTSIDE:
                assert client is None, actor
                continue
            for event, may in SAYS.items():
                said = await client.call(event, real)
                told = await client.call(event, unreal)
                assert told == {"ok": False, "error": "not_found"}
                assert said == ({"ok": True} if actor in may else told), f"{event} as {actor}"
        for event in COMES_AND_GOES:
            async with socket(stage, actor, server) as client, asyncio.timeout(5):
                ended = asyncio.Event()
                client.on("disconnect", ended.set)
                await client.emit(event, {"HTTP_ORIGIN": server})
                await ended.wait()


@asynccontextmanager
async def socket(stage: Stage, actor: str, server: str) -> AsyncIterator[Any]:
    """A socket with the actor's cookie; None where it is refused."""
    name, browser = cookie_name(stage.world.settings), stage.browsers[actor]
    cookie = browser.cookie(name) or browser.cookie(f"{name}-half") or ""
    headers = {"Origin": server, "Cookie": f"{name}={cookie}; {name}-half={cookie}"}
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
