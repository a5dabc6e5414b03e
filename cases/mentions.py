"""Calling a member by name in a post: "@Chiara Rossi, please look"."""

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
        if mark in folded:
            found.append(each.id)
            folded = folded.replace(mark, "")
    return found


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
    at = folded.find(wanted) if len(folded) == len(text) and len(wanted) == len(mark) else -1
    while at >= 0:
        cut += [(text[start:at], False), (text[at : at + len(mark)], True)]
        start = at + len(mark)
        at = folded.find(wanted, start)
    return [part for part in [*cut, (text[start:], False)] if part[0]]
