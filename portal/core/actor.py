"""Whoever asks: an account together with the root key that this request unlocked."""

from dataclasses import dataclass, field
from typing import Literal, NewType, NoReturn
from uuid import UUID

AccountId = NewType("AccountId", UUID)
AccountKind = Literal["patient", "professional"]

SECRET_BYTES = 32


class Secret:
    """Thirty-two secret bytes that do not show in `repr`, logs or pickles."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != SECRET_BYTES:
            raise ValueError("a secret has 32 bytes")
        self._raw = bytes(raw)

    def reveal(self) -> bytes:
        """The bytes themselves; only the vault and tests have a reason to call this."""
        return self._raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._raw == other._raw

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not leave the process by pickle")


@dataclass(frozen=True, slots=True)
class Actor:
    """An account that signed in, for the length of one request or one socket event."""

    id: AccountId
    kind: AccountKind
    epoch: int
    """Generation of the account's root; it changes when the account is secured anew."""
    root: Secret = field(repr=False)
    session: bytes = field(repr=False)
    """Hash of the session's id, the name under which `keys` can end it."""
    language: str = "en"
