"""Real servers that tests kill: `portal serve` in its own process, as often as they like."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from portal.core.settings import Settings

READY_SECONDS = 30

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["portal.commands"])
"""Every server is a fork of a process that has only imported the portal, which takes it a second;
what a server does from its first line on it does itself."""


@dataclass(frozen=True)
class Served:
    url: str
    pid: int

    def kill(self) -> None:
        """`kill -9`, and every child with it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@asynccontextmanager
async def served(settings: Settings, port: int) -> AsyncIterator[Served]:
    """A server on *port* that answers; killed without a word at the end."""
    env = {
        "PATH": os.environ["PATH"],
        "HDS_DATA": str(settings.data),
        "HDS_DATABASE_URL": settings.database_url,
        "HDS_KEY_FOLDER": str(settings.key_folder),
        "HDS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HDS_PORT": str(port),
        "HDS_DECODERS": "1",
        "HDS_MAIL": "mailbox",
    }
    if settings.object_store:
        env["HDS_OBJECT_STORE"] = settings.object_store
        env["HDS_OBJECT_KEY_FILE"] = str(settings.object_key_file)
    process = _FORKED.Process(target=_serve, args=(env,))
    process.start()
    assert process.pid is not None
    server = Served(f"http://127.0.0.1:{port}", process.pid)
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await _listens(port):
                assert process.is_alive(), "the server ended before it listened"
                await asyncio.sleep(0.01)
        yield server
    finally:
        server.kill()
        process.kill()
        process.join()
        process.close()


def _serve(env: dict[str, str]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    from portal.__main__ import main

    main(["serve"])


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
