"""
What a community's root opens: the community itself, its cases, and any row's words.

Whoever passes one of the doors (`cases.access`) leaves with one of these.  A row that does not open
is damage to that row alone: it is reported once, and whoever shows it says so in its place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

from cases.ids import CaseId, CommunityId
from cases.models import Case, Community
from cases.vocabulary import Role
from portal import keys, vault
from portal.core.actor import AccountId, Secret
from portal.core.language import N_, gettext

Document = dict[str, Any]

DAMAGED: Final = N_(
    "This entry is damaged and cannot be shown. Everything else is not affected. Please tell "
    "whoever runs this portal; whoever wrote it can write it again."
)
PLAIN: Final = {"urgency": "routine", "answer_by": None}
"""What cases of before do not say."""


@dataclass(frozen=True, slots=True)
class OpenCommunity:
    """A community whose roots this request has unlocked, as the actor's membership allows."""

    id: CommunityId
    actor: AccountId
    role: Role
    epoch: int
    rotation_due: bool
    seq: int
    """Number of the last change at the time of looking."""
    joined_seq: int
    name: str
    department: str
    location: str
    about_rev: int
    mac: bytes = field(repr=False)
    roots: Mapping[int, Secret] = field(repr=False)
    _blind: dict[int, Secret] = field(default_factory=dict, repr=False, compare=False)
    """Keys for marks by generation, as far as somebody asked for them."""

    @property
    def root(self) -> Secret:
        """The current root."""
        return self.roots[self.epoch]

    def root_at(self, epoch: int) -> Secret:
        """
        The root of a generation.

        Raises `vault.Tampered` for one that never was; whether it has begun meanwhile is for
        `cases.access.settled` to say, where the row was fetched.
        """
        if epoch not in self.roots:
            raise vault.Tampered
        return self.roots[epoch]

    def blind_key_at(self, epoch: int) -> Secret:
        """The key for keyed marks of a generation, derived once.  Raises as `root_at`."""
        if epoch not in self._blind:
            self._blind[epoch] = vault.sub_key(self.root_at(epoch), "blind")
        return self._blind[epoch]

    def box(self, table: str, column: str, row: UUID, rev: int, document: Document) -> bytes:
        """*document* under the current root, bound to its place."""
        text = keys.Text("community", self.id, self.epoch, self.root)
        return text.box(table, column, row, rev, json.dumps(document, ensure_ascii=False))

    def open(
        self, table: str, column: str, row: UUID, rev: int, epoch: int, boxed: bytes
    ) -> Document:
        """What `box` boxed under the root of *epoch*.  Raises `vault.Tampered`."""
        text = keys.Text("community", self.id, epoch, self.root_at(epoch))
        return cast("Document", json.loads(text.open(table, column, row, rev, boxed)))

    def shown(
        self, table: str, column: str, row: UUID, rev: int, epoch: int, boxed: bytes
    ) -> Document | None:
        """The same for a list, which one changed row must not close: None, and a report."""
        try:
            return self.open(table, column, row, rev, epoch, boxed)
        except vault.Tampered:
            vault.report(f"{table} does not open: row", row)
            return None


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case's row together with what its community's root opens of it."""

    row: Case
    community: OpenCommunity
    words: Document = field(repr=False)
    damaged: bool = False
    """Somebody changed the row: the words say so, and nothing else."""

    @property
    def id(self) -> CaseId:
        """The case's id."""
        return CaseId(self.row.id)


def opened_case(community: OpenCommunity, row: Case) -> OpenCase:
    """The words of a case row, or in their place that it is damaged."""
    words = community.shown("discussion_case", "document", row.id, row.rev, row.epoch, row.document)
    if words is None:
        words = {
            "title": gettext("Damaged case"), "question": gettext(DAMAGED),
            "modality": "OT", "region": "body", "age_band": "",
        }  # fmt: skip
        return OpenCase(row, community, PLAIN | words, damaged=True)
    return OpenCase(row, community, PLAIN | words)


def about_of(found: Community, roots: Mapping[int, Secret]) -> dict[str, str]:
    """Name, department and location of a community.  Raises `vault.Tampered`."""
    text = keys.Text("community", found.id, found.about_epoch, roots[found.about_epoch])
    packed = text.open("community", "about", found.id, found.about_rev, found.about)
    return cast("dict[str, str]", json.loads(packed))
