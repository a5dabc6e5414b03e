"""Who can hold keys and what keys can open: plain values that name both."""

from dataclasses import dataclass, field
from typing import Literal, Self
from uuid import UUID

from portal import vault
from portal.core.actor import Actor, Secret

PrincipalKind = Literal["user", "inbox", "community"]
TargetKind = Literal["study", "inbox", "community"]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that the directory vouches for; only `keys` makes these."""

    kind: PrincipalKind
    id: UUID
    epoch: int
    pk: bytes = field(repr=False)
    """X-Wing, 1 216 bytes."""
    fpr: bytes
    """Fingerprint: SHA-256 over whose it is, generation and key."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a sealed secret opens: a study, or the root of a community's or inbox's generation."""

    kind: TargetKind
    id: UUID
    epoch: int = 0
    """Studies have no generations: 0."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A principal together with its root of one generation, as somebody unlocked it."""

    kind: PrincipalKind
    id: UUID
    epoch: int
    root: Secret = field(repr=False)

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """The actor as a holder."""
        return cls("user", actor.id, actor.epoch, actor.root)

    def public(self) -> PublicKey:
        """What the directory says of this root, or will once it is published."""
        public = self.pair().public
        fpr = vault.fingerprint(self.id, self.epoch, public)
        return PublicKey(self.kind, self.id, self.epoch, public, fpr)

    def pair(self) -> vault.KeyPair:
        """The pair of this root; a sixth of a millisecond."""
        return vault.key_pair(self.root)

    def fingerprint(self) -> bytes:
        """The fingerprint that the directory must have, derived from the root alone."""
        return vault.fingerprint(self.id, self.epoch, self.pair().public)
