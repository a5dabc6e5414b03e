"""
Who may know whom, beyond what import-linter says.

If a rule is in your way, change it here, in the open, with its reason.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import PACKAGES, ROOT, Source, imports, sources

CORE: Final = {
    *("__init__", "actor", "background", "db", "errors", "events", "language", "memories"),
    *("settings", "web"),
}
CORE_LINES: Final = 870

FRONT_PAGES: Final = {
    "cases.search",
    "viewer.children",
    "viewer.dicom",
    "viewer.pdf",
    "viewer.photos",
}
"""Rooms inside rooms, with a front page of their own."""

OPEN_PARTS: Final = {"routes", "events", "forms", "ids"}
"""What others may import beside a front page: edges and plain values."""

PROTECTED: Final = {
    "cases": {"Case", "Community", "Thread", "Post", "Invitation", "Member", "PostRevision"},
    "portal.documents": {"Document"},
    "portal.records": {"Record"},
    "portal.studies": {"Study", "Upload"},
}
LOOKUPS: Final = {"get", "get_or_none", "filter", "all", "first", "raw", "in_bulk", "exclude"}
BY_ID: Final = {"id", "pk", "id__in", "pk__in"}

PAST_THE_DOOR: Final = {
    "portal/studies/expiring.py": "expiry looks at all, and shows nothing",
    "portal/studies/filing.py": "the plan was made for the actor's own study",
    "portal/studies/manifests.py": "the caller holds the study key; nothing opens without it",
    "portal/studies/preparing.py": "a worker of ours, with the study key of the upload",
}
"""Where a protected row is fetched by its id alone although this is not the room's access.py."""


def test_only_the_vault_touches_a_cipher() -> None:
    guilty = {
        source.room
        for source in sources()
        if any(name.split(".")[0] == "cryptography" for name in imports(source))
    }
    assert guilty == {"portal.vault"}


def test_models_stay_inside_their_room() -> None:
    guilty = [
        f"{source.path} imports {name}"
        for source in sources()
        for name in ours(source)
        if "models" in name.split(".") and not f"{name}.".startswith(f"{source.room}.")
    ]
    assert guilty == []


def test_a_room_is_entered_by_its_front_page() -> None:
    guilty = []
    for source in sources():
        for name in ours(source):
            room, inside = split(name)
            if room in {source.room, "portal.core"} or f"{source.module}.".startswith(f"{room}."):
                continue
            if len(inside) > 1 and inside[0] not in OPEN_PARTS:
                guilty.append(f"{source.path} imports {name}: ask {room} to show it")
    assert guilty == []


def split(name: str) -> tuple[str, list[str]]:
    """The room of an imported name, and the way from the room's front page to it."""
    for front in FRONT_PAGES:
        if f"{name}.".startswith(f"{front}."):
            return front, name.removeprefix(front).split(".")[1:]
    parts = name.split(".")
    depth = 2 if parts[0] == "portal" else 1
    return ".".join(parts[:depth]), parts[depth:]


def ours(source: Source) -> list[str]:
    """What *source* imports of our own packages."""
    return [name for name in imports(source) if name.split(".")[0] in PACKAGES]


def test_protected_things_are_fetched_through_a_door() -> None:
    used, guilty = set(), []
    for source in sources():
        for function, call, model in lookups(source):
            conditions = {keyword.arg for keyword in call.keywords}
            if not conditions <= BY_ID or source.path.endswith("/access.py"):
                continue
            names = {source.path, f"{source.path}::{function}"} & PAST_THE_DOOR.keys()
            used |= names
            if not names:
                guilty.append(f"{source.path}:{call.lineno} {function} fetches a {model} by id")
    assert guilty == [], "ask the room's access.py, or say in PAST_THE_DOOR why not"
    assert used == PAST_THE_DOOR.keys(), "an exception nobody needs any more"


def lookups(source: Source) -> Iterator[tuple[str, ast.Call, str]]:
    """Every query that starts from a protected model: its function, the call, the model."""
    protected = PROTECTED.get(source.room, set())
    for function in ast.walk(source.tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=model), attr=verb)) if (
                    model in protected and verb in LOOKUPS
                ):
                    yield function.name, node, model


def test_core_stays_small() -> None:
    files = list((ROOT / "portal" / "core").glob("*.py"))
    assert {file.stem for file in files} <= CORE, "a new file in core needs a decision record"
    assert sum(len(file.read_text().splitlines()) for file in files) <= CORE_LINES


def test_nothing_is_called_a_drawer() -> None:
    drawers = re.compile(r"^(utils?|common|helpers?|misc|managers?|base)$")
    names = {part for source in sources() for part in source.module.split(".")}
    assert [name for name in names if drawers.match(name)] == []


def test_the_history_imports_nothing_of_the_portal() -> None:
    for file in (ROOT / "migrations").glob("*.py"):
        source = Source(file.name, file.read_text(), ast.parse(file.read_text()))
        assert ours(source) == [], f"{file.name} would break when the portal moves on"


def test_the_viewer_serves_no_one_but_who_hands_it_an_opener() -> None:
    for source in sources():
        if source.room == "viewer":
            foreign = [name for name in ours(source) if not name.startswith("viewer")]
            assert foreign == [], f"{source.path} imports {foreign}"
