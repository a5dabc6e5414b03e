"""Release 0018: accounts from before keep their second factors, and say so under a key file."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext

from portal import keys, vault
from portal.accounts import NoKeyFiles
from portal.accounts.factors import document
from portal.accounts.factors.contents import Authenticator, Factors
from portal.accounts.factors.models import Factors as FactorsRow
from portal.app import MODELS
from portal.commands import CARRY
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import orm_config
from portal.core.settings import Settings
from portal.keys import custody, guards
from portal.keys.models import HumanWrap, Principal
from portal.migrating import migrate, pending
from portal.vault.key_files import KeyFiles

BEFORE = "0017_what_is_owed_after_a_commit"
APP = Authenticator(secret="JBSWY3DPEHPK3PXP", added=datetime(2026, 1, 1, tzinfo=UTC), last_step=7)


@dataclass(frozen=True)
class Account:
    """Somebody as the release before kept them."""

    id: AccountId
    root: Secret
    wrap: UUID

    @property
    def actor(self) -> Actor:
        return Actor(self.id, "patient", 1, self.root, b"\0" * 32)


@pytest.fixture
async def url(
    engine: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    settings: Settings,
    key_files: KeyFiles,
) -> AsyncIterator[str]:
    """An empty database of the release before, and the portal's key files."""
    keys.configure(key_files, settings)
    if engine == "sqlite":
        found, server, name = f"sqlite://{tmp_path / 'old.db'}", None, ""
    else:
        server = request.getfixturevalue("postgres")
        name = await server.create()
        found = server.url(name)
    await migrate(orm_config(found, MODELS), to=BEFORE)
    yield found
    if server is not None:
        await server.drop(name)


async def lived(*, guard: int, rev: int) -> Account:
    """An account whose password is bound to *guard*, with a document of *rev* (0: none)."""
    made = Account(AccountId(uuid4()), vault.new_secret(), uuid4())
    await _execute(f"INSERT INTO principal (id, kind, epoch) VALUES ('{made.id}', 'user', 1)")  # noqa: S608
    await HumanWrap.create(
        id=made.wrap,
        kind="user",
        principal=made.id,
        epoch=1,
        how="password",
        salt=b"s" * 16,
        cost="argon2id",
        pepper_id=1,
        guard=guard,
        box=guards.close_outer(made.wrap, 1, guard, b"what only the password opens"),
    )
    if rev:
        text, said = keys.Text("user", made.id, 1, made.root), Factors(rev, authenticator=APP)
        packed = json.dumps(said.pack())
        boxed = text.box("factors", "document", made.id, rev, packed)
        await FactorsRow.create(account_id=made.id, rev=rev, box=boxed)
    return made


async def _execute(statement: str) -> None:
    await get_connection("default").execute_query(statement)


async def test_who_has_factors_keeps_them_and_who_has_none_gets_in(url: str) -> None:
    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        erika, bob = await lived(guard=3, rev=3), await lived(guard=0, rev=0)
        circle = uuid4()
        await _execute(
            f"INSERT INTO principal (id, kind, epoch) VALUES ('{circle}', 'community', 1)"  # noqa: S608
        )

    await migrate(orm_config(url, MODELS), carry=CARRY)

    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        assert await document.read(erika.actor) == Factors(3, authenticator=APP)
        assert await keys.guard_of(erika.id) == 3
        assert await document.read(bob.actor) == Factors()
        assert (await Principal.get(id=circle)).mark is None
        await document.change(erika.actor, await document.read(erika.actor))
        await FactorsRow.all().delete()
        await HumanWrap.all().delete()
        with pytest.raises(vault.Tampered):
            await document.read(erika.actor)


async def test_whose_factors_were_taken_away_before_stays_closed(url: str) -> None:
    """The step believes nothing that the release before would not have believed."""
    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        taken, older, edited, bare = [
            await lived(guard=guard, rev=rev) for guard, rev in ((2, 0), (3, 2), (2, 2), (0, 0))
        ]
        await HumanWrap.filter(id=edited.wrap).update(guard=0)
        await HumanWrap.filter(id=bare.wrap).delete()

    await migrate(orm_config(url, MODELS), carry=CARRY)

    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        for each in (taken, older, edited, bare):
            assert (await Principal.get(id=each.id)).mark is None
            with pytest.raises(vault.Tampered):
                await document.read(each.actor)


async def test_without_the_key_files_nothing_is_changed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, MODELS))
        await lived(guard=1, rev=1)
    with monkeypatch.context() as lost, pytest.raises(NoKeyFiles):
        lost.setattr(custody._Desk, "custody", None)
        await migrate(orm_config(url, MODELS), carry=CARRY)

    assert "0018_mark_on_the_second_factors" in await pending(orm_config(url, MODELS))
    await migrate(orm_config(url, MODELS), carry=CARRY)
    assert await pending(orm_config(url, MODELS)) == ()
