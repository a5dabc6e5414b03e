"""What a child process may use (security: hostile bytes are only read behind these limits)."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Final

ADDRESS_SPACE: Final = 1536 << 20
"""Bytes of virtual memory."""
CPU_SECONDS: Final = 15
"""For one file, and again for every further frame of it."""
TASK_CPU_SECONDS: Final = 300
"""For all frames of a file together."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38


def before_imports(parent: int) -> None:
    """Die with the portal, leave no core. Raises SystemExit when the portal is gone already."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def after_imports() -> None:
    """From here on: no new file or socket, no write to one, no process or thread."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


class Budget:
    """Processor time of one task; used up, the kernel ends the process (SIGXCPU)."""

    def __init__(self, seconds: int | None = None) -> None:
        """*seconds* for each frame instead of `CPU_SECONDS`, if these are fewer."""
        self._each = CPU_SECONDS if seconds is None else min(seconds, CPU_SECONDS)
        self._last = _used() + TASK_CPU_SECONDS
        self.renew()

    def renew(self) -> None:
        """15 (or *seconds*) more seconds for the next frame, within the limit of the whole task."""
        soft = min(_used() + self._each, self._last)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _used() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + 1
