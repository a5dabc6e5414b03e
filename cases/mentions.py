"""Calling a member by name in a post: "@Chiara Rossi, please look"."""

import unicodedata
from collections.abc import Iterator

from cases import access
from cases.ids import CommunityId
from cases.people import Colleague, colleagues
from portal.core.actor import AccountId


async def called_in(community_id: CommunityId, text: str) -> list[AccountId]:
    """The members whose whole name follows an @ somewhere in *text*."""
    if "@" not in text:
        return []
    members = await colleagues(await access.members_of(community_id))
    folded = text.casefold()
    found: list[AccountId] = []
    # The longest name first, so that "@Ann Lee" does not also call a colleague named Ann.
    for each in sorted(members.values(), key=lambda one: -len(one.name)):
        mark = f"@{each.name.casefold()}"
        if places := list(_places(folded, mark)):
            found.append(each.id)
            for at in reversed(places):
                folded = f"{folded[:at]} {folded[at + len(mark) :]}"
    return found


def _places(text: str, mark: str) -> Iterator[int]:
    """Where *mark* stands in *text* as a whole: another name may begin with it."""
    at = text.find(mark)
    while at >= 0:
        end = at + len(mark)
        if not _goes_on(text[end : end + 1]):
            yield at
        at = text.find(mark, end)


def _goes_on(letter: str) -> bool:
    """Whether a word that reaches up to *letter* ends only behind it, in any script."""
    return letter == "_" or letter.isalnum() or unicodedata.category(letter or " ")[0] == "M"


def split(text: str, called: list[Colleague]) -> list[tuple[str, bool]]:
    """*text* in pieces, and whether each is a name that was called."""
    pieces: list[tuple[str, bool]] = [(text, False)]
    for mark in sorted((f"@{each.name}" for each in called), key=len, reverse=True):
        pieces = [part for piece in pieces for part in _cut(piece, mark)]
    return pieces


def _cut(piece: tuple[str, bool], mark: str) -> list[tuple[str, bool]]:
    text, is_name = piece
    if is_name:
        return [piece]
    cut: list[tuple[str, bool]] = []
    start, folded, wanted = 0, text.casefold(), mark.casefold()
    # Folding may change lengths ("ß"); then the name is not marked rather than cut wrongly.
    steady = len(folded) == len(text) and len(wanted) == len(mark)
    for at in _places(folded, wanted) if steady else ():
        cut += [(text[start:at], False), (text[at : at + len(mark)], True)]
        start = at + len(mark)
    return [part for part in [*cut, (text[start:], False)] if part[0]]
