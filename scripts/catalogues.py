"""
Translations.  The English sentence is the key; each room keeps its German in locale/de/<room>.po.

    python scripts/catalogues.py build     compile all rooms into locale/build, which git ignores
    python scripts/catalogues.py missing   print, ready to be filled in, what has no German yet
    python scripts/catalogues.py orphans   print what no source says any more
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).parents[1]
GERMAN: Final = ROOT / "locale" / "de"
BUILT: Final = ROOT / "locale" / "build" / "de" / "LC_MESSAGES" / "messages.mo"

KEYWORDS: Final[dict[str, tuple[int, ...] | None]] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "noop": None,
    "N_": None,
    "t": None,
    "plural": (1, 2),
}
SKIPPED: Final = frozenset({"node_modules", "static", ".venv", "locale"})

MessageId = str | list[str] | tuple[str, ...]


class Contradiction(Exception):
    """Two rooms translate one sentence differently."""


@dataclass
class Wanted:
    """A sentence that the sources say, and where."""

    id: MessageId
    places: list[str] = field(default_factory=list)


def rooms() -> Iterator[tuple[str, Catalog]]:
    """Every room's own German."""
    for file in sorted(GERMAN.glob("*.po")):
        with file.open("rb") as opened:
            yield file.stem, read_po(opened, locale="de", abort_invalid=True)


def merged() -> Catalog:
    """All rooms together.  Raises `Contradiction`."""
    whole = Catalog(locale="de", fuzzy=False)
    for room, catalogue in rooms():
        for message in _messages(catalogue):
            known = whole.get(message.id)
            if known is not None and known.string != message.string:
                raise Contradiction(f"{room}: {message.id!r} is {known.string!r} elsewhere")
            whole.add(message.id, message.string, flags=message.flags)
    return whole


def wanted() -> dict[str, Wanted]:
    """What the sources say in Python, templates and browser code, by its (singular) English."""
    with (ROOT / "babel.cfg").open() as opened:
        methods, options = parse_mapping_cfg(opened)  # type: ignore[no-untyped-call]
    found: dict[str, Wanted] = {}
    extracted = extract_from_dir(
        ROOT,
        methods,
        options,
        keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in SKIPPED,
    )
    for file, line, message, _comments, _context in extracted:
        if message and (text := _single(message)):
            found.setdefault(text, Wanted(message)).places.append(f"{file}:{line}")
    return found


def missing() -> list[Wanted]:
    """What somebody still has to translate; a doubtful ("fuzzy") translation does not count."""
    done = {_single(m.id) for m in _messages(merged()) if _complete(m)}
    return [each for text, each in wanted().items() if text not in done]


def orphans() -> list[str]:
    """Translations of sentences that nobody says."""
    said = wanted()
    texts = {_single(m.id): room for room, cat in rooms() for m in _messages(cat)}
    return [f"{room}.po: {text}" for text, room in texts.items() if text not in said]


def build() -> None:
    """Compile the catalogue that `portal.core.language` reads."""
    content = BytesIO()
    write_mo(content, merged())
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    BUILT.write_bytes(content.getvalue())


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _single(message: MessageId) -> str:
    return message if isinstance(message, str) else message[0]


def _complete(message: Message) -> bool:
    texts = [message.string] if isinstance(message.string, str) else list(message.string or [""])
    return all(texts) and not message.fuzzy


def _print_missing() -> None:
    stubs = Catalog(locale="de", fuzzy=False)
    for each in missing():
        places = [(file, int(line)) for file, line in (p.rsplit(":", 1) for p in each.places)]
        stubs.add(each.id, locations=places)
    write_po(sys.stdout.buffer, stubs, omit_header=True)


def main(command: str) -> None:
    """Do what *command* says."""
    match command:
        case "build":
            build()
        case "missing":
            _print_missing()
        case "orphans":
            print("\n".join(orphans()))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
