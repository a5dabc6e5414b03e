"""A real S3 server on a free port (moto's), for tests of objects in a bucket."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4


@dataclass(frozen=True)
class S3:
    """The running service, which believes every key."""

    endpoint: str
    key_file: Path

    def bucket(self) -> str:
        """The address of a new, empty bucket, as `HDS_OBJECT_STORE` names it."""
        name = f"bucket-{uuid4().hex}"
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/x"}
        with closing(HTTPConnection(urlsplit(self.endpoint).netloc, timeout=30)) as service:
            service.request("PUT", f"/{name}", headers=signed)
            assert service.getresponse().status == 200
        return f"s3://{name}/portal?endpoint={self.endpoint}"


@contextmanager
def running(folder: Path) -> Iterator[S3]:
    """Start a server, whose key lies in *folder*, and stop it."""
    key_file = folder / "s3-key"
    key_file.write_text("an-id\na-secret\n")
    process, port = _start()
    try:
        yield S3(f"http://127.0.0.1:{port}", key_file)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _start() -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(5):  # somebody else may take the free port before the server does
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port: int = listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if _answers(process, port):
            return process, port
        process.kill()
        process.wait()
    raise AssertionError("the S3 server does not start")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False
