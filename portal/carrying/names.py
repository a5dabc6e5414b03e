"""Names and paths that every system takes; nothing here touches a disk."""

import re
import sys
import unicodedata
from collections.abc import Collection
from pathlib import Path, PureWindowsPath
from typing import Final

UNSAFE: Final = frozenset('<>:"/\\|?*')
DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE
)
"""What Windows opens as a device, also with an ending behind it."""
LONGEST: Final = 60
"""Characters of a title."""
LONGEST_BYTES: Final = 160
"""In UTF-8; most systems take 255 bytes, and a number, an ending and `.part` come behind it."""
LONG: Final = "\\\\?\\"


def safe(*words: str) -> str:
    """A name made of *words* without what names may not hold."""
    name = _short(" ".join(" ".join(_plain(each) for each in words).split()))
    return f"_{name}" if DEVICES.fullmatch(name) else name or "Untitled"


def safe_file(name: str) -> str:
    """The same for the name of a file: its ending stays."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not ending.isalnum() or len(ending) > len("dicom"):
        return safe(name)
    return f"{safe(stem)}.{ending}"


def free(name: str, taken: Collection[str]) -> str:
    """
    *name*, or the same with a number; *taken*: names beside it, as `alike` has them.

    Windows and macOS take `a` and `A` for one name, and macOS `é` however it is composed.
    """
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, f"{dot}{ending}") if stem else (name, "")
    found, number = name, 1
    while alike(found) in taken:
        number += 1
        found = f"{stem} ({number}){ending}"
    return found


def alike(name: str) -> str:
    """The same for names that some system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def reached(path: Path) -> Path:
    """*path* as this system opens it, however long it is."""
    return Path(extended(str(path.absolute()))) if sys.platform == "win32" else path


def extended(path: str) -> str:
    """An absolute path of Windows in the form that may have more than 260 characters."""
    if path.startswith(LONG):
        return path
    plain = str(PureWindowsPath(path))
    return f"{LONG}UNC\\{plain[2:]}" if plain.startswith("\\\\") else LONG + plain


def _plain(text: str) -> str:
    """Category "C" holds controls, surrogates, and what turns or hides text."""
    return "".join(
        " " if each in UNSAFE or unicodedata.category(each)[0] == "C" else each for each in text
    )


def _short(name: str) -> str:
    cut = name[:LONGEST].encode()[:LONGEST_BYTES].decode(errors="ignore")
    return cut.strip(" .")
