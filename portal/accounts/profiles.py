"""A person's own page: what they are called, what colleagues see, how the portal speaks to them."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, cast
from uuid import UUID

from portal import keys, vault
from portal.accounts.directory import box_card, open_card
from portal.accounts.forms import Preferences, ProfileEdit, Registration, Sex, Theme
from portal.accounts.models import Account
from portal.core.actor import AccountKind, Actor, Secret
from portal.core.db import transaction
from portal.core.errors import Conflict, Unknown
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
    specialty: str
    place: str
    findable: bool
    language: str
    theme: Theme


async def profile_of(actor: Actor) -> Profile:
    """The actor's own profile."""
    row = await account_of(actor)
    card = open_card(row)
    stored = _open_profile(row, actor.epoch, actor.root)
    return Profile(
        kind=actor.kind,
        mail=open_address(row.mail, row.id).text,
        name=stored["name"],
        birth_date=date.fromisoformat(stored["birth_date"]) if stored["birth_date"] else None,
        sex=stored["sex"],
        specialty=card.specialty if card else "",
        place=card.place if card else "",
        findable=row.findable,
        language=row.language,
        theme=cast("Theme", row.theme),
    )


async def edit(actor: Actor, new: ProfileEdit) -> None:
    """Replace the profile.  `Conflict` when another window did so meanwhile."""
    row = await account_of(actor)
    changes: dict[str, Any] = {
        "profile": box_profile(row.id, actor.epoch, actor.root, row.profile_rev + 1, new),
        "profile_rev": row.profile_rev + 1,
    }
    if actor.kind == "professional":
        changes["card"] = box_card(
            row.id, row.card_rev + 1, name=new.name, specialty=new.specialty, place=new.place
        )
        changes |= {"card_rev": row.card_rev + 1, "findable": new.findable}
    async with transaction():
        unchanged = Account.filter(id=row.id, profile_rev=row.profile_rev)
        if not await unchanged.update(**changes):
            raise Conflict


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
