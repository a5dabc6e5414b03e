"""The few notices that no community is behind, in words."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.core.language import gettext as _
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
    """Studies that are ready; *titles* has those that the reader may open."""
    return {
        each.id: Words(
            _("Ready to be viewed: %(study)s", study=titles[each.about]), "", "/documents"
        )
        for each in told
        if each.kind == "prepared" and each.about in titles
    }
