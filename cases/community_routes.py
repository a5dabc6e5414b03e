"""Pages of communities: mine, one with its cases, managing members and invitations."""

from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

from quart import Blueprint, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue

from cases import access, casework, communities, membership, unread
from cases.answers import body, steady, words
from cases.forms import NewCommunity
from cases.ids import CommunityId, InvitationId
from cases.vocabulary import Role
from portal import accounts, mailing
from portal.core.actor import AccountId
from portal.core.errors import Conflict, Invalid, reading
from portal.core.language import N_
from portal.core.language import gettext as _
from portal.core.web import explain, signed_in, status_of

DONE: Final = {
    "invited": N_("The invitation has been sent."),
    "again": N_("The invitation has been sent once more; it is valid from today."),
    "vouched": N_("Whoever was invited counts as a health professional now."),
    "withdrawn": N_("The invitation has been withdrawn."),
    "founded": N_("The community is there, and nobody but you is in it. Invite colleagues below."),
    "removed": N_("The member has been removed and is told so."),
    "declined": N_("You have declined the invitation."),
    "left": N_("You have left the community."),
}
"""What a page confirms after it has sent a form; its address says which."""


def _confirmation() -> list[dict[str, str]]:
    done = DONE.get(request.args.get("done", ""))
    return [{"text": _(done), "kind": "good"}] if done else []


blueprint = Blueprint("communities", __name__, url_prefix="/communities")


@blueprint.get("")
@steady
async def mine() -> ResponseReturnValue:
    """My communities with what is unread in them, and the invitations that wait for me."""
    actor = signed_in()
    if actor.kind != "professional":
        return await render_template("cases/for_professionals.html")
    mark = mailing.read_address((await accounts.profile_of(actor)).mail).mark
    try:
        own = await communities.mine(actor)
    except accounts.NotConfirmed as error:
        page = await render_template(
            "cases/unconfirmed.html",
            message=explain(error),
            reason=await accounts.reason_for(actor),
            invitations=await communities.unnamed_invitations(actor, mark),
        )
        return page, status_of(error)
    counts = await unread.by_community(actor.id, [each.id for each in own])
    return await render_template(
        "cases/communities.html",
        communities=[(each, counts[each.id]) for each in own],
        invitations=await communities.my_invitations(actor, mark),
        notices=_confirmation(),
    )


@blueprint.post("/invitations/<uuid:invitation>/accept")
async def accept(invitation: UUID) -> ResponseReturnValue:
    """Become a member and go there."""
    community = await communities.accept(signed_in(), InvitationId(invitation))
    return redirect(url_for("cases.communities.show", community=community), 303)


@blueprint.post("/invitations/<uuid:invitation>/decline")
async def decline(invitation: UUID) -> ResponseReturnValue:
    """Say no."""
    await communities.decline(signed_in(), InvitationId(invitation))
    return redirect(url_for("cases.communities.mine", done="declined"), 303)


@blueprint.get("/manage")
@steady
async def manage() -> ResponseReturnValue:
    """Everything I belong to, and a form for a new community."""
    if signed_in().kind != "professional":
        return await render_template("cases/for_professionals.html")
    return await _manage({}, {}), 200


@blueprint.post("/manage")
async def found() -> ResponseReturnValue:
    """Start a community."""
    form = await body()
    try:
        new = NewCommunity.parse(form)
    except Invalid as error:
        return await _manage(form, error.details.get("fields", {})), 422
    return _done(await communities.found(signed_in(), new), "founded")


