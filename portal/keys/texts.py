"""What people typed, boxed in the place where it is kept."""

from typing import Final
from uuid import UUID

from portal import vault
from portal.core.actor import Secret
from portal.keys.holders import PrincipalKind

BLOCK: Final = 64
END: Final = b"\x80"
"""Ends the text; zeros fill the block (ISO/IEC 7816-4), so a box shows its length in steps."""


class Text:
    """Boxes and opens the texts of one owner under one generation of its root."""

    __slots__ = ("_epoch", "_key", "_owner")

    def __init__(self, owner_kind: PrincipalKind, owner: UUID, epoch: int, root: Secret) -> None:
        self._owner = (owner_kind, owner)
        self._epoch = epoch
        self._key = vault.sub_key(root, "text")

    def box(self, table: str, column: str, row: UUID, rev: int, text: str) -> bytes:
        """*text* for this very place and revision; one box for a whole document, please."""
        plain = text.encode("utf-8", "surrogatepass") + END
        padded = plain + bytes(-len(plain) % BLOCK)
        return vault.box(self._key, padded, self._context(table, column, row, rev))

    def open(self, table: str, column: str, row: UUID, rev: int, boxed: bytes) -> str:
        """The text.  Raises `vault.Tampered` when it belongs to another place or revision."""
        padded = vault.unbox(self._key, boxed, self._context(table, column, row, rev))
        plain = padded.rstrip(b"\0")
        if not plain.endswith(END):
            raise vault.Tampered
        return plain.removesuffix(END).decode("utf-8", "surrogatepass")

    def _context(self, table: str, column: str, row: UUID, rev: int) -> bytes:
        return vault.contexts.text(*self._owner, self._epoch, table, column, row, rev)
