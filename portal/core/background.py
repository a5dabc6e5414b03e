"""Work that goes on beside requests: sweeping, delivering, listening."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def background(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run *works* while the block lasts, and stop them for certain when it ends."""
    tasks = {asyncio.create_task(work) for work in works}
    try:
        yield
    finally:
        # Again and again: a cancellation that meets a finished wait gets lost (gh-86296).
        while tasks := {task for task in tasks if not task.done()}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=0.1)
