"""Who acts in the tests of this room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from portal import keys, vault
from portal.core.actor import AccountId, Actor, Secret
from portal.core.db import now
from portal.keys import Holder, Target


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a password."""

    id: AccountId
    root: Secret
    password: str

    @property
    def actor(self) -> Actor:
        """As if just recognised."""
        return Actor(self.id, "professional", 1, self.root, b"\0" * 32)

    async def unlocks_with(self, typed: str) -> Secret | None:
        """The root that a password gives."""
        found = await keys.unwrap_root("password", "user", self.id, typed, asker=None)
        return None if found is None else found.root

    async def signs_in(self) -> str:
        """The cookie of a new session."""
        return await keys.start_session(self.id, "professional", "de", self.root)

    async def gets_half_way(self, stage: keys.Stage = "second") -> str:
        """The cookie of somebody whose second step is lacking."""
        who = keys.Arriving(self.id, "professional", "de")
        return await keys.start_half(who, self.root, stage, now() + timedelta(minutes=10))

    async def trusts_a_program(self, *scopes: keys.Scope, days: int = 30) -> str:
        """A new token for a program."""
        until = now() + timedelta(days=days)
        return await keys.make_token(self.actor, "Box office", scopes or ("read",), until)

    async def roots_of(self, circle: "Circle") -> Mapping[int, Secret] | None:
        """Every root of the community that the seal for this person opens."""
        present = {circle.holder.id: circle.holder.epoch}
        found = await keys.unseal_generations(present, Holder.of(self.actor))
        return found.get(circle.holder.id)


@dataclass
class Circle:
    """A community, as its members see it."""

    holder: Holder

    @property
    def target(self) -> Target:
        """What its members are handed."""
        return Target("community", self.holder.id, self.holder.epoch)

    async def welcomes(self, *people: Person) -> None:
        """Hand today's root to these."""
        public = await keys.public_keys("user", [each.id for each in people])
        await keys.seal_root(self.target, self.holder.root, list(public.values()))

    async def changes_root(self) -> None:
        """The next generation; nobody holds it yet."""
        before, root = self.holder, vault.new_secret()
        await keys.rotate_root(before, root)
        await keys.drop_seals(self.target)
        self.holder = Holder("community", before.id, before.epoch + 1, root)


class People:
    """Makes persons and communities the way `accounts` and `cases` do."""

    async def person(self, password: str = "correct horse battery staple") -> Person:
        """A new account that can sign in."""
        made = Person(AccountId(uuid4()), vault.new_secret(), password)
        await keys.create_principal(made.id, "user", made.root)
        wrap = await keys.wrap_root("password", "user", made.id, 1, made.root, password, asker=None)
        await keys.keep_wrap(wrap)
        return made

    async def circle(self, *members: Person) -> Circle:
        """A new community."""
        made = Circle(Holder("community", uuid4(), 1, vault.new_secret()))
        await keys.create_principal(made.holder.id, "community", made.holder.root)
        await made.welcomes(*members)
        return made


class Clock:
    """The time, as the test wants it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def passes(self, **much: float) -> None:
        """Let time pass, in the words of `timedelta`."""
        self._now += timedelta(**much)


NOBODY: UUID = UUID(int=0)
