"""`make demo` as a newcomer meets it: a process, sign-ins in the terminal, a portal, an end."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import psutil
import pytest

from portal.demo import world
from tests.architecture.sources import ROOT
from tests.thief import Find, look, look_into

pytestmark = pytest.mark.one_engine

PATIENCE_S: Final = 400
"""Making the world is 20 s of work; a machine that runs the whole suite besides takes its time."""
LINK: Final = r'href="(/{}/[0-9a-f-]{{36}})"'


@dataclass
class Demo:
    """A demo that has said how to sign in."""

    process: Process
    data: Path
    elsewhere: list[Path]
    """Where programs write that are told nothing: home, temporary and current folder."""
    printed: Path
    complained: Path

    @property
    def url(self) -> str:
        """What the terminal says."""
        found = re.search(r"The demo is at (http://\S+)", self.printed.read_text())
        assert found is not None
        return found[1]

    @property
    def password(self) -> str:
        """What the terminal says."""
        found = re.search(r"Sign in with the password: (.+)", self.printed.read_text())
        assert found is not None
        return found[1]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    home, temporary, here = (tmp_path / each for each in ("home", "temporary", "here"))
    for folder in (home, temporary, here):
        folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HDS_")}
    places = {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    data, printed, complained = (tmp_path / each for each in ("data", "printed", "complained"))
    with printed.open("w") as out, complained.open("w") as err:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "portal", "demo", "--data", str(data), "--port", str(port)),
            env=kept | places | {"PYTHONDONTWRITEBYTECODE": "1"},
            cwd=here,
            stdout=out,
            stderr=err,
        )
    try:
        await _serves(process, printed)
        yield Demo(process, data, [home, temporary, here], printed, complained)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serves(process: Process, printed: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while "HealthDataSpace serves" not in printed.read_text():
            assert process.returncode is None, printed.read_text()
            await asyncio.sleep(0.1)


async def _read(visitor: aiohttp.ClientSession, path: str) -> str:
    async with visitor.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def _looks_around(demo: Demo) -> None:
    """Ada signs in with what the terminal says and opens her community and its case."""
    jar = aiohttp.CookieJar(unsafe=True)  # an address without a name
    async with aiohttp.ClientSession(demo.url, cookie_jar=jar) as visitor:
        typed = {"mail": world.LINDQVIST.mail, "password": demo.password}
        headers = {"Origin": demo.url, "Sec-Fetch-Site": "same-origin"}
        signing_in = visitor.post("/sign-in", data=typed, headers=headers, allow_redirects=False)
        async with signing_in as answer:
            assert answer.status == 303
        communities = await _read(visitor, "/communities")
        (community,) = set(re.findall(LINK.format("communities"), communities))
        listed = await _read(visitor, community)
        assert world.HEAD_CASE.title in listed
        assert world.KNEE_CASE.title in listed
        cases = dict.fromkeys(re.findall(LINK.format("cases"), listed))
        pages = [await _read(visitor, each) for each in cases]
        for words in (world.HEAD_CASE.question, world.KNEE_CASE.question, world.KNEE_OUTCOME):
            assert sum(words in page for page in pages) == 1
        assert any("Clot or calcification?" in page for page in pages)


def _canaries() -> list[str]:
    """What the world holds of people and their health, and what opens it."""
    cases = (world.HEAD_CASE, world.KNEE_CASE)
    patients = (world.HEAD_PATIENT, world.KNEE_PATIENT)
    return [
        *(each.title for each in cases),
        *(each.question for each in cases),
        *(each.name for each in patients),
        *(each.name for each in world.RESIDENTS),
        *(each.mail for each in world.RESIDENTS),
        world.KNEE_OUTCOME,
        world.PASSWORD,
        "Neuro Board North",
        "Clot or calcification?",
        "left basal ganglia",
        "Befund MRT Knie",
    ]


def _in_the_processes(pid: int) -> list[Find]:
    """
    What environment and command line of the server and its children show; none of them leaves its
    memory behind when it crashes, and only root may read them at all.
    """
    found = []
    for process in (server := psutil.Process(pid), *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a child that served its one task
            assert process.rlimit(psutil.RLIMIT_CORE)[0] == 0
            with suppress(psutil.AccessDenied):
                shown = "\n".join([*process.cmdline(), *process.environ().values()])
                found += look_into(shown.encode(), f"process {process.pid}", _canaries())
    return found


async def test_the_demo_shows_its_world_ends_when_told_and_leaves_nothing_readable(
    demo: Demo,
) -> None:
    said = demo.printed.read_text()
    assert demo.password == world.PASSWORD
    for each in world.RESIDENTS:
        line = rf"^  {re.escape(each.mail)} +{re.escape(each.name)} \("
        assert re.search(line, said, re.MULTILINE)

    await _looks_around(demo)
    assert look([demo.data], _canaries()) == []
    assert _in_the_processes(demo.process.pid) == []

    looked_at = time.time() - 1
    demo.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        assert await demo.process.wait() == 0
    assert demo.printed.read_text() == said
    assert demo.complained.read_text() == ""
    assert [left for folder in demo.elsewhere for left in folder.rglob("*")] == []
    assert not (demo.data / "portal.db-wal").exists(), "the database was not closed"
    assert list((demo.data / "tmp").iterdir()) == []
    files = [each for each in demo.data.rglob("*") if each.is_file()]
    since = [each for each in files if each.stat().st_mtime > looked_at]
    assert demo.data / "portal.db" in since, "the journal was written into it"
    assert look(since, _canaries()) == []
