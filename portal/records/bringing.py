"""
Bringing back what was taken away (`copies`), from this portal or another one.

What comes is somebody's file: it goes through the form that everything typed goes through.  The
newest version becomes a new record; older ones stay in the file.  What is there already is not made
again, whether it was brought before or never left.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from portal import accounts, vault
from portal.core.actor import Actor
from portal.core.db import now
from portal.core.errors import Invalid, Unknown, reading
from portal.records import chain, listing
from portal.records.access import begun_with
from portal.records.chain import Written
from portal.records.copies import FORMAT
from portal.records.forms import Typed, checked
from portal.records.medication import ABOUT, MOST_LINES, Plan

Outcome = Literal["kept", "there"]
PLAN: Final = "plan"


async def bring(actor: Actor, sent: Any, free_quota: int) -> Outcome:
    """
    Keep a copy of a plan as `copies` made it, unless the same is there.

    Raises `Invalid` for anything else, `storing.QuotaFull`, `SignInNeeded`.
    """
    plan = _read(sent)
    content = _content(plan)
    if content in await _contents_of_mine(actor):
        return "there"
    # The same file again is the same form again, even in two windows at once.
    client_id = uuid5(actor.id, sha256(content.encode()).hexdigest())
    if await begun_with(actor, client_id):
        return "there"
    by = (await accounts.profile_of(actor)).name
    summary = plan.summary(now().isoformat())
    await chain.begin(actor, Written(client_id, 0, by, plan.packed(), summary), free_quota)
    return "kept"


def _read(sent: Any) -> Plan:
    with reading():
        if (sent["kind"], sent["format"]) != (PLAN, FORMAT):
            raise Invalid
        *_, newest = sent["versions"]
        said: Mapping[str, Any] = dict(newest["said"])
        lines: Sequence[Mapping[str, Any]] = [dict(each) for each in said["lines"]]
    words = [said.get(name, "") for name in ABOUT] + [
        each for line in lines for each in line.values()
    ]
    if len(lines) > MOST_LINES or not all(isinstance(each, str) for each in words):
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
