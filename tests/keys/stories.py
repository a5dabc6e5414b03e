"""Who acts in the tests of this room."""

from dataclasses import dataclass
from uuid import uuid4

from portal import keys, vault
from portal.core.actor import AccountId, Actor, Secret


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


class People:
    """Makes persons the way `accounts` does."""

    async def person(self, password: str = "correct horse battery staple") -> Person:
        """A new account that can sign in."""
        made = Person(AccountId(uuid4()), vault.new_secret(), password)
        await keys.create_principal(made.id, "user", made.root)
        wrap = await keys.wrap_root("password", "user", made.id, 1, made.root, password)
        await keys.keep_wrap(wrap)
        return made
