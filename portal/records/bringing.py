"""
Bringing back what was taken away (`copies`), from this portal or another one.

What comes is somebody's file: it goes through the form that everything typed goes through.  The
newest version becomes a new plan or a new entry of the diary; older ones stay in the file.  What is
there already is not made again, whether it was brought before or never left.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4, uuid5

from portal import accounts, vault
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Invalid, Unknown, reading
from portal.records import book, chain, listing
from portal.records.access import begun_with
from portal.records.chain import Written
from portal.records.copies import FORMAT
from portal.records.diary import KIND as DIARY
from portal.records.diary import MEASURES, MOST_OWN, Entry, Own
from portal.records.diary_forms import EntryTyped, checked_entry, span_of
from portal.records.forms import Typed, checked
from portal.records.medication import ABOUT, MOST_LINES, Plan
from portal.records.medication import KIND as PLAN

MOST_ENTRIES: Final = 25
"""Entries of a diary that come at once; whoever has more sends them in turn."""


class Brought(NamedTuple):
    """What became of a plan, or of entries of the diary: how many of them."""

    kept: int = 0
    there: int = 0
    """Here already, or in the bin."""
    refused: int = 0
    """No entry of a diary."""


async def bring(actor: Actor, sent: Any, free_quota: int) -> Brought:
    """
    Keep a copy of a plan, or of entries of the diary, as `copies` made it, as far as it is not
    there.

    Raises `Invalid` when nothing of it can be kept, `storing.QuotaFull`, `SignInNeeded`.  What was
    kept before that stays; the same copy again goes on behind it.
    """
    with reading():
        kind, form = str(sent["kind"]), sent["format"]
        versions = [dict(each) for each in sent["versions"]]
    if kind not in {PLAN, DIARY} or form != FORMAT or not versions:
        raise Invalid
    if kind == PLAN:
        return await _bring_plan(actor, _plan(versions[-1]), free_quota)
    if len(versions) > MOST_ENTRIES:
        raise Invalid
    entries = [found for each in versions if (found := _entry_if_any(each))]
    if not entries:
        raise Invalid
    brought = await _bring_entries(actor, entries, free_quota)
    return brought._replace(refused=len(versions) - len(entries))


async def _bring_plan(actor: Actor, plan: Plan, free_quota: int) -> Brought:
    content = _content(plan)
    if content in await _contents_of_mine(actor):
        return Brought(there=1)
    client_id = _form_of(actor, content)
    if await begun_with(actor, client_id):
        return Brought(there=1)
    by = (await accounts.profile_of(actor)).name
    summary = plan.summary(now().isoformat())
    await chain.begin(actor, Written(client_id, 0, by, plan.packed(), summary), free_quota)
    return Brought(kept=1)


async def _bring_entries(actor: Actor, entries: Sequence[Entry], free_quota: int) -> Brought:
    by = (await accounts.profile_of(actor)).name
    kept = 0
    there, months = set[str](), await book.months(actor)
    for month in {each.month for each in entries}:
        pages = await book.read(actor, span_of(month, 1), months)
        there |= {_said(each.entry) for each in pages.entries}
    for each in entries:
        content = _said(each)
        turn = book.Turn(_form_of(actor, content), 0, by)
        if content in there or await chain.came(actor, turn.client_id) is not None:
            continue
        await book.write_new(actor, each, turn, free_quota, months)
        kept += 1
    return Brought(kept, len(entries) - kept)


def _form_of(actor: Actor, content: str) -> UUID:
    """The same file again is the same form again, even in two windows at once."""
    return uuid5(actor.id, sha256(content.encode()).hexdigest())


def _entry_if_any(version: Mapping[str, Any]) -> Entry | None:
    try:
        return _entry(version)
    except Invalid:
        return None  # the others of its month are none the worse


def _entry(version: Mapping[str, Any]) -> Entry:
    with reading():
        said: Mapping[str, Any] = dict(version["said"])
        own: Sequence[Mapping[str, Any]] = [dict(each) for each in said.get("own", [])]
    words = {name: said.get(name, "") for name in (*MEASURES, "when", "symptoms", "text")}
    if len(own) > MOST_OWN:
        raise Invalid
    unit = "mmoll" if words["sugar_mmoll"] else "mgdl"
    form = words | {"sugar_unit": unit, "sugar": words[f"sugar_{unit}"]}
    for number, each in enumerate(own):
        form |= {f"own-{number}-{name}": each.get(name, "") for name in Own._fields}
    _all_words(form.values())
    return checked_entry(EntryTyped.parse(form | {"rev": "0", "client_id": str(uuid4())}))


def _said(entry: Entry) -> str:
    return json.dumps(entry.packed(), sort_keys=True)


def _all_words(said: Iterable[object]) -> None:
    if not all(isinstance(each, str) for each in said):
        raise Invalid


def _plan(version: Mapping[str, Any]) -> Plan:
    with reading():
        said: Mapping[str, Any] = dict(version["said"])
        lines: Sequence[Mapping[str, Any]] = [dict(each) for each in said["lines"]]
    _all_words(said.get(name, "") for name in ABOUT)
    _all_words(each for line in lines for each in line.values())
    if len(lines) > MOST_LINES:
        raise Invalid
    form = {f"p-{name}": said.get(name, "") for name in ABOUT}
    for number, line in enumerate(lines):
        form |= {f"l-{number}-{name}": value for name, value in line.items()}
        form.setdefault(f"l-{number}-kind", "")
    return checked(Typed.parse(form | {"rev": "0", "client_id": str(UUID(int=0))}))


async def _contents_of_mine(actor: Actor) -> set[str]:
    """What the plans say that are there; one that does not open says nothing."""
    found = set[str]()
    for each in await listing.mine(actor):
        if each.kind != PLAN:
            continue
        try:
            record = await chain.open_own(actor, each.id, PLAN)
            found.add(_content(Plan.unpacked((await chain.newest(record, each.id)).said)))
        except (vault.Tampered, Unknown):
            continue
    return found


def _content(plan: Plan) -> str:
    """Everything that a plan says; its lines have other ids elsewhere."""
    said = asdict(plan)
    for line in said["lines"]:
        del line["id"]
    return json.dumps(said, sort_keys=True)
