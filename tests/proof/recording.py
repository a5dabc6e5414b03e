"""What the vault makes while people use the portal, so that a thief can try to open all of it."""

import hmac
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pytest

from portal import vault
from portal.core.actor import Secret

Label = tuple[Any, ...]

SUITE: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


class Boxed(NamedTuple):
    """A box, what it is bound to, and which sub key of a root it lies under; a key itself if ()."""

    box: bytes
    context: bytes
    label: Label


@dataclass
class Boxes:
    """Every box and every seal the portal made, in their order."""

    boxed: list[Boxed] = field(default_factory=list)
    sealed: list[tuple[bytes, bytes]] = field(default_factory=list)

    def since(self, before: "Boxes") -> "Boxes":
        """Those made after *before* was copied from these."""
        return Boxes(self.boxed[len(before.boxed) :], self.sealed[len(before.sealed) :])

    def copy(self) -> "Boxes":
        """What there is by now."""
        return Boxes([*self.boxed], [*self.sealed])

    def opened_by(self, secrets: Iterable[Secret]) -> list[Boxed | tuple[bytes, bytes]]:
        """
        What opens with one of *secrets*, taken for a key (of a box, or derived from something
        typed) and for a root (or pepper), whose sub key the box's maker used.
        """
        labels = {each.label for each in self.boxed if each.label}
        looks = [_Look(each) for each in self.boxed]
        opened: list[Boxed | tuple[bytes, bytes]] = []
        for secret in secrets:
            keys = {label: vault.sub_key(secret, *label) for label in labels} | {(): secret}
            opened += [look.at for look in looks if look.opens(keys)]
            if self.sealed:
                pair = vault.key_pair(secret)
                opened += [each for each in self.sealed if _unseals(pair, *each)]
        return opened


class _Look:
    """
    A quick look whether a key fits a box: a part of the commitment, computed as C2SP's
    chunked-encryption says (HKDF-Expand, SHA-512, first block); a fit is then opened.
    """

    def __init__(self, at: Boxed) -> None:
        self.at = at
        self._info = SUITE + at.box[1:25] + at.context + b"\1"
        self._committed = at.box[25:45]

    def opens(self, keys: Mapping[Label, Secret]) -> bool:
        """Whether it opens with the secret itself, or with the sub key its maker used."""
        for label in {self.at.label, ()}:
            block = hmac.digest(keys[label].reveal(), self._info, "sha512")
            if block[44:] == self._committed:
                vault.unbox(keys[label], self.at.box, self.at.context)
                return True
        return False


def _unseals(pair: vault.KeyPair, sealed: bytes, info: bytes) -> bool:
    with suppress(vault.Tampered):
        vault.unseal(pair, sealed, info)
        return True
    return False


def recording(monkeypatch: pytest.MonkeyPatch) -> Boxes:
    """Records what the vault makes from now on."""
    made, labels = Boxes(), dict[bytes, Label]()
    box, seal, sub_key = vault.boxes.box, vault.seal, vault.sub_key

    def boxing(key: Secret, plain: bytes, context: bytes) -> bytes:
        boxed = box(key, plain, context)
        made.boxed.append(Boxed(boxed, context, labels.get(key.reveal(), ())))
        return boxed

    def sealing(public: bytes, secret: Secret, info: bytes) -> bytes:
        sealed = seal(public, secret, info)
        made.sealed.append((sealed, info))
        return sealed

    def deriving(root: Secret, *label: Any) -> Secret:
        key = sub_key(root, *label)
        labels[key.reveal()] = label
        return key

    monkeypatch.setattr(vault.boxes, "box", boxing)  # what box_secret uses
    monkeypatch.setattr(vault, "box", boxing)
    monkeypatch.setattr(vault, "seal", sealing)
    monkeypatch.setattr(vault, "sub_key", deriving)
    return made
