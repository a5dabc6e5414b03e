"""
The secrets that live outside the database, one file each, readable by the portal's user alone.

`pepper-1`, `pepper-2`, …   outer boxes and keyed marks; new wraps use the last one
`directory-key`             Ed25519 seed: vouches for public keys
`log-key`                   Ed25519 seed: signs checkpoints of the access log
`deployment-salt`           sixteen bytes for access codes
`push-key`                  seed of the key by which push services know us; without it, no pushes

An escrow copy belongs offline: without the pepper no password opens an account any more.
"""

import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from portal.core.actor import SECRET_BYTES, Secret
from portal.vault.derivation import SALT_BYTES
from portal.vault.faults import Hidden, Tampered
from portal.vault.signing import SigningKey

T = TypeVar("T")

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o400
FIRST_PEPPER: Final = "pepper-1"
DIRECTORY: Final = "directory-key"
LOG: Final = "log-key"
SALT: Final = "deployment-salt"
PUSH: Final = "push-key"
_PEPPER: Final = re.compile(r"pepper-([1-9][0-9]{0,3})")
_NEW: Final = {
    FIRST_PEPPER: SECRET_BYTES,
    DIRECTORY: SECRET_BYTES,
    LOG: SECRET_BYTES,
    SALT: SALT_BYTES,
}


class BadKeyFiles(Exception):
    """The key files cannot be used; the text names every problem, one a line."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyFiles(Hidden):
    """The opened key files."""

    peppers: Mapping[int, Secret]
    directory: SigningKey
    log: SigningKey
    salt: bytes = field(repr=False)
    """For access codes, whose rows are found by what is derived from them."""
    push: Secret | None = None
    """None in folders made before there were pushes."""

    @property
    def pepper_id(self) -> int:
        """Number of the pepper that new wraps use."""
        return max(self.peppers)

    def pepper(self, pepper_id: int) -> Secret:
        """Raises `Tampered` for a number that has no file."""
        if pepper_id not in self.peppers:
            raise Tampered
        return self.peppers[pepper_id]


def make_key_files(folder: Path) -> None:
    """Write new key files.  Raises `BadKeyFiles` and leaves everything alone if one is there."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    there = sorted(name for name in _NEW if (folder / name).exists())
    if there:
        raise BadKeyFiles("\n".join(f"{folder / name}: exists already" for name in there))
    for name, size in _NEW.items():
        _write(folder / name, size)
    _sync(folder)


def add_push_key(folder: Path) -> bool:
    """Write the seed for pushes unless it is there; whether it was written."""
    if (folder / PUSH).exists():
        return False
    _write(folder / PUSH, SECRET_BYTES)
    _sync(folder)
    return True


def load_key_files(folder: Path) -> KeyFiles:
    """Open the key files.  Raises `BadKeyFiles` naming every missing or unfit one."""
    problems: list[str] = []
    numbers = _pepper_numbers(folder)
    peppers = {
        number: _load(folder / f"pepper-{number}", SECRET_BYTES, Secret, problems)
        for number in numbers or (1,)
    }
    directory = _load(folder / DIRECTORY, SECRET_BYTES, _signing_key, problems)
    log = _load(folder / LOG, SECRET_BYTES, _signing_key, problems)
    salt = _load(folder / SALT, SALT_BYTES, bytes, problems)
    push = _load(folder / PUSH, SECRET_BYTES, Secret, problems) if _has_push(folder) else None
    if not numbers:
        problems.append("a new portal makes them: python -m portal init; an old one needs its own")
    if directory is None or log is None or salt is None or problems:
        raise BadKeyFiles("\n".join(problems))
    return KeyFiles({n: each for n, each in peppers.items() if each}, directory, log, salt, push)


def _has_push(folder: Path) -> bool:
    return (folder / PUSH).exists()


def _pepper_numbers(folder: Path) -> tuple[int, ...]:
    if not folder.is_dir():
        return ()
    found = (_PEPPER.fullmatch(each.name) for each in folder.iterdir())
    return tuple(sorted(int(match[1]) for match in found if match))


def _signing_key(seed: bytes) -> SigningKey:
    return SigningKey(Secret(seed))


def _load(path: Path, size: int, form: Callable[[bytes], T], problems: list[str]) -> T | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return None
    try:
        wrong = _unfit(os.fstat(file), size)
        problems += [f"{path}: {each}" for each in wrong]
        return None if wrong else form(os.read(file, size))
    finally:
        os.close(file)


def _unfit(found: os.stat_result, size: int) -> list[str]:
    if not stat.S_ISREG(found.st_mode):
        return ["is not a plain file"]
    wrong = []
    mode = stat.S_IMODE(found.st_mode)
    if mode != FILE_MODE:
        wrong.append(f"has mode {mode:04o} instead of {FILE_MODE:04o}")
    if found.st_uid != os.geteuid():
        wrong.append("belongs to another user")
    if found.st_size != size:
        wrong.append(f"has {found.st_size} bytes instead of {size}")
    return wrong


def _write(path: Path, size: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(path, flags, FILE_MODE)
    with os.fdopen(file, "wb") as opened:
        os.fchmod(opened.fileno(), FILE_MODE)  # whatever the umask says
        opened.write(secrets.token_bytes(size))
        opened.flush()
        os.fsync(opened.fileno())


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
