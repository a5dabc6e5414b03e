"""Equality without reading: keyed marks of UIDs and contents, under the owner's root."""

from typing import Self
from uuid import UUID

from portal import keys, vault
from portal.core.actor import Actor, Secret


class Marks:
    """What two equal things of one account have in common in the database, and nobody else's."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    @classmethod
    async def of(cls, actor: Actor) -> Self:
        """The marks of the actor's account; they outlive a change of its root."""
        return cls(await keys.blind_key(actor))

    def study(self, uid: str) -> str:
        """The mark of a StudyInstanceUID."""
        return self._mark("study", "uid_mark", uid.encode())

    def sop(self, study: UUID, uid: str) -> str:
        """The mark of a SOPInstanceUID within a study."""
        return self._mark("study_instance", "sop_mark", study.bytes + uid.encode())

    def content(self, fingerprint: bytes) -> str:
        """The mark of a file's content (`parts.fingerprint`)."""
        return self._mark("study_instance", "digest_mark", fingerprint)

    def part(self, upload: UUID, number: int, digest: bytes) -> str:
        """The mark of a part's body."""
        value = upload.bytes + number.to_bytes(8, "big") + digest
        return self._mark("upload_part", "digest_mark", value)

    def piece(self, total: int, place: int, digest: bytes) -> str:
        """The mark of one piece of a large file of *total* bytes, at its *place*."""
        value = total.to_bytes(8, "big") + place.to_bytes(8, "big") + digest
        return self._mark("upload_piece", "digest_mark", value)

    def _mark(self, table: str, column: str, value: bytes) -> str:
        return vault.blind_mark(self._key, table, column, value).hex()
