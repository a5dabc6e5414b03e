"""From a committed event to the sockets of its readers, and the sockets' own small questions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any, Final
from uuid import UUID

from socketio.exceptions import ConnectionRefusedError as Refused

import cases
from cases.events import Changed, Invited, MemberLeft, ReadFurther
from cases.ids import CaseId
from portal import edge, keys, notices
from portal.core.actor import AccountId, Actor
from portal.core.background import background
from portal.core.db import Database
from portal.core.errors import PortalError, SignInNeeded, reading
from portal.core.events import listening
from portal.core.settings import Settings
from portal.core.web import cookie_name
from realtime.belonging import Belonging, communities_of
from realtime.connections import Connection, Connections, cookie_of
from realtime.fanout import FanOut
from realtime.relay import Hint, Relay, relaying
from realtime.strict import StrictServer

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 0.3
"""How often open sockets are checked against sessions and memberships in the database: what ended
in another process is over here within a second, a sweep left out and the closing included (T12)."""
FRESH_SECONDS: Final = 0.25
"""Sessions that a hint has just asked about are left to the next sweep: it ends them in time."""
MOST_EACH: Final = 64
"""Sockets of one account in this process: as many windows as nobody has."""
MOST_PER_SECOND: Final = 20
AT_ONCE: Final = 40
"""Events of one account, of all its sockets together: in the long run, and after a rest."""

FindActor = Callable[[str], Awaitable[Actor | None]]
Ack = dict[str, Any]
_Told = tuple[Hint, Collection[AccountId]]


def create_server(settings: Settings, find_actor: FindActor) -> "Live":
    """The socket server of one process; nothing is told until `running()` is entered."""
    sio = StrictServer(
        async_mode="asgi",
        client_manager=FanOut(),
        cors_allowed_origins=[settings.origin],
        transports=["websocket"],
        max_http_buffer_size=65536,
        http_compression=False,
        logger=False,
        engineio_logger=False,
    )
    return Live(sio, settings, find_actor)


class Live:
    """The sockets of this process and what they are told."""

    def __init__(self, sio: StrictServer, settings: Settings, find_actor: FindActor) -> None:
        self.sio = sio
        self.connections = Connections()
        self._settings = settings
        self._find_actor = find_actor
        self._relay: Relay | None = None
        self._belonging = Belonging()
        self._pace = edge.Pace(MOST_PER_SECOND, AT_ONCE)
        self._waiting: list[_Told] = []
        self._turn = asyncio.Lock()
        self._asked = 0.0, frozenset[bytes]()
        """When sessions were last asked about, and which of them lived."""
        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnect)
        sio.hear("typing", self._answering(self._typing))
        sio.hear("present", self._answering(self._present))

    # --- sockets come and go

    async def _connect(self, sid: str, environ: Mapping[str, Any], _auth: object = None) -> None:
        """Accept a signed-in person's socket that one of our own pages opened."""
        if environ.get("HTTP_ORIGIN") != self._settings.origin:
            raise Refused("origin")
        actor = await self._find_actor(cookie_of(environ, cookie_name(self._settings)))
        if actor is None:
            raise Refused("sign_in")
        communities = await communities_of(actor.id)
        if len(self.connections.of([actor.id])) >= MOST_EACH:
            raise Refused("too_many")
        edge.settle(environ["asgi.scope"])
        connection = Connection(sid, actor.id, actor.session)
        self.connections.add(connection)
        self._belonging.meet(connection, communities)

    async def _disconnect(self, sid: str, _reason: object = None) -> None:
        """Whoever has left is not counted any more, and so keeps no connection either."""
        self.connections.drop(sid)
        self._belonging.forget(sid)
        engine = self.sio.manager.eio_sid_from_sid(sid, "/")
        socket = self.sio.eio.sockets.get(engine)
        if socket is not None:
            await socket.close(wait=False)
            await socket.queue.put(None)  # its writer ends, and the web socket with it

    async def close_all(self) -> None:
        """End every socket, as the server is about to stop."""
        for each in self.connections.all():
            await self.sio.disconnect(each.sid)

    # --- what sockets ask

    def _answering(
        self, handle: Callable[[Connection, Mapping[str, Any]], Awaitable[None]]
    ) -> Callable[..., Awaitable[Ack]]:
        """A handler that always answers: an exception would leave the client waiting."""

        async def answer(sid: str, data: object = None) -> Ack:
            try:
                await handle(await self._who(sid), data if isinstance(data, dict) else {})
            except PortalError as error:
                return {"ok": False, "error": error.code}
            except Exception as error:  # noqa: BLE001 -- an edge: the client must get an answer
                log.error("socket event failed: %s", type(error).__name__)  # noqa: TRY400
                return {"ok": False, "error": "internal"}
            return {"ok": True}

        return answer

    async def _who(self, sid: str) -> Connection:
        """Whose socket this is, asked again at every event that the account's pace allows."""
        connection = self.connections.get(sid)
        if connection is None:
            raise SignInNeeded
        self._pace.take(connection.account)
        if not await keys.alive([connection.session]):
            raise SignInNeeded
        return connection

    async def _typing(self, who: Connection, data: Mapping[str, Any]) -> None:
        with reading():
            case, thread = UUID(str(data["case"])), UUID(str(data["thread"]))
        payload = {"case": str(case), "thread": str(thread), "account": str(who.account)}
        await self._tell_others("typing", who, CaseId(case), payload)

    async def _present(self, who: Connection, data: Mapping[str, Any]) -> None:
        with reading():
            case = UUID(str(data["case"]))
        asks = data.get("asks") is True  # whoever has just come hears from those who are here
        payload = {"case": str(case), "account": str(who.account), "asks": asks}
        await self._tell_others("present", who, CaseId(case), payload)

    async def _tell_others(
        self, name: str, who: Connection, case: CaseId, payload: Mapping[str, Any]
    ) -> None:
        readers = await cases.readers_of(who.account, case)
        await self._tell(name, readers - {who.account}, payload)

    # --- what sockets are told

    async def _changed(self, event: Changed) -> None:
        payload = {
            "community": str(event.community),
            "case": str(event.case) if event.case else None,
            "seq": event.seq,
        }
        await self._tell("change", event.readers, payload)

    async def _left(self, event: MemberLeft) -> None:
        await self._tell("left", {event.account}, {"community": str(event.community)}, ending=True)

    async def _read(self, event: ReadFurther) -> None:
        payload = {
            "community": str(event.community),
            "case": str(event.case),
            "thread": str(event.thread),
            "seq": event.seq,
        }
        await self._tell("read", {event.account}, payload)

    async def _invited(self, event: Invited) -> None:
        await self._tell("invited", {event.account}, {"community": str(event.community)})

    async def _noticed(self, event: notices.Noticed) -> None:
        await self._tell("noticed", event.accounts, {})

    async def _tell(
        self,
        name: str,
        readers: Collection[AccountId],
        payload: Mapping[str, Any],
        *,
        ending: bool = False,
    ) -> None:
        hint = {"name": name, "payload": payload, "ending": ending}
        await self._deliver(hint, readers)
        if self._relay is not None:
            await self._relay.publish(hint | {"readers": [reader.hex for reader in readers]})

    async def _deliver(self, hint: Hint, readers: Collection[AccountId]) -> None:
        """
        Tell this process's sockets of the hint's readers, if their sessions still live.

        Hints that come while sessions are being asked about wait, and the next question is for all
        of them: each is told after a look at its readers' sessions that began later than the hint.
        """
        self._waiting.append(mine := (hint, readers))
        async with self._turn:
            if not any(each is mine for each in self._waiting):
                return  # whoever had the turn before took it along
            told, self._waiting = self._waiting, []
            try:
                await self._deliver_all(told)
            except BaseException:
                self._waiting[:0] = [each for each in told if each is not mine]
                raise

    async def _deliver_all(self, told: Sequence[_Told]) -> None:
        rooms = [(hint, self.connections.of(readers)) for hint, readers in told]
        alive = await self._alive({each for _, sockets in rooms for each in sockets})
        for hint, sockets in rooms:
            room = [each.sid for each in sockets if each.session in alive]
            if room:
                await self.sio.emit(hint["name"], hint["payload"], room=room)
            for each in sockets:
                if each.session not in alive:
                    await self._end(each)
                elif hint["ending"]:
                    await self.sio.disconnect(each.sid)

    async def _alive(self, sockets: Collection[Connection]) -> frozenset[bytes]:
        """The sessions of these sockets that live."""
        if not sockets:
            return frozenset()
        began = monotonic()
        alive = await keys.alive({each.session for each in sockets})
        self._asked = began, alive
        return alive

    async def _ended(self, event: keys.SessionsEnded) -> None:
        await self._end_dead(self.connections.of({event.account}))

    async def _sweep(self) -> None:
        """End the sockets of sessions and memberships that are over, wherever that happened."""
        began, alive = self._asked
        fresh = alive if monotonic() - began < FRESH_SECONDS else frozenset[bytes]()
        await self._end_dead([each for each in self.connections.all() if each.session not in fresh])
        for each, gone in (await self._belonging.left(self.connections.all())).items():
            for community in gone:
                await self.sio.emit("left", {"community": str(community)}, room=[each.sid])
            await self.sio.disconnect(each.sid)

    async def _end_dead(self, sockets: Collection[Connection]) -> None:
        alive = await self._alive(sockets)
        for each in sockets:
            if each.session not in alive:
                await self._end(each)

    async def _end(self, socket: Connection) -> None:
        """Its session is over: the page is told, so that it asks and is covered at once."""
        await self.sio.emit("ended", {}, room=[socket.sid])
        await self.sio.disconnect(socket.sid)

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self._sweep()
            except Exception as error:  # noqa: BLE001 -- the sweep must outlive a lost database
                log.error("sweep failed: %s", type(error).__name__)  # noqa: TRY400

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[None]:
        """Tell sockets what is committed, here and in other processes, until the block ends."""

        async def hear(hint: Hint) -> None:
            readers = {AccountId(UUID(hex=reader)) for reader in hint["readers"]}
            with database.current():
                await self._deliver(hint, readers)

        async with AsyncExitStack() as stack:
            self._relay = await stack.enter_async_context(relaying(self._settings.redis_url, hear))
            stack.callback(self._stop_relaying)  # after everybody who might still have to tell
            stack.push_async_callback(self.close_all)
            stack.enter_context(listening(Changed, self._changed))
            stack.enter_context(listening(MemberLeft, self._left))
            stack.enter_context(listening(Invited, self._invited))
            stack.enter_context(listening(ReadFurther, self._read))
            stack.enter_context(listening(notices.Noticed, self._noticed))
            stack.enter_context(listening(keys.SessionsEnded, self._ended))
            await stack.enter_async_context(background(self._sweeping()))
            yield

    def _stop_relaying(self) -> None:
        self._relay = None
