"""Keys out of what a person types: Argon2id (RFC 9106), slow on purpose."""

import unicodedata
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from portal.core.actor import SECRET_BYTES, Secret
from portal.vault.faults import Tampered, guarded
from portal.vault.roots import sub_key

MIB: Final = 1024
"""Argon2 counts memory in KiB."""
LEAST_MEMORY: Final = 46 * MIB
MOST_MEMORY: Final = 1024 * MIB
MOST_ROUNDS: Final = 16
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What a guess costs: memory in KiB, passes over it, lanes.  `Tampered` outside our limits."""

    memory: int
    rounds: int
    lanes: int = 1

    @guarded
    def __post_init__(self) -> None:
        if not LEAST_MEMORY <= self.memory <= MOST_MEMORY:
            raise Tampered
        if not 1 <= self.rounds <= MOST_ROUNDS or self.lanes != 1:
            raise Tampered

    def __str__(self) -> str:
        return f"{self.memory},{self.rounds},{self.lanes}"

    @classmethod
    @guarded
    def parse(cls, written: str) -> Self:
        """A cost as `str` wrote it."""
        memory, rounds, lanes = map(int, written.split(","))
        return cls(memory, rounds, lanes)


PASSWORD_COST: Final = Cost(64 * MIB, 3)
"""Passwords, share passwords and Pass codes."""


@guarded
def derive(typed: str, salt: bytes, cost: Cost) -> Secret:
    """
    The key that *typed* stands for.  Takes a fifth of a second and `cost.memory`.

    It also depends on the numbers of the cost, so a row that names cheaper ones opens nothing.
    To be run off the event loop.
    Raises `Tampered` for a salt that is not sixteen bytes.
    """
    if len(salt) != SALT_BYTES:
        raise Tampered
    argon = Argon2id(
        salt=salt,
        length=SECRET_BYTES,
        iterations=cost.rounds,
        lanes=cost.lanes,
        memory_cost=cost.memory,
    )
    spelled = unicodedata.normalize("NFKC", typed).encode("utf-8", "surrogatepass")
    slow = Secret(argon.derive(spelled))
    return sub_key(slow, "argon2id", cost.memory, cost.rounds, cost.lanes, salt)
