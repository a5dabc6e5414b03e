"""The portal running: without a socket for the test client, or on a real port for browsers."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Any, Literal

from quart import Quart

from portal.core.settings import Settings
from portal.server import Server, server_for


@asynccontextmanager
async def started(app: Quart) -> AsyncIterator[None]:
    """
    Run what the application does from its start to its stop, but no server.

    In a task with an empty context, as a real server would: the test's own context would hide a
    connection that requests cannot see.
    """
    orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    asgi: Any = app
    lifespan = asgi({"type": "lifespan", "asgi": {"version": "3.0"}}, orders.get, answers.put)
    task = asyncio.get_running_loop().create_task(lifespan, context=Context())
    await _ordered("startup", orders, answers)
    try:
        yield
    finally:
        await _ordered("shutdown", orders, answers)
        await task


async def _ordered(
    order: str, orders: asyncio.Queue[dict[str, Any]], answers: asyncio.Queue[dict[str, Any]]
) -> None:
    await orders.put({"type": f"lifespan.{order}"})
    answer = await answers.get()
    assert answer["type"] == f"lifespan.{order}.complete", answer


@asynccontextmanager
async def serving(
    app: Quart,
    settings: Settings,
    listener: socket.socket,
    *,
    lifespan: Literal["on", "off"] = "on",
) -> AsyncIterator[str]:
    """
    The real server on *listener*, whose port *settings* must know; gives the address.

    *lifespan* is off for an application that is `started` already.
    """
    server = server_for(app, settings)
    server.config.lifespan = lifespan
    task = asyncio.get_running_loop().create_task(_serve(server, listener), context=Context())
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    assert not task.done(), "the server did not start; the log says why"
    try:
        yield settings.public_url
    finally:
        server.should_exit = True
        await task


async def _serve(server: Server, listener: socket.socket) -> None:
    with suppress(SystemExit):  # uvicorn's way to say that the start failed
        await server._serve([listener])


@asynccontextmanager
async def another_process(settings: Settings, *, redis_url: str = "") -> AsyncIterator[str]:
    """The same installation served once more on another port, as behind one proxy."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = {
        "HDS_DATA": str(settings.data),
        "HDS_DATABASE_URL": settings.database_url,
        "HDS_KEY_FOLDER": str(settings.key_folder),
        "HDS_PUBLIC_URL": settings.public_url,
        "HDS_PORT": str(port),
        "HDS_MAIL": "mailbox",
    }
    if redis_url:
        said["HDS_REDIS_URL"] = redis_url
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portal", "serve"),
        env=os.environ | said,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _until_open(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return
