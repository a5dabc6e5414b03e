"""
The peer of the live benchmark: python-socketio on uvicorn as its documentation shows it.

It asks nobody for a session, keeps nothing, and tells every socket in one room what `POST /tell`
brings.  Usage: `python -m bench.plain_sockets PORT`.
"""

import json
import sys
from typing import Any

import socketio
import uvicorn

ROOM = "everybody"


def create_app() -> Any:
    """The ASGI application."""
    sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")

    async def connect(sid: str, _environ: Any, _auth: Any = None) -> None:
        await sio.enter_room(sid, ROOM)

    sio.on("connect", connect)

    async def tell(_scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await sio.emit("change", json.loads(body), room=ROOM)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return socketio.ASGIApp(sio, other_asgi_app=tell)


if __name__ == "__main__":
    print("ready", flush=True)
    uvicorn.run(create_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