async def _manage(form: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    return await render_template(
        "cases/manage.html",
        communities=await communities.mine(signed_in()),
        form=form,
        fields=fields,
        words=words(),
    )


@blueprint.get("/<uuid:community>")
@steady
async def show(community: UUID) -> ResponseReturnValue:
    """The cases of a community, filtered by status, modality and region."""
    actor = signed_in()
    opened = await access.community_for(actor, CommunityId(community))
    await communities.complete(actor, opened)
    cards = await casework.overview(opened)
    chosen = {name: request.args.get(name, "") for name in ("status", "modality", "region")}
    shown = [
        card
        for card in cards
        if all(getattr(card, name) == value for name, value in chosen.items() if value)
    ]
    present = {name: {getattr(card, name) for card in cards} for name in chosen}
    return await render_template(
        "cases/community.html",
        community=opened,
        cards=shown,
        all=len(cards),
        alone=len(await access.members_of(opened.id)) == 1,
        chosen=chosen,
        present=present,
        faceted=any(chosen.values()) or any(len(values) > 1 for values in present.values()),
        words=words(),
    )


@blueprint.get("/<uuid:community>/members")
@steady
async def members(community: UUID) -> ResponseReturnValue:
    """Members, roles, invitations; owners manage, members see."""
    return await _members(CommunityId(community)), 200


async def _members(
    community: CommunityId,
    *,
    form: Mapping[str, Any] | None = None,
    fields: Mapping[str, str] | None = None,
    problem: str = "",
) -> str:
    actor = signed_in()
    opened = await access.community_for(actor, community)
    await communities.complete(actor, opened)
    sought = request.args.get("q", "").strip()
    asked = await communities.asked(opened)
    invited = [each.account for each in asked if each.account is not None]
    return await render_template(
        "cases/members.html",
        community=opened,
        members=await membership.members_in(opened),
        asked=asked,
        unconfirmed=await membership.to_be_confirmed(opened, invited),
        notices=_confirmation(),
        sought=sought,
        found=await communities.address_book(actor, community, sought) if sought else [],
        form=form or {},
        fields=fields or {},
        problem=problem,
        words=words(),
    )


@blueprint.post("/<uuid:community>/about")
async def rename(community: UUID) -> ResponseReturnValue:
    """Another name, department or location."""
    form = await body()
    try:
        new = NewCommunity.parse(form)
    except Invalid as error:
        return await _members(
            CommunityId(community), form=form, fields=error.details.get("fields", {})
        ), 422
    await communities.rename(signed_in(), CommunityId(community), new)
    return redirect(url_for("cases.communities.members", community=community), 303)


@blueprint.post("/<uuid:community>/invitations")
async def invite(community: UUID) -> ResponseReturnValue:
    """Ask somebody in: `account` from the address book, or `mail`."""
    form = await body()
    try:
        await communities.invite(
            signed_in(), CommunityId(community), _invited(form), vouched="vouched" in form
        )
    except mailing.BadAddress as error:
        fields = {"mail": explain(error)}
        return await _members(CommunityId(community), form=form, fields=fields), 422
    except Conflict as error:
        page = await _members(CommunityId(community), form=form, problem=explain(error))
        return page, status_of(error)
    return _done(community, "invited")


def _done(community: UUID, what: str) -> ResponseReturnValue:
    return redirect(url_for("cases.communities.members", community=community, done=what), 303)


def _invited(form: Mapping[str, Any]) -> AccountId | mailing.Address:
    if form.get("account"):
        with reading():
            return AccountId(UUID(str(form["account"])))
    return mailing.read_address(str(form.get("mail", "")))


@blueprint.post("/<uuid:community>/invitations/<uuid:invitation>/withdraw")
async def withdraw(community: UUID, invitation: UUID) -> ResponseReturnValue:
    """Take an invitation back."""
    await communities.withdraw(signed_in(), CommunityId(community), InvitationId(invitation))
    return _done(community, "withdrawn")


@blueprint.post("/<uuid:community>/invitations/<uuid:invitation>/resend")
async def resend(community: UUID, invitation: UUID) -> ResponseReturnValue:
    """Send an invitation once more."""
    try:
        await communities.resend(signed_in(), CommunityId(community), InvitationId(invitation))
    except Conflict as error:
        return await _members(CommunityId(community), problem=explain(error)), status_of(error)
    return _done(community, "again")


@blueprint.post("/<uuid:community>/invitations/<uuid:invitation>/vouching")
async def vouch(community: UUID, invitation: UUID) -> ResponseReturnValue:
    """Say that whoever was invited by address is a health professional."""
    await communities.vouch(signed_in(), CommunityId(community), InvitationId(invitation))
    return _done(community, "vouched")


@blueprint.post("/<uuid:community>/members/<uuid:account>/role")
async def change_role(community: UUID, account: UUID) -> ResponseReturnValue:
    """Owner or member."""
    role = cast("Role", str((await body()).get("role", "")))
    try:
        await communities.change_role(signed_in(), CommunityId(community), AccountId(account), role)
    except Conflict as error:
        return await _members(CommunityId(community), problem=explain(error)), status_of(error)
    return redirect(url_for("cases.communities.members", community=community), 303)


@blueprint.post("/<uuid:community>/members/<uuid:account>/confirm")
async def confirm(community: UUID, account: UUID) -> ResponseReturnValue:
    """Say that a member or an invited person is a health professional."""
    with reading():
        seen = int((await body())["seen"])
    try:
        await communities.confirm(signed_in(), CommunityId(community), AccountId(account), seen)
    except accounts.CardChanged as error:
        return await _members(CommunityId(community), problem=explain(error)), status_of(error)
    return redirect(url_for("cases.communities.members", community=community), 303)


@blueprint.post("/<uuid:community>/members/<uuid:account>/remove")
async def remove(community: UUID, account: UUID) -> ResponseReturnValue:
    """Take somebody out."""
    await accounts.step_up(signed_in())
    await communities.remove(signed_in(), CommunityId(community), AccountId(account))
    return _done(community, "removed")


@blueprint.post("/<uuid:community>/own")
async def take_over(community: UUID) -> ResponseReturnValue:
    """Become the owner of a community that lost its only one."""
    try:
        await communities.take_over(signed_in(), CommunityId(community))
    except Conflict as error:
        return await _members(CommunityId(community), problem=explain(error)), status_of(error)
    return redirect(url_for("cases.communities.members", community=community), 303)


@blueprint.post("/<uuid:community>/leave")
async def leave(community: UUID) -> ResponseReturnValue:
    """Stop being a member."""
    try:
        await communities.leave(signed_in(), CommunityId(community))
    except Conflict as error:
        return await _members(CommunityId(community), problem=explain(error)), status_of(error)
    return redirect(url_for("cases.communities.mine", done="left"), 303)
