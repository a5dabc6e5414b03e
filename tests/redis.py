"""A real Redis server on a free port, without persistence, for tests of several processes."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class NotInstalled(Exception):
    """This machine has no redis-server; `make setup-tests` installs one."""


@contextmanager
def running() -> Iterator[str]:
    """Start a server, give its URL, and stop it."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise NotInstalled
    folder = Path(tempfile.mkdtemp(prefix="hds-redis-"))
    try:
        process, port = _start(binary, folder)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(binary: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(5):  # somebody else may take the free port before the server does
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port: int = listener.getsockname()[1]
        process = subprocess.Popen(
            [
                *(binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if _answers(process, port):
            return process, port
    raise AssertionError("redis-server does not start")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.02)
    return False
