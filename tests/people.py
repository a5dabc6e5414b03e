"""People for stories.  Each has a name, a browser, and verbs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from quart import Quart, Response
from quart.typing import TestClientProtocol

from portal.core.events import listening
from portal.core.settings import Settings


class Browser:
    """A test client that sends with every write what browsers send: origin and form token."""

    def __init__(self, client: TestClientProtocol, origin: str) -> None:
        self.client = client
        self.origin = origin
        self.csrf = ""

    async def get(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="GET", **more)

    async def post(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="POST", **more)

    async def put(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="PUT", **more)

    async def delete(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="DELETE", **more)

    async def request(self, path: str, *, method: str, **more: Any) -> Response:
        """Like the test client's; `headers` given here overrule ours, and None leaves one out."""
        headers = {"Accept": "text/html"}
        if method not in {"GET", "HEAD", "OPTIONS"}:
            headers |= {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
            headers |= {"X-HDS-CSRF": self.csrf} if self.csrf else {}
        headers |= more.pop("headers", {})
        sent = {name: value for name, value in headers.items() if value is not None}
        answer = await self.client.open(path, method=method, headers=sent, **more)
        assert isinstance(answer, Response)
        return answer


@dataclass
class World:
    """The portal as people meet it."""

    app: Quart
    settings: Settings

    def browser(self) -> Browser:
        """A browser in which nobody has signed in yet."""
        return Browser(self.app.test_client(), self.settings.origin)


E = TypeVar("E")


@contextmanager
def hearing(kind: type[E]) -> Iterator[list[E]]:
    """Collect what listeners would be told."""
    heard: list[E] = []

    async def hear(event: E) -> None:
        heard.append(event)

    with listening(kind, hear):
        yield heard
