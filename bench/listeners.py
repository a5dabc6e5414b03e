"""
Many members' sockets in a process of their own, so that hearing costs the server nothing.

Usage: `python -m bench.listeners`; one JSON line on standard input says where to connect and with
which headers.  Every following line is answered with what was heard by then: the payload of each
message to the times (CLOCK_MONOTONIC, seconds) at which the sockets got it.
"""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

DIALLING = 16
"""Connections being opened at a time."""
PING, PONG = "2", "3"
EVENT = "42"

Heard = defaultdict[str, list[float]]


async def main() -> None:
    """Connect, listen, report until standard input ends."""
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    order = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    heard: Heard = defaultdict(list)
    gate = asyncio.Semaphore(DIALLING)
    sockets = await asyncio.gather(
        *(_dial(order["url"], headers, gate) for headers in order["headers"])
    )
    tasks = [asyncio.create_task(_listen(each, heard)) for each in sockets]
    print(json.dumps({"connected": len(sockets)}), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(heard), flush=True)
    for task in tasks:
        task.cancel()


async def _dial(url: str, headers: Mapping[str, str], gate: asyncio.Semaphore) -> ClientConnection:
    """Engine.IO 4 and Socket.IO 5 over one websocket: wait for `open`, say and hear `connect`."""
    async with gate:
        socket: ClientConnection = await connect(
            f"{url}/socket.io/?EIO=4&transport=websocket",
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            open_timeout=60,
            proxy=None,
        )
        await socket.recv()
        await socket.send("40")
        said: Any = await socket.recv()
        if not str(said).startswith("40"):
            raise RuntimeError("the server refused a socket")
        return socket


async def _listen(socket: ClientConnection, heard: Heard) -> None:
    try:
        while True:
            message = str(await socket.recv())
            if message == PING:
                await socket.send(PONG)
            elif message.startswith(EVENT):
                heard[message].append(perf_counter())
    except ConnectionClosed:
        heard["closed"].append(perf_counter())


if __name__ == "__main__":
    asyncio.run(main())
