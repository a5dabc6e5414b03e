"""
Where the token comes from, and where it is kept: never in the command, which others can see.
"""

import getpass
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.carrying.line import BadUse

VARIABLE: Final = "HDS_TOKEN"
PREFIX: Final = "hds_"

Run = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Kept:
    """A token that lay ready."""

    token: str = field(repr=False)
    origin: str = ""
    """The portal that it is for; empty where nobody wrote it down."""
    file: Path | None = None


def kept_token(env: Mapping[str, str], named: str | None) -> Kept | None:
    """
    The token in the environment, in the file *named* or in the usual file; None where none is.

    Raises `BadUse`.
    """
    if env.get(VARIABLE):
        return Kept(_like_one(env[VARIABLE], f"the variable {VARIABLE}"))
    file = Path(named) if named else usual_file(env)
    if not named and not file.exists():
        return None
    token, _, origin = _read(file).strip().partition("\n")
    return Kept(_like_one(token, str(file)), origin.strip(), file)


def keep_token(file: Path, token: str, origin: str, run: Run | None = None) -> None:
    """
    Write *token* where only whoever runs this reads it, beside the portal that it is for.

    Raises `BadUse`.
    """
    fresh = file.with_name(f"{file.name}.new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if sys.platform == "win32" or run is not None:
            (run or _run)(only_for_owner(fresh, getpass.getuser(), os.environ))
        fresh.write_text(f"{token}\n{origin}\n", encoding="ascii")
        fresh.replace(file)
    except (OSError, subprocess.SubprocessError) as error:
        fresh.unlink(missing_ok=True)
        raise BadUse(f"the token cannot be kept in {file} ({type(error).__name__})") from None


def only_for_owner(file: Path, user: str, env: Mapping[str, str]) -> list[str]:
    """What Windows is told so that *file* inherits no rights, and *user* alone has some."""
    tool = env.get("SYSTEMROOT", r"C:\Windows") + r"\System32\icacls.exe"
    domain = env.get("USERDOMAIN", "")
    owner = f"{domain}\\{user}" if domain else user
    return [tool, str(file), "/inheritance:r", "/grant:r", f"{owner}:F"]


def usual_file(env: Mapping[str, str]) -> Path:
    """Where people keep it."""
    if sys.platform == "win32":
        return Path(env.get("APPDATA") or Path.home()) / "hds" / "token"
    return Path(env.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "hds" / "token"


def like_a_token(text: str) -> str:
    """What was typed, if it is one.  Raises `BadUse`."""
    return _like_one(text, "typed")


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- of this file's making


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise BadUse(f"others can read {file}: chmod 600 it first")
        return file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise BadUse(f"{file} cannot be read ({error.strerror})") from None


def _like_one(text: str, where: str) -> str:
    token = text.strip()
    if not token.startswith(PREFIX) or not token.isascii() or not token.isprintable():
        raise BadUse(f"this is no token ({where}): one begins with {PREFIX}")
    return token
