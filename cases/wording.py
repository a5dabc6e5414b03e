"""Notices of communities in the words of their reader, for whom every door is asked again."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from cases import access
from cases.answering import InvitationToMe, my_invitations
from cases.answers import steady
from cases.ids import CommunityId
from cases.models import Case
from cases.opened import OpenCase, OpenCommunity, opened_case
from cases.people import Colleague, colleagues
from portal import accounts
from portal.core.actor import AccountId, Actor
from portal.core.language import gettext as _
from portal.core.language import ngettext
from portal.notices import Told, Words

OF_CASES = frozenset({"case", "post", "mention", "reply", "closure"})
OF_MEMBERS = frozenset({"joined", "left"})


@steady
async def describe(actor: Actor, told: Sequence[Told]) -> dict[UUID, Words]:
    """
    Those of *told* that are about a community of the actor's; what is closed to them is not.

    Whom nobody confirms any more sees none of them, and the rest of the list stays whole.
    """
    try:
        await accounts.must_be_confirmed(actor)
    except accounts.NotConfirmed:
        return {}
    mine = [each for each in told if each.kind in OF_CASES | OF_MEMBERS]
    found: dict[UUID, Words] = {}
    if mine:
        communities = {each.id: each for each in await access.my_communities(actor)}
        cases = await _cases(communities, {each.about for each in mine if each.kind in OF_CASES})
        names = await colleagues({each.by for each in mine if each.by is not None})
        for each in mine:
            words = _words(each, communities, cases, names)
            if words is not None:
                found[each.id] = words
    return found | await _endings(told) | await _invitations(actor, told)


async def _cases(
    communities: Mapping[CommunityId, OpenCommunity], wanted: Collection[UUID]
) -> dict[UUID, OpenCase]:
    rows = await Case.filter(id__in=list(wanted), community_id__in=list(communities))
    found = {}
    for community in communities.values():
        here = [row for row in rows if row.community_id == community.id]
        for row in await access.settled(community, here):
            found[row.id] = opened_case(community, row)
    return found


def _words(
    told: Told,
    communities: Mapping[CommunityId, OpenCommunity],
    cases: Mapping[UUID, OpenCase],
    names: Mapping[AccountId, Colleague],
) -> Words | None:
    name = names[told.by].name if told.by is not None else _("Former member")
    if told.kind in OF_CASES:
        case = cases.get(told.about)
        return None if case is None else _of_case(told, case, name)
    community = communities.get(CommunityId(told.about))
    return None if community is None else _of_members(told, community, name)


def _of_case(told: Told, case: OpenCase, name: str) -> Words:
    title, many = case.words["title"], told.many
    match told.kind:
        case "case":
            text = _("%(name)s opened a case: %(title)s", name=name, title=title)
        case "mention":
            text = ngettext(
                "%(name)s calls you by name: %(title)s",
                "You were called by name %(num)s times, the last time by %(name)s: %(title)s",
                many, name=name, title=title,
            )  # fmt: skip
        case "reply":
            text = ngettext(
                "%(name)s answered you: %(title)s",
                "%(num)s answers to you, the last one by %(name)s: %(title)s",
                many, name=name, title=title,
            )  # fmt: skip
        case "closure" if case.row.status == "closed":
            text = _("%(name)s closed a case: %(title)s", name=name, title=title)
        case "closure":
            text = _("%(name)s reopened a case: %(title)s", name=name, title=title)
        case _:
            text = ngettext(
                "%(name)s wrote: %(title)s",
                "%(num)s new posts, the last one by %(name)s: %(title)s",
                many, name=name, title=title,
            )  # fmt: skip
    href = f"/cases/{case.id}" if told.post is None else f"/posts/{told.post}"
    return Words(text, case.community.name, href)


def _of_members(told: Told, community: OpenCommunity, name: str) -> Words:
    if told.kind == "joined":
        text = ngettext(
            "%(name)s joined the community",
            "%(num)s colleagues joined the community, the last one was %(name)s",
            told.many, name=name,
        )  # fmt: skip
    else:
        text = ngettext(
            "%(name)s is no longer a member of the community",
            "%(num)s colleagues are no longer members of the community, the last one was %(name)s",
            told.many, name=name,
        )  # fmt: skip
    return Words(text, community.name, f"/communities/{community.id}/members")


async def _endings(told: Sequence[Told]) -> dict[UUID, Words]:
    """The community is closed to its reader by now, its name, too: only who did it is said."""
    ended = [each for each in told if each.kind == "removed"]
    names = await colleagues({each.by for each in ended if each.by is not None})
    return {
        each.id: Words(
            _(
                "You are no longer a member of one of your communities; %(name)s ended your "
                "membership",
                name=names[each.by].name if each.by is not None else _("Former member"),
            ),
            "",
            "/communities",
        )
        for each in ended
    }


async def _invitations(actor: Actor, told: Sequence[Told]) -> dict[UUID, Words]:
    wanted = [each for each in told if each.kind == "invitation"]
    if not wanted:
        return {}
    open_ = {each.community: each for each in await my_invitations(actor, "")}
    return {
        each.id: _invitation(open_[CommunityId(each.about)])
        for each in wanted
        if each.about in open_
    }


def _invitation(each: InvitationToMe) -> Words:
    text = _(
        "%(name)s invites you to a community: %(community)s",
        name=each.invited_by, community=each.name,
    )  # fmt: skip
    return Words(text, each.department, "/communities")
