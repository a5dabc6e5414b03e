"""A child with the real limits that does, on request, what a hostile file would make it do."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from viewer.children import limits

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
            return Refused(Reason.EMPTY, " ".join(found()))
    return inspect_file(data)


def found() -> list[str]:
    """What the child could do, and which settings of the portal it knows."""
    here = Path(__file__)
    attempts: dict[str, Callable[[], object]] = {
        "read": here.read_bytes,
        "write": lambda: here.with_suffix(".hostile").write_bytes(b"x"),
        "connect": socket.socket,
    }
    done = [name for name in os.environ if name.startswith("HDS")]
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        done.append(name)
    return done


if __name__ == "__main__":
    limits.CPU_SECONDS = 1  # type: ignore[misc]
    child.inspect_file = misbehave  # type: ignore[attr-defined]
    child.main()
