"""A child with the real limits that does, on request, what a hostile file would make it do."""

import os
import socket
import sys
from pathlib import Path

from viewer.dicom import limits

if __name__ == "__main__":
    limits.before_imports(int(sys.argv[1]))

from viewer.dicom import child
from viewer.dicom.header import Header
from viewer.dicom.inspecting import inspect_file
from viewer.dicom.opening import Buffer
from viewer.dicom.reasons import Reason, Refused


def misbehave(data: Buffer) -> Header | Refused:
    match bytes(data[:4]):
        case b"SPIN":
            while True:
                pass
        case b"EAT ":
            return Refused(Reason.EMPTY, str(len(bytearray(2 << 30))))
        case b"DIE ":
            os._exit(9)
        case b"LIE ":
            os.write(1, b"\xff" * 64)
        case b"TRY ":
            return Refused(Reason.EMPTY, tried())
    return inspect_file(data)


def tried() -> str:
    """What the child could do beyond reading and answering."""
    done = []
    for name, attempt in (
        ("read a file", lambda: Path("/etc/hostname").read_bytes()),
        ("write a file", lambda: Path("/tmp/hostile").write_bytes(b"x")),  # noqa: S108
        ("open a socket", socket.socket),
        ("raise a limit", lambda: limits.before_imports(os.getppid())),
    ):
        try:
            attempt()
        except (OSError, ValueError):
            continue
        done.append(name)
    return ", ".join(name for name in done if name != "raise a limit") + " ".join(
        sorted(name for name in os.environ if name.startswith("HDS"))
    )


if __name__ == "__main__":
    limits.CPU_SECONDS = 1  # type: ignore[misc]
    child.inspect_file = misbehave  # type: ignore[attr-defined]
    child.main()
