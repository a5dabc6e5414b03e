"""The command line and the process it starts, as somebody who runs a portal meets them."""

import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from portal import vault
from portal.core.settings import BadSettings, Settings
from tests.architecture.sources import ROOT

DUMPABLE: Final = """
import ctypes
from portal.server import keep_memory_private
PR_GET_DUMPABLE = 3
print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
keep_memory_private()
print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
"""

INTERRUPTED: Final = """
import asyncio, os, signal
from portal import commands
from portal.core.settings import Settings
from portal.demo import world
async def build(shelf):
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(60)
world.build = build
try:
    commands._make_world(Settings.read(os.environ))
except commands.CannotRun as told:
    print(told)
"""

pytestmark = pytest.mark.one_engine


def portal(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        env=environment(data, **settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment(data: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HDS_")}
    return kept | {"HDS_DATA": str(data), "HDS_MAIL": "mailbox"} | settings


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("installed") / "data"
    assert portal(data, "init").returncode == 0
    assert portal(data, "migrate").returncode == 0
    return data


@pytest.fixture
def installed(installation: Path, tmp_path: Path) -> Path:
    """A data folder with keys and a database."""
    shutil.copytree(installation, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free: int = listener.getsockname()[1]
        return free


@contextmanager
def served(installed: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "serve"],
        env=environment(installed, HDS_PORT=str(port)),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert "200" in first_answer(port)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def running(installed: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    with served(installed, port) as process:
        yield process


def first_answer(port: int) -> str:
    """The status line of the start page, as soon as there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
                wire.sendall(b"GET / HTTP/1.1\r\nHost: portal.test\r\nConnection: close\r\n\r\n")
                return wire.recv(64).decode()
        except ConnectionError:
            time.sleep(0.05)
    return "no answer"


def test_the_portal_stops_within_a_second_although_somebody_stays_connected(
    installed: Path, port: int
) -> None:
    """Whoever it waited for would hold it up each time; other work on the machine does not."""
    took = [_stopped_after(installed, port)]
    while took[-1] >= 1 and len(took) < 3:
        took.append(_stopped_after(installed, port))

    assert took[-1] < 1, took


def _stopped_after(installed: Path, port: int) -> float:
    """Seconds from the order to stop until the process is gone."""
    journal = installed / "portal.db-wal"
    with served(installed, port) as running:
        assert journal.exists()
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: portal.test\r\n\r\n")
            assert idle.recv(16).startswith(b"HTTP/1.1 200")
            asked = time.monotonic()
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=20)
            took = time.monotonic() - asked
    assert not journal.exists(), "the database was not closed"
    return took


STOPPED: Final = """
import asyncio, sys, time
from quart import Quart
from portal.core.settings import Settings
from portal.indexing import Worker
from portal.server import server_for
app = Quart("searching")
app.extensions["hds"] = {}

@app.while_serving
async def searching():
    worker = Worker()
    working = asyncio.create_task(worker._run(time.sleep, float(sys.argv[2])))
    while not worker._pool._processes:
        await asyncio.sleep(0.01)
    yield
    worker.close()
    await asyncio.gather(working, return_exceptions=True)

@app.get("/")
async def there():
    return "there"

server_for(app, Settings.read({"HDS_DATA": "/nowhere", "HDS_PORT": sys.argv[1]})).run()
"""


@pytest.mark.parametrize("busy", ["0", "60"])
def test_a_server_that_is_told_to_stop_leaves_nothing_behind_and_says_nothing(
    port: int, busy: str
) -> None:
    """Also where a process that searches is in the middle of something."""
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(port), busy],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert "200" in first_answer(port)
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=20)

    assert said == ("", "")
    assert server.returncode == 0


def test_a_dump_of_the_process_is_not_to_be_had(running: subprocess.Popen[str]) -> None:
    limits = Path(f"/proc/{running.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]

    asked = subprocess.run(
        [
            *(sys.executable, "-c", DUMPABLE),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.split() == ["1", "0"]


def test_nothing_that_is_written_is_for_other_eyes(
    running: subprocess.Popen[str], installed: Path
) -> None:
    assert running.poll() is None
    modes = {
        str(path.relative_to(installed)): stat.S_IMODE(path.stat().st_mode)
        for path in installed.rglob("*")
    }
    assert modes["keys/pepper-1"] == 0o400
    assert [name for name, mode in modes.items() if mode & 0o077] == []
    assert "tmp" in modes


def test_key_files_are_made_once(installed: Path) -> None:
    before = (installed / "keys" / "pepper-1").read_bytes()
    again = portal(installed, "init")

    assert again.returncode == 0
    assert (installed / "keys" / "pepper-1").read_bytes() == before


def test_a_busy_port_is_said_in_words(installed: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        refused = portal(installed, "serve", HDS_PORT=port)

    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_that_is_behind_is_not_served(tmp_path: Path, port: int) -> None:
    assert portal(tmp_path, "init").returncode == 0
    refused = portal(tmp_path, "serve", HDS_PORT=str(port))

    assert refused.returncode == 1
    assert "python -m portal migrate" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_how_the_mails_are_going_is_said_without_naming_one(installed: Path) -> None:
    said = portal(installed, "mail", "status")

    assert said.returncode == 0
    assert said.stdout.splitlines() == [
        "0 mails wait, 0 of them were tried in vain already",
        "0 could not be delivered within the last day",
    ]


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    refused = portal(tmp_path, "migrate", HDS_PORT="many", HDS_MAIL="pigeon", HDS_COLOUR="red")

    assert refused.returncode == 1
    for name in ("HDS_PORT", "HDS_MAIL", "HDS_COLOUR"):
        assert name in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_demo_never_moves_into_a_portal_of_somebody_s_own(installed: Path, port: int) -> None:
    before = (installed / "portal.db").read_bytes()
    refused = portal(installed, "demo", "--data", str(installed), "--port", str(port))

    assert refused.returncode == 1
    assert "no whole demo world" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (installed / "portal.db").read_bytes() == before


def test_whoever_runs_the_portal_is_told_what_the_store_lacks(installed: Path) -> None:
    asked = portal(installed, "objects", "check")

    assert asked.stdout == "0 objects are missing\n"
    with sqlite3.connect(installed / "portal.db") as database:
        database.execute(
            "INSERT INTO stored_object (id, owner, holding, size, created_at, gone_at)"
            " VALUES (?, ?, ?, 1, ?, NULL)",
            [str(UUID(int=1)), str(UUID(int=2)), str(UUID(int=3)), "2026-01-01 00:00:00+00:00"],
        )
    database.close()
    asked = portal(installed, "objects", "check")

    assert asked.stdout == (f"missing: {UUID(int=1)} of {UUID(int=3)}\n1 object is missing\n")


def test_a_real_portal_does_not_even_load_the_demo() -> None:
    loaded = "import portal.commands, sys; print('portal.demo' in sys.modules)"
    asked = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert asked.stdout == "False\n"


@pytest.mark.parametrize(
    ("url", "demo", "refused"),
    [
        ("https://portal.example.org", "false", True),
        ("https://demo.example.org", "true", False),
        ("http://127.0.0.1:8000", "false", False),
    ],
)
def test_a_real_portal_shows_nobody_s_mail_to_anybody(
    tmp_path: Path, url: str, demo: str, *, refused: bool
) -> None:
    given = {"HDS_PUBLIC_URL": url, "HDS_DEMO": demo}
    said = environment(tmp_path, **given)
    problem = ""
    try:
        Settings.read(said)
    except BadSettings as error:
        problem = str(error)

    assert ("HDS_MAIL" in problem) is refused


def test_every_problem_is_named_at_once(installed: Path) -> None:
    wrong = {
        "HDS_DECODERS": "0",
        "HDS_MAIL_FROM": "nobody",
        "HDS_NO_SUCH": "1",
        "HDS_PORT": "many",
        "HDS_REDIS_URL": "localhost",
        "HDS_SMTP_PORT": "999999",
        "HDS_TRUSTED_PROXIES": "nonsense",
    }
    refused = portal(installed, "serve", **wrong)

    assert refused.returncode == 1
    assert refused.stdout == ""
    named = [line.split()[0].rstrip(":") for line in refused.stderr.splitlines()]
    assert sorted(named) == sorted(wrong)


def test_a_portal_without_its_key_files_says_so_before_it_serves(
    installed: Path, port: int
) -> None:
    shutil.rmtree(installed / "keys")
    refused = portal(installed, "serve", HDS_PORT=str(port))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "pepper-1: No such file" in refused.stderr
    assert "python -m portal init" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_portal_that_cannot_start_says_what_went_wrong(installed: Path, port: int) -> None:
    """Nobody asks for a page at that time, so the fault has no endpoint."""
    refused = portal(installed, "serve", HDS_PORT=str(port), HDS_REDIS_URL="redis://here:port")

    assert refused.returncode == 3
    assert "fault in starting or stopping" in refused.stderr
    assert "builtins.ValueError" in refused.stderr


@pytest.mark.parametrize(
    ("setting", "refused", "taken"),
    [
        ("HDS_PASSWORD_MEMORY_MIB", ("45", "1025"), ("46", "1024")),
        ("HDS_PASSWORD_ROUNDS", ("0", "17"), ("1", "16")),
    ],
)
def test_what_passwords_cost_is_refused_by_name_with_every_other_problem(
    tmp_path: Path, setting: str, refused: tuple[str, str], taken: tuple[str, str]
) -> None:
    for value in refused:
        with pytest.raises(BadSettings) as problem:
            Settings.read(environment(tmp_path, **{setting: value, "HDS_PORT": "70000"}))
        lines = str(problem.value).splitlines()
        assert [line.split()[0] for line in lines] == ["HDS_PORT", setting]
    for value in taken:
        read = Settings.read(environment(tmp_path, **{setting: value}))
        cost = vault.Cost(read.password_memory_mib * 1024, read.password_rounds)
        assert cost.lanes == 1, "the vault takes what the settings take"


def test_a_demo_that_is_told_to_end_while_it_is_made_ends_in_order(installed: Path) -> None:
    """The searching process runs by then: nothing of it is left to the system to clean up."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        env=environment(installed),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.stderr == ""
    assert ended.stdout.splitlines()[-1] == (
        f"interrupted while the demo world was made: remove {installed} and run it again"
    )
    assert ended.returncode == 0
