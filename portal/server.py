"""
Serving: uvicorn, told what to leave out, stopping in under a second, in a process that keeps its
memory to itself.
"""

import ctypes
import logging
import resource
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn
from quart import Quart

from portal import edge
from portal.core.settings import Settings

log = logging.getLogger(__name__)

Leave = Callable[[], Awaitable[None]]

GRACE: Final = 8
"""Seconds that a request under way may still take after the order to stop."""

SOCKET_MESSAGE: Final = 128 * 1024
"""Bytes of the largest websocket message; Socket.IO's own limit is lower."""

CONNECTIONS: Final = 10_000
PR_SET_DUMPABLE: Final = 4


class Server(uvicorn.Server):
    """
    uvicorn that says good-bye before it waits.

    uvicorn waits until clients hang up, and an open long poll or websocket does not: so whoever
    keeps connections open is asked to end them first (`app.extensions["hds"]["leave"]`).
    """

    def __init__(self, config: uvicorn.Config, leave: Sequence[Leave] = ()) -> None:
        super().__init__(config)
        self._leave = leave

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """
        Stop at SIGTERM and SIGINT, and let that be all.

        uvicorn raises the signal once more when it has stopped.  It would kill the process before
        the interpreter has tidied up: semaphores of the searching process were left to the system.
        """
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End long-lived connections, let requests finish, then stop the application."""
        for leave in self._leave:
            try:
                await leave()
            except Exception as error:  # noqa: BLE001 -- whatever fails to leave, the stop goes on
                log.error("leaving failed: %s", type(error).__name__)  # noqa: TRY400
        await super().shutdown(sockets)


def server_for(app: Quart, settings: Settings) -> Server:
    """
    A server for *app* that tells strangers nothing and logs no address.

    Compression of websocket messages is off (BREACH), as are the access log, which would hold
    who read what, and the `Server` header.
    """
    proxies = settings.trusted_proxies
    config = uvicorn.Config(
        app,
        http=edge.line_type(edge.Crowd(proxies)),
        host=settings.host,
        port=settings.port,
        ws=edge.SocketLine,
        ws_max_size=SOCKET_MESSAGE,
        ws_per_message_deflate=False,
        log_config=None,
        log_level="warning",  # at INFO it writes down the address of every websocket
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE,
        lifespan="on",
    )
    return Server(config, app.extensions["hds"].get("leave", ()))


def keep_memory_private() -> None:
    """No core dumps, no debugger of the same user: this process holds keys and images in plain."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
