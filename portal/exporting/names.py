"""
Names of files, built by us (security.md: "Zip exports").

What a person called something may stand in a name, as one part of a path: letters, digits and
plain punctuation.  What a system could take for more than a name is left out: separators,
control characters, characters that turn or hide text, `..`, dots and spaces at the ends, and the
names of devices.
"""

import re
import unicodedata
from typing import Final

LONGEST: Final = 80
"""Characters of a part; of the text in it, so that a number fits in front."""
FORBIDDEN: Final = frozenset('<>:"/\\|?*~%')
DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)


def part(words: str, otherwise: str) -> str:
    """*words* as one part of a path; *otherwise* when nothing of them can be said."""
    plain = "".join(
        each if _is_plain(each) else " " for each in unicodedata.normalize("NFC", words)
    )
    name = re.sub(r"\.{2,}", ".", " ".join(plain.split())).strip(". ")[:LONGEST].strip(". ")
    return f"_{name}" if DEVICES.fullmatch(name) else name or otherwise


def _is_plain(character: str) -> bool:
    """Category "C" holds controls, surrogates, and what turns or hides text."""
    kind = unicodedata.category(character)
    return character not in FORBIDDEN and kind[0] != "C" and kind not in {"Zl", "Zp"}


def day(date: str) -> str:
    """DICOM's `YYYYMMDD` as it sorts: `2026-03-12`; empty for anything else."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if re.fullmatch("[0-9]{8}", date) else ""
