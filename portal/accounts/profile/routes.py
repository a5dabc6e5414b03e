"""The page about oneself: what was typed is never lost, neither to a mistake nor to a window."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from quart import Blueprint, redirect, request
from quart.typing import ResponseReturnValue

from portal.accounts.answers import form_page
from portal.accounts.dates import read_birth_date, read_day
from portal.accounts.occupations import language_names, languages_offered
from portal.accounts.profile import directory, profiles
from portal.accounts.profile.directory import ColleagueCard
from portal.accounts.profile.forms import ProfileEdit
from portal.accounts.profile.profiles import Profile
from portal.accounts.standings import confirmed_among
from portal.core.actor import Actor
from portal.core.errors import Conflict, Invalid, PortalError
from portal.core.language import N_, gettext, show_date
from portal.core.web import signed_in

LONGEST: Final = 10
"""Digits of a version that is worth reading."""
SEXES: Final = {"F": N_("Female"), "M": N_("Male"), "O": N_("Other")}


def add_profile(blueprint: Blueprint) -> None:
    """The addresses of the profile itself; what else hangs below /profile is elsewhere."""

    @blueprint.get("/profile")
    async def show_profile() -> ResponseReturnValue:
        profile = await profiles.profile_of(signed_in())
        return await _page(profile, _as_typed(profile), saved="saved" in request.args)

    @blueprint.post("/profile")
    async def edit_profile() -> ResponseReturnValue:
        actor, sent = signed_in(), await request.form
        data: dict[str, Any] = sent.to_dict() | {"languages": sent.getlist("languages")}
        try:
            new, rev = ProfileEdit.parse(data), _whole(sent.get("rev"))
            await profiles.edit(actor, new, rev, agreed="agreed" in sent)
        except Invalid as error:
            return await _page(await profiles.profile_of(actor), data, error)
        except Conflict as error:
            return await _both_versions(actor, data, error)
        return redirect("/profile?saved=1", 303)


async def _both_versions(
    actor: Actor, data: dict[str, Any], error: Conflict
) -> ResponseReturnValue:
    """
    The form with everything that was typed; beside it what another window saved meanwhile.

    Saving once more replaces that version: the person has seen it by then.
    """
    profile = await profiles.profile_of(actor)
    saved = _as_typed(profile)
    typed = {name: data.get(name, "") for name in saved}
    mine, other = _in_words(typed), _in_words(saved)
    differing = {
        name: words or gettext("(empty)") for name, words in other.items() if words != mine[name]
    }
    return await _page(profile, data | {"rev": profile.rev}, error, other=differing)


async def _page(
    profile: Profile,
    data: Mapping[str, Any],
    error: PortalError | None = None,
    other: Mapping[str, str] | None = None,
    **more: Any,
) -> ResponseReturnValue:
    actor = signed_in()
    card = await directory.card(actor.id)
    choices = error.details.get("choices", ()) if error else ()
    confirmed = actor.id in await confirmed_among([actor.id])
    return await form_page(
        "accounts/profile.html",
        data,
        error,
        profile=profile,
        born=_born(data),
        card=card and {"name": card.name, **card.shown()},
        confirmed=confirmed,
        languages=languages_offered(),
        choices=[(each.id, each.name, _behind(each)) for each in choices],
        fingerprint=await profiles.fingerprint_of(actor),
        conflict=isinstance(error, Conflict),
        other=other or {},
        **more,
    )


def _behind(card: ColleagueCard) -> str:
    """What tells colleagues of one name apart."""
    said = card.shown()
    return " · ".join(filter(None, (said["specialty"], said["practice"], said["place"])))


def _as_typed(profile: Profile) -> dict[str, Any]:
    work, absence = profile.work, profile.work.absence
    born = profile.birth_date
    return {
        "rev": profile.rev,
        "name": profile.name,
        "birth_date": born.strftime("%d.%m.%Y") if born else "",
        "sex": profile.sex,
        "title": work.title,
        "specialty": work.specialty,
        "licence": work.licence,
        "practice": work.practice,
        "place": work.place,
        "languages": list(work.languages),
        "findable": work.findable,
        "away_from": absence.first.isoformat() if absence else "",
        "away_until": absence.last.isoformat() if absence else "",
        "deputy_name": profile.deputy,
    }


def _in_words(typed: Mapping[str, Any]) -> dict[str, str]:
    """A version for reading, and for comparing: what means the same reads the same."""
    words = {name: " ".join(str(value).split()) for name, value in typed.items() if name != "rev"}
    sex = str(typed["sex"])
    return words | {
        "birth_date": _spelled(words["birth_date"]),
        "away_from": _spelled(words["away_from"]),
        "away_until": _spelled(words["away_until"]),
        "sex": gettext(SEXES[sex]) if sex in SEXES else "",
        "languages": language_names(tuple(typed["languages"])),
        "findable": gettext("Yes") if typed["findable"] else gettext("No"),
    }


def _spelled(typed: str) -> str:
    """A day spelled out; what is none, as it was typed."""
    try:
        return show_date(read_day(typed))
    except Invalid:
        return typed


def _born(typed: Mapping[str, Any]) -> date | None:
    """The birth date, to be spelled out; None while it is none."""
    try:
        return read_birth_date(str(typed.get("birth_date", "")))
    except Invalid:
        return None


def _whole(sent: str | None) -> int:
    """The version that a form was made for; one that names none was made for none of ours."""
    return int(sent) if sent and sent.isascii() and sent.isdigit() and len(sent) < LONGEST else 0
