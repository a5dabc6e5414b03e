"""The program at a terminal, as somebody sits before it."""

import asyncio
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.architecture.sources import ROOT

PATIENCE: Final = 60.0
"""Seconds for a prompt to come, and for the end."""
Typed = str | Callable[[], str]


@dataclass(frozen=True)
class Sat:
    """How it went."""

    status: int
    shown: str
    """Everything on the screen, with what was typed and echoed."""
    arguments: str
    """As everybody on the machine sees them."""


async def sits(
    env: Mapping[str, str], words: Sequence[str], *answers: tuple[str, Typed], home: Path
) -> Sat:
    """`python -m portal` with *words*; each prompt of *answers* is waited for, then answered."""
    given = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(home), **env}
    return await asyncio.to_thread(_sit, given, words, answers)


def _sit(env: Mapping[str, str], words: Sequence[str], answers: Sequence[tuple[str, Typed]]) -> Sat:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-S", "-m", "portal", *words], env=env, cwd=ROOT,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    arguments, shown, after = "", "", 0
    try:
        for prompt, typed in answers:
            shown = _until(ours, shown, after, prompt)
            seen = Path(f"/proc/{process.pid}/cmdline")  # Linux shows it to everybody
            arguments = arguments or (seen.read_text("utf-8") if seen.exists() else "")
            after = len(shown)
            os.write(ours, f"{typed if isinstance(typed, str) else typed()}\n".encode())
        shown = _until(ours, shown, after, None)
        return Sat(process.wait(PATIENCE), shown, arguments)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _until(screen: int, shown: str, after: int, prompt: str | None) -> str:
    """What is shown when *prompt* came; without one, when the program is gone."""
    ends = time.monotonic() + PATIENCE
    while prompt is None or prompt not in shown[after:]:
        ready, _, _ = select.select([screen], [], [], max(0.0, ends - time.monotonic()))
        assert ready, f"{prompt!r} did not come: {shown}"
        try:
            piece = os.read(screen, 65536)
        except OSError:  # Linux says so when the other side hung up
            piece = b""
        if not piece:
            assert prompt is None, f"{prompt!r} did not come: {shown}"
            break
        shown += piece.decode()
    return shown
