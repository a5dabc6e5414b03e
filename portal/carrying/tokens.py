"""Where the token comes from: never from the command itself, which others on a machine can see."""

import getpass
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from portal.carrying.line import BadUse

VARIABLE: Final = "HDS_TOKEN"
PREFIX: Final = "hds_"


def token_from(env: Mapping[str, str], named: str | None) -> str:
    """
    The token in the environment, in the file *named*, in the usual file, or as it is typed.

    Raises `BadUse`.
    """
    if env.get(VARIABLE):
        return _like_one(env[VARIABLE], f"the variable {VARIABLE}")
    file = Path(named) if named else usual_file(env)
    if named or file.exists():
        return _like_one(_read(file), str(file))
    if not sys.stdin.isatty():
        raise BadUse(f"no token: set {VARIABLE}, or put it into {file} (readable by you alone)")
    return _like_one(getpass.getpass("Token (made under Profile, Access for programs): "), "typed")


def usual_file(env: Mapping[str, str]) -> Path:
    """Where people keep it."""
    if sys.platform == "win32":
        return Path(env.get("APPDATA") or Path.home()) / "hds" / "token"
    return Path(env.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "hds" / "token"


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
