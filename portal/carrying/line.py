"""One line to a portal: requests that are tried again when they may, and refusals in words."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import urlsplit

PASSING: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may be right a little later."""
DAMAGED: Final = "part_damaged"
"""Something on the way changed a part, whose digests tell: it goes once more as it is."""
TIMEOUT: Final = 90.0
TRIES: Final = 10
LONGEST_WAIT: Final = 60.0
"""Seconds."""
AT_HOME: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OK: Final = range(200, 300)

Say = Callable[[str], None]


class Sink(Protocol):
    """Where a file arrives."""

    def wanted(self) -> Mapping[str, str]:
        """What the request says, so that only what is lacking is sent."""

    def begins(self, tag: str, *, partial: bool) -> None:
        """What is *partial* continues; else it is the whole."""

    def take(self, piece: bytes) -> None:
        """The next bytes."""


class Stop(Exception):
    """Nothing more can be done; the text says why, and *code* is what the program ends with."""

    code: ClassVar[int] = 4


class BadUse(Stop):
    """Something that was typed or set is not right."""

    code: ClassVar[int] = 2


@dataclass(eq=False)
class NotLetIn(Stop):
    """The portal does not take the token, or what was typed; *error* is its word for why."""

    words: str
    error: str = ""
    app: bool = False
    """Of a second step that is lacking: there is an authenticator app."""
    code: ClassVar[int] = 3

    def __str__(self) -> str:
        return self.words


class Unreachable(Stop):
    """The portal could not be reached, however often it was tried."""


@dataclass(eq=False)
class Refused(Stop):
    """The portal understood, and said no."""

    status: int
    error: str
    words: str
    app: bool = False

    def __str__(self) -> str:
        return self.words


class Line:
    """
    Asks the portal at *origin* in the name of whoever *token* belongs to; in nobody's without one.
    """

    def __init__(
        self, origin: str, token: str, say: Say, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.origin = checked(origin)
        self._token, self._say, self._sleep = token, say, sleep
        self._open: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, sent: Any = None) -> Any:
        """The answer in JSON.  Raises `Stop`."""
        headers, body = dict[str, str](), None
        if sent is not None:
            headers, body = {"Content-Type": "application/json"}, json.dumps(sent).encode()
        return json.loads(self._tried(method, path, body, headers, _whole))

    def ask_once(self, method: str, path: str, sent: Any = None) -> Any:
        """
        The answer to what must not be repeated by itself, as from a page; None where it is empty.

        Raises `Stop`; `Refused` or `NotLetIn` for whatever the portal says, also to wait.
        """
        headers = {"Content-Type": "application/json", "Origin": self.origin}
        body = json.dumps(sent).encode()
        answer = self._tried(method, path, body, headers, _whole, tries=1)
        return json.loads(answer) if answer else None

    def send(self, path: str, body: bytes) -> Any:
        """The answer to a part of an upload.  Raises `Stop`."""
        headers = {"Content-Type": "application/octet-stream"}
        return json.loads(self._tried("PUT", path, body, headers, _whole))

    def fetch(self, path: str, to: Sink) -> None:
        """A file, given to *to* as it arrives; goes on after a cut.  Raises `Stop`."""

        def taken(answer: http.client.HTTPResponse) -> bytes:
            partial = answer.status == http.client.PARTIAL_CONTENT
            to.begins(answer.headers.get("ETag", ""), partial=partial)
            lacking = int(answer.headers["Content-Length"])
            while piece := answer.read(1 << 20):
                to.take(piece)
                lacking -= len(piece)
            if lacking:
                raise http.client.IncompleteRead(b"", lacking)
            return b""

        self._tried("GET", path, None, to.wanted, taken)

    def tag_of(self, path: str) -> str:
        """What tells one state of a file from another; empty where nothing does.  Raises `Stop`."""

        def tag(answer: http.client.HTTPResponse) -> bytes:
            answer.read()
            return answer.headers.get("ETag", "").encode()

        return self._tried("GET", path, None, {"Range": "bytes=0-0"}, tag).decode()

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _tried(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]],
        read: Callable[[http.client.HTTPResponse], bytes],
        tries: int = TRIES,
    ) -> bytes:
        wait, why = 0.0, ""
        for number in range(tries):
            if number:
                self._say(f"{why}; trying again in {wait:.0f} s")
                self._sleep(wait)
            wait = min(2.0**number, LONGEST_WAIT)
            try:
                answer = self._asked(
                    method, path, body, headers() if callable(headers) else headers
                )
                if answer.status in OK:
                    return read(answer)
                problem, asked = _problem(answer), answer.headers.get("Retry-After", "")
            except ssl.SSLCertVerificationError as error:
                raise Unreachable(f"{self.origin} shows a wrong certificate") from error
            except (OSError, http.client.HTTPException) as error:
                self.close()
                why = f"{self.origin} does not answer ({type(error).__name__})"
                continue
            passes = answer.status in PASSING or problem.error == DAMAGED
            if not passes or tries == 1:
                raise _not_let_in(problem) or problem
            why, wait = problem.words, max(wait, float(asked) if asked.isdigit() else 0.0)
        raise Unreachable(why)

    def _asked(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        if self._open is None:
            self._open = _connection(self.origin)
        said = {"Accept": "application/json"}
        if self._token:
            said["Authorization"] = f"Bearer {self._token}"
        self._open.request(method, path, body, {**said, **headers})
        return self._open.getresponse()


def checked(origin: str) -> str:
    """The portal's address.  Raises `BadUse` for one to which no token may go."""
    try:
        parts = urlsplit(origin)
        home = parts.hostname in AT_HOME
        port = parts.port
    except ValueError:
        raise BadUse(f"this is not the address of a portal: {origin}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise BadUse(f"this is not the address of a portal: {origin or 'nothing was said'}")
    if parts.scheme == "http" and not home:
        raise BadUse("a token is sent by https only: please write https:// before the address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _connection(origin: str) -> http.client.HTTPConnection:
    parts = urlsplit(origin)
    assert parts.hostname  # noqa: S101 -- checked when the line was made
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=TIMEOUT, context=context
        )
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)


def _whole(answer: http.client.HTTPResponse) -> bytes:
    return answer.read()


def _problem(answer: http.client.HTTPResponse) -> Refused:
    """What the portal says (RFC 9457), or the bare status when it does not."""
    data = answer.read(1 << 16)
    try:
        said = json.loads(data)
        app = said.get("app") is True
        return Refused(answer.status, str(said["error"]), str(said["title"]), app)
    except (ValueError, KeyError, TypeError):
        return Refused(answer.status, "", f"the portal answers {answer.status}")


def _not_let_in(problem: Refused) -> Stop | None:
    if problem.status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        return NotLetIn(problem.words, problem.error, problem.app)
    return None
