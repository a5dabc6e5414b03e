"""A portal of its own for a run: real processes on a free loopback port, in a temporary folder."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.measuring import Family
from bench.printing import note
from portal import accounts, keys, migrating, vault
from portal.app import MODELS
from portal.core.db import Database, orm_config
from portal.core.settings import Settings

ROOT: Final = Path(__file__).parents[1]
START_SECONDS: Final = 60
STOP_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that is being served; queries of this process use its database, too."""

    url: str
    settings: Settings
    family: Family


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Portal]:
    """Set up below *folder*, serve, and stop."""
    port = free_port()
    env = {
        "HDS_DATA": str(folder),
        "HDS_PORT": str(port),
        "HDS_MAIL": "mailbox",
        "HDS_TRUSTED_PROXIES": "127.0.0.1",  # so that a flood can come from many networks
        "HDS_FREE_QUOTA": str(8 * 1024**3),
    }
    settings = Settings.read(env)
    folder.mkdir(mode=0o700)
    vault.make_key_files(settings.key_folder)
    await migrating.migrate(orm_config(settings.database_url, MODELS))
    keys.configure(vault.load_key_files(settings.key_folder), settings)
    accounts.belongings.use()  # nobody of a run has anything in a browser that was another's
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HDS_")}
    async with running("portal", "serve", env=kept | env) as process:
        database = Database(settings.database_url, MODELS)
        await database.open()
        try:
            with database.current():
                yield Portal(settings.public_url, settings, Family(process.pid))
        finally:
            await database.close()
        ordered = perf_counter()
    took = perf_counter() - ordered
    note(f"the portal was gone {took:.2f} s after the order to stop (goal: < 1)")


@asynccontextmanager
async def running(
    module: str, *arguments: str, env: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m module arguments`, from its first line of output until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        cwd=ROOT,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=None,
        limit=256 * 1024 * 1024,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):  # `wait_for` may lose an order to end (gh-86296)
            said = await process.stdout.readline()
        if not said:
            raise RuntimeError(f"{module} did not start")
        yield process
    finally:
        await stopped(process)


async def stopped(process: asyncio.subprocess.Process) -> None:
    """End *process*, the leader of its group: kindly, then by force with all its children."""
    try:
        if process.returncode is None:
            process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
