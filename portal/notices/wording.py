"""The few notices that no community is behind, in words."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.core.language import gettext as _
from portal.core.language import ngettext
from portal.notices.kinds import KINDS
from portal.notices.reading import Told, Words


def of_safety(told: Sequence[Told]) -> dict[UUID, Words]:
    """What concerns the safety of the reader's own account."""
    return {
        each.id: Words(_(KINDS[each.kind].words), "", "/profile")
        for each in told
        if KINDS[each.kind].fixed
    }


def of_studies(told: Sequence[Told], titles: Mapping[UUID, str]) -> dict[UUID, Words]:
    """Studies that can be opened; *titles* has those that the reader may open."""
    found = {}
    for each in told:
        ready = [titles[study] for study in (each.about, *each.beside) if study in titles]
        if each.kind == "prepared" and ready:
            found[each.id] = Words(_opened(ready), "", "/documents")
    return found


def _opened(titles: Sequence[str]) -> str:
    return ngettext(
        "Can be opened: %(study)s", "%(num)s examinations can be opened", len(titles),
        study=titles[0],
    )  # fmt: skip
