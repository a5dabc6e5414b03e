"""
A PostgreSQL server of our own: a throw-away cluster on a free port, without durability.

Works as root (the server then runs as the user `postgres`, since it refuses to be root) and as
anybody else. A database made from a template takes some 30 ms, so every test can have its own.
"""

import ctypes
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg

SPEED_INSTEAD_OF_SAFETY: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=32MB",
    "max_connections=100",
)
PR_SET_PDEATHSIG: Final = 1


class NotInstalled(Exception):
    """This machine has no PostgreSQL server; `make setup-tests` installs one."""


@dataclass(frozen=True)
class Postgres:
    port: int
    user: str

    def url(self, database: str) -> str:
        return f"asyncpg://{self.user}@127.0.0.1:{self.port}/{database}"

    async def create(self, template: str = "template1") -> str:
        """Make a database like *template*, which nobody may be connected to, and give its name."""
        name = f"t{uuid4().hex}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    async def drop(self, name: str) -> None:
        await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _run(self, statement: str) -> None:
        connection: Any = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user=self.user, database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server, give it, and take it down with everything it wrote."""
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="hds-postgres-"))
    runs_as = _runs_as(folder)
    try:
        _make_cluster(programs, folder, runs_as)
        process, server = _start(programs, folder, runs_as)
        try:
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def binaries() -> Path:
    """Where PostgreSQL's own programs are.  Raises `NotInstalled`."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NotInstalled


def _runs_as(folder: Path) -> dict[str, Any]:
    """Who runs the server, as arguments for a subprocess; *folder* becomes theirs."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _make_cluster(programs: Path, folder: Path, runs_as: dict[str, Any]) -> None:
    made = subprocess.run(
        [
            *(programs / "initdb", "-D", folder / "data", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=trust", "--no-sync", "--username", _user()),
        ],
        **runs_as,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def _user() -> str:
    return "postgres" if os.geteuid() == 0 else getpass.getuser()


def _start(
    programs: Path, folder: Path, runs_as: dict[str, Any]
) -> tuple[subprocess.Popen[bytes], Postgres]:
    settings = [part for pair in SPEED_INSTEAD_OF_SAFETY for part in ("-c", pair)]
    log = folder / "log"
    for _ in range(5):  # somebody else may take the free port before the server does
        port = _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(programs / "postgres", "-D", folder / "data", "-p", str(port)),
                    *("-h", "127.0.0.1", "-k", "", *settings),
                ],
                **runs_as,
                cwd=folder,
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 -- one call, no locks
            )
        if _ready(process, folder / "data" / "postmaster.pid"):
            return process, Postgres(port, _user())
    raise AssertionError(log.read_text())


def _die_with_parent() -> None:
    """An interrupted test run must leave no server behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _ready(process: subprocess.Popen[bytes], status: Path) -> bool:
    """
    Wait until the server lets people in; False when it has given up.

    An open port is not enough: while it is starting up it answers, and refuses.
    """
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError):
            if status.read_text().split()[-1:] == ["ready"]:
                return True
        time.sleep(0.02)
    return False
