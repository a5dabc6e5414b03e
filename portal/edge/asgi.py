"""The first thing a request meets: refusals that cost next to nothing, and the gate of its body."""

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from quart import Quart, Response
from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header, parse_cookie

from portal.core import language, web
from portal.core.errors import Busy
from portal.edge.admissions import Admission
from portal.edge.bodies import GATE, Gate, Receive, Stock
from portal.edge.networks import network_of
from portal.edge.sockets import Send, Unnamed, holding

Asgi = Callable[[Any, Any, Any], Awaitable[None]]

MEDIA: Final = ("application/json", "text/html")


class _Answer(NamedTuple):
    """One refusal, ready to send."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Edge:
    """
    Wraps an application.  *slow* are the paths (or beginnings, which end in a slash) behind which a
    key is derived from what a stranger typed; *places* is how many may be behind them at once.

    Whoever finds no place there is answered from bytes that were made once.
    """

    def __init__(self, app: Quart, inner: Asgi, slow: Collection[str], places: int) -> None:
        self._app, self._inner = app, inner
        self._slow = frozenset(slow)
        self._slow_below = tuple(each for each in slow if each.endswith("/"))
        self.admission = Admission(places)
        self._stock = Stock()
        self._unnamed = Unnamed()
        self._answers: dict[tuple[str, str], _Answer] = {}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._socket(scope, receive, send)
            case _:
                await self._inner(scope, receive, send)

    async def _http(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            with self._admitted(scope):
                gate = Gate(receive, self._stock)
                if not _has_body(scope):
                    gate.open()
                try:
                    await self._inner(scope | {GATE: gate}, gate.receive, send)
                finally:
                    gate.close()
        except Busy as busy:
            await self._refuse(busy, scope, send)

    async def _socket(self, scope: Any, receive: Receive, send: Send) -> None:
        scope, receive = self._unnamed.guard(scope, receive)
        with holding(scope):
            await self._inner(scope, receive, send)

    @contextmanager
    def _admitted(self, scope: Any) -> Iterator[None]:
        path = scope["path"]
        slow = path in self._slow or path.startswith(self._slow_below)
        if scope["method"] != "POST" or not slow:
            yield
            return
        with self.admission.entered(network_of((scope.get("client") or [None])[0])):
            yield

    async def _refuse(self, busy: Busy, scope: Any, send: Send) -> None:
        told = _language_of(scope), _medium_of(scope)
        answer = self._answers.get(told)
        if answer is None:
            answer = self._answers[told] = await self._made(busy, *told)
        start = {"status": answer.status, "headers": answer.headers}
        await send({"type": "http.response.start"} | start)
        await send({"type": "http.response.body", "body": answer.body})

    async def _made(self, busy: Busy, speech: str, medium: str) -> _Answer:
        """The application's own page of this error, as strangers see it."""
        asked = self._app.test_request_context("/", headers={"Accept": medium})
        async with asked:
            with language.speaking(speech):
                made = await self._app.make_response(await web.render_error(busy))
            answer = await self._app.process_response(made, asked)
            assert isinstance(answer, Response)  # noqa: S101 -- made a line above
            body = await answer.get_data(as_text=False)
        headers = [(k.lower().encode(), v.encode()) for k, v in answer.headers.items()]
        return _Answer(answer.status_code, headers, body)


def _has_body(scope: Any) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in scope["headers"]
    )


def _header(scope: Any, wanted: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == wanted), "")


def _language_of(scope: Any) -> str:
    chosen = parse_cookie(_header(scope, b"cookie")).get("language")
    accepted = parse_accept_header(_header(scope, b"accept-language"), LanguageAccept)
    return language.choose(chosen or accepted.best_match(language.LANGUAGES))


def _medium_of(scope: Any) -> str:
    accepted = parse_accept_header(_header(scope, b"accept"), MIMEAccept)
    return accepted.best_match(MEDIA) or MEDIA[0]
