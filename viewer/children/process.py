"""One child process seen from the portal: send a task, read its answers, end it when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final, Literal, Self

from viewer.children import wire

Cause = Literal["timeout", "memory", "crashed"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_PIECE: Final = 1 << 20
_OUT_OF_MEMORY: Final = 3


class ChildLost(Exception):
    """The child died, hung or broke the protocol."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause: Cause = cause


class Process:
    """Use by one caller at a time; after a fault `ready` is False and only `end` may follow."""

    def __init__(self, process: asyncio.subprocess.Process, wall_seconds: float, most: int) -> None:
        assert process.stdin is not None  # noqa: S101 - both were asked for
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._wall, self._most = wall_seconds, most
        self.ready = True

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(cls, module: str, wall_seconds: float, most: int) -> Self:
        """A new child, which may answer *most* bytes at a time; nothing of the portal's environment
        reaches it.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-s",
            "-m",
            module,
            str(os.getpid()),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=_ROOT,
            env=_ENVIRONMENT,
            limit=_PIECE,
        )
        return cls(process, wall_seconds, most)

    async def ask(
        self,
        task: dict[str, Any],
        blobs: Sequence[Sequence[bytes | bytearray | memoryview]],
        answers: int | None,
    ) -> AsyncGenerator[tuple[dict[str, Any], list[bytes]], None]:
        """Answers as they come: `answers` of them, or up to the first that is not a frame.

        Raises ChildLost.
        """
        self.ready = False
        sending = asyncio.create_task(self._send(task, blobs))
        try:
            while answers is None or answers > 0:
                message, got = await self._receive()
                last = answers == 1 if answers is not None else message["kind"] != "frame"
                if last:
                    await sending
                    self.ready = True
                yield message, got
                if last:
                    return
                answers = None if answers is None else answers - 1
        except (OSError, EOFError, ValueError, KeyError, TimeoutError) as fault:
            raise ChildLost(await self._why(fault)) from None
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await sending

    async def ask_once(
        self, task: dict[str, Any], blobs: Sequence[Sequence[bytes | bytearray | memoryview]]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The only answer to a task. Raises ChildLost."""
        async with aclosing(self.ask(task, blobs, 1)) as answers:
            return await anext(answers)

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.ready = False
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._stdin.close()

    async def _send(
        self,
        task: dict[str, Any],
        blobs: Sequence[Sequence[bytes | bytearray | memoryview]],
    ) -> None:
        sizes = [sum(memoryview(piece).nbytes for piece in blob) for blob in blobs]
        self._stdin.write(wire.pack(task, sizes))
        for blob in blobs:
            for piece in blob:
                view = memoryview(piece).cast("B")
                for start in range(0, len(view), _PIECE):
                    self._stdin.write(view[start : start + _PIECE])
                    await self._stdin.drain()

    async def _receive(self) -> tuple[dict[str, Any], list[bytes]]:
        async with asyncio.timeout(self._wall):
            length, count = wire.unpack_head(await self._stdout.readexactly(wire.HEAD.size))
            sizes = wire.unpack_sizes(await self._stdout.readexactly(wire.SIZE.size * count))
            if length + sum(sizes) > self._most:
                raise ValueError("answer too large")
            message = json.loads(await self._stdout.readexactly(length))
            if not isinstance(message, dict) or "kind" not in message:
                raise ValueError("no message")
            return message, [await self._stdout.readexactly(size) for size in sizes]

    async def _why(self, fault: Exception) -> Cause:
        if isinstance(fault, TimeoutError):
            return "timeout"
        try:
            code = await asyncio.wait_for(self._process.wait(), 1)
        except TimeoutError:
            return "crashed"
        if code == -signal.SIGXCPU:
            return "timeout"
        return "memory" if code == _OUT_OF_MEMORY else "crashed"
