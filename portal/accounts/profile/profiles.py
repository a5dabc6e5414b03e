"""A person's own page: what they are called, what colleagues see, how the portal speaks to them."""

import json
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, cast
from uuid import UUID

from portal import keys, vault
from portal.accounts import standings
from portal.accounts.dates import today
from portal.accounts.errors import LookedAtAgain
from portal.accounts.forms import Preferences, Registration, Sex, Theme
from portal.accounts.models import Account
from portal.accounts.occupations import Occupation
from portal.accounts.profile import deputies, records
from portal.accounts.profile.forms import ProfileEdit
from portal.core.actor import AccountKind, Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Conflict, Unknown
from portal.core.language import gettext
from portal.mailing import open_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a person sees of themselves."""

    kind: AccountKind
    mail: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    """Like name and sex unknown (None, empty) until an unverified account is activated."""
    sex: Sex | Literal[""] = field(repr=False)
    work: Occupation = field(repr=False)
    """Of a professional; an absence that is over is gone."""
    deputy: str = field(repr=False)
    """The name of who stands in."""
    language: str
    theme: Theme
    rev: int
    """Which version this is: `edit` replaces no other."""


async def profile_of(actor: Actor) -> Profile:
    """The actor's own profile."""
    row = await account_of(actor)
    work = _work_of(row)
    stored = _open_profile(row, actor.epoch, actor.root)
    return Profile(
        kind=actor.kind,
        mail=open_address(row.mail, row.id).text,
        name=stored["name"],
        birth_date=date.fromisoformat(stored["birth_date"]) if stored["birth_date"] else None,
        sex=stored["sex"],
        work=work,
        deputy=await deputies.name_of(work.absence.deputy) if work.absence else "",
        language=row.language,
        theme=cast("Theme", row.theme),
        rev=row.profile_rev,
    )


async def edit(actor: Actor, new: ProfileEdit, rev: int, *, agreed: bool = False) -> None:
    """
    Replace version *rev* of the profile.

    A professional of whom something else is said than what somebody confirmed is looked at again;
    raises `LookedAtAgain` unless that is *agreed*.  Raises `Conflict` when another window was
    faster, and `Invalid` for a deputy whom the address book does not know, with `choices` when it
    knows several.
    """
    row = await account_of(actor)
    if row.profile_rev != rev:
        raise Conflict
    another = actor.kind == "professional" and await _is_another(actor, row, new)
    if another and not agreed and await standings.confirmed_among([actor.id]):
        raise LookedAtAgain(fields={"agreed": gettext(LookedAtAgain.message)})
    changes: dict[str, Any] = {
        "profile": box_profile(row.id, actor.epoch, actor.root, rev + 1, new),
        "profile_rev": rev + 1,
    }
    if actor.kind == "professional":
        work = await _with_deputy(actor, new, _work_of(row))
        changes |= records.boxed(row.id, row.card_rev + 1, new.name, work)
    async with transaction():
        unchanged = Account.filter(id=row.id, profile_rev=rev)
        if not await unchanged.update(**changes):
            raise Conflict
        if another:
            await standings.look_again(actor.id)


async def _is_another(actor: Actor, row: Account, new: ProfileEdit) -> bool:
    """Whether *new* says something else of what whoever confirms somebody goes by."""
    before, after = _work_of(row), new.occupation
    pairs = (
        (open_name(row, actor.epoch, actor.root), new.name),
        (before.specialty, after.specialty),
        (before.licence, after.licence),
    )
    return any(_plain(one) != _plain(other) for one, other in pairs)


def _plain(text: str) -> str:
    """Without what no reader minds: capitals and blanks."""
    return "".join(text.casefold().split())


async def _with_deputy(actor: Actor, new: ProfileEdit, before: Occupation) -> Occupation:
    work = new.occupation
    if work.absence is None:
        return work
    kept = before.absence.deputy if before.absence else None
    deputy = await deputies.chosen(actor, new.deputy, kept)
    return replace(work, absence=replace(work.absence, deputy=deputy))


def _work_of(row: Account) -> Occupation:
    """What the row's owner says of their work, with the licence number."""
    opened = records.open_card(row)
    if opened is None:
        return Occupation()
    work = replace(opened[1], findable=row.findable, licence=records.open_licence(row))
    over = work.absence is not None and work.absence.last < today()
    return replace(work, absence=None) if over else work


async def prefer(actor: Actor, preferences: Preferences) -> None:
    """Keep language and theme with the account, for the next device."""
    async with transaction():
        await Account.filter(id=actor.id).update(
            language=preferences.language, theme=preferences.theme
        )


async def fingerprint_of(actor: Actor) -> str:
    """Six groups of five digits that stand for the actor's public key, as on the Pass."""
    public = await keys.public_key("user", actor.id)
    return vault.spoken(public.fpr)


async def account_of(actor: Actor) -> Account:
    """The actor's own row."""
    row = await Account.get_or_none(id=actor.id)
    if row is None:
        raise Unknown
    return row


def box_profile(
    owner: UUID, epoch: int, root: Secret, rev: int, of: Registration | ProfileEdit | None
) -> bytes:
    """Name, birth date and sex as one document under the person's own root; None: not asked yet."""
    document = {"name": "", "birth_date": "", "sex": ""}
    if of is not None:
        document = {"name": of.name, "birth_date": of.birth_date.isoformat(), "sex": of.sex}
    text = keys.Text("user", owner, epoch, root)
    return text.box("account", "profile", owner, rev, json.dumps(document))


def open_name(row: Account, epoch: int, root: Secret) -> str:
    """What the person is called.  Raises `vault.Tampered` when the row was exchanged."""
    return str(_open_profile(row, epoch, root)["name"])


def _open_profile(row: Account, epoch: int, root: Secret) -> dict[str, Any]:
    text = keys.Text("user", row.id, epoch, root)
    stored: dict[str, Any] = json.loads(
        text.open("account", "profile", row.id, row.profile_rev, row.profile)
    )
    return stored
