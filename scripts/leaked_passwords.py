"""
Writes portal/accounts/leaked.bloom, the list of leaked passwords that nobody may choose.

    python scripts/leaked_passwords.py              from the list inside the installed zxcvbn
    python scripts/leaked_passwords.py FILE...      from that list and files, one password a line

The list in the repository was made the first way: the 30,000 most frequent passwords of public
leaks that zxcvbn 4.5.0 (MIT licence) brings along in `frequency_lists.py`.  An operator who has a
larger list under terms that allow it can add it; the file grows by 3 bytes for each password.
"""

import sys
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

sys.path.insert(0, str(Path(__file__).parents[1]))
from portal.accounts.leaked import HEAD, LIST, ONE_IN, made_of


def main(files: list[str]) -> None:
    """Write the file and say what is in it."""
    found = set(FREQUENCY_LISTS["passwords"])
    for file in files:
        with Path(file).open(encoding="utf-8", errors="surrogateescape") as lines:
            found |= {line.rstrip("\r\n") for line in lines if line.strip()}
    made = made_of(found)
    LIST.write_bytes(made)
    _, hashes, entries, size = HEAD.unpack_from(made)
    print(f"{entries} passwords, {len(made)} bytes, {hashes} hashes of {size} bits,")
    print(f"one good password in {ONE_IN} is refused by mistake")


if __name__ == "__main__":
    main(sys.argv[1:])
