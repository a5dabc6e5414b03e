"""STOW-RS (PS3.18 10.5): images come one after another and go the way of every upload."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal import edge, studies
from portal.core.actor import AccountId, Actor
from portal.core.errors import Busy, Full
from portal.dicomweb.errors import BadMessage
from portal.dicomweb.holdings import Service
from portal.dicomweb.parting import Begin, Content, Event, Parser
from portal.studies import parts
from viewer.dicom import Header, PoolFull

PATIENCE: Final = edge.Patience(start=10.0, slowest=16 * 1024, idle=30.0)
EACH: Final = 2
ALL: Final = 8
WAITING: Final = 16
"""Messages of one account, and of everybody, that are read at once; others wait a little."""
TURN: Final = 20.0
"""Seconds for a turn."""

DUPLICATE: Final = 0x0111
FULL: Final = 0xA700
ANOTHER_STUDY: Final = 0xA900
UNREADABLE: Final = 0xC000
NOT_NOW: Final = 0x0110
"""Reasons of failures (PS3.18 table 10.5.3, PS3.7 C.5, PS3.4 B.2.3)."""

TOO_LARGE: Final = (
    "Instances above 512 MiB, or 256 MiB in a frame, are not stored; please send smaller ones, "
    "such as a Concatenation of fewer frames each"
)
NO_ROOM: Final = "There is no room for some instances, please delete examinations and send again"
"""Warnings, which a program reads in English, as those of searches."""

_REASONS: Final = {
    "conflict": DUPLICATE,
    "conflict_lost": DUPLICATE,
    "other_study": ANOTHER_STUDY,
    "too_large": FULL,
    "memory": NOT_NOW,
    "crashed": NOT_NOW,
    "timeout": NOT_NOW,
}


@dataclass(slots=True)
class Report:
    """What became of the images of a message."""

    root: str
    stored: list[Header] = field(default_factory=list, repr=False)
    failed: list[tuple[Header | None, int]] = field(default_factory=list, repr=False)
    too_large: int = 0
    """How many of those that failed are larger than a file may be."""

    @property
    def status(self) -> int:
        """Of the whole answer (PS3.18 table 10.5.3-1)."""
        if not self.failed:
            return 200
        if self.stored:
            return 202
        if self.too_large == len(self.failed):
            return 413
        return 507 if {reason for _, reason in self.failed} == {FULL} else 409

    @property
    def warnings(self) -> list[str]:
        """What to do about those that failed, where something can be done."""
        full = sum(reason == FULL for _, reason in self.failed)
        found = [TOO_LARGE] if self.too_large else []
        return [*found, NO_ROOM] if full > self.too_large else found

    def as_json(self) -> dict[str, Any]:
        """The response module (PS3.18 10.5.3.1)."""
        known = [(header, why) for header, why in self.failed if header is not None]
        others = [why for header, why in self.failed if header is None]
        uids = {header.study_instance_uid for header in self.stored}
        found: dict[str, Any] = {}
        if len(uids) == 1:
            found["00081190"] = {"vr": "UR", "Value": [f"{self.root}/studies/{uids.pop()}"]}
        if known:
            found["00081198"] = _sequence([_named(each) | _failure(why) for each, why in known])
        if self.stored:
            listed = [_named(each) | self._address(each) for each in self.stored]
            found["00081199"] = _sequence(listed)
        if others:
            found["0008119A"] = _sequence([_failure(why) for why in others])
        return found

    def _address(self, header: Header) -> dict[str, Any]:
        address = (
            f"{self.root}/studies/{header.study_instance_uid}/series/{header.series_instance_uid}"
            f"/instances/{header.sop_instance_uid}"
        )
        return {"00081190": {"vr": "UR", "Value": [address]}}


def _sequence(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def _named(header: Header) -> dict[str, Any]:
    return {
        "00081150": {"vr": "UI", "Value": [header.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [header.sop_instance_uid]},
    }


def _failure(reason: int) -> dict[str, Any]:
    return {"00081197": {"vr": "US", "Value": [reason]}}


class Storing:
    """Takes in one message; what is read of it and not kept yet is bounded."""

    def __init__(self, service: Service, actor: Actor, within: str) -> None:
        self._shelf, self._actor, self._within = service.shelf, actor, within
        self.report = Report(service.root)
        self._batch: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._part = bytearray()
        self._length = 0
        self._wanted = True
        self._growing: studies.Growing | None = None
        self._failed = 0

    async def take(self, body: AsyncIterator[bytes], boundary: str, length: int | None) -> Report:
        """
        Everything in *body*, which says that it has *length* bytes.

        Raises `BadMessage`, `Busy` and `edge.TooSlow`; what was complete before stays, and comes
        again without harm.
        """
        parser, came = Parser(boundary), 0
        try:
            async for chunk in body:
                came += len(chunk)
                for event in parser.feed(chunk):
                    await self._on(event)
            parser.close()
            if length is not None and came != length:
                raise BadMessage
            await self._keep()
        finally:
            await self._drop()
        return self.report

    async def _on(self, event: Event) -> None:
        if isinstance(event, Begin):
            self._wanted = event.plain and event.media == "application/dicom"
            self._part, self._length, self._failed = bytearray(), 0, 0
        elif isinstance(event, Content):
            await self._more(event.data)
        else:
            await self._end()

    async def _more(self, data: bytes) -> None:
        self._length += len(data)
        if not self._wanted or self._failed:
            return
        if self._length > parts.FILE:
            self._failed = FULL
            self.report.too_large += 1
            await self._drop()
            return
        self._part += data
        while len(self._part) > parts.PIECE and not self._failed:
            await self._set_aside(parts.PIECE)

    async def _set_aside(self, number: int) -> None:
        """The first bytes of a large file wait where they are sealed."""
        if self._growing is None:
            self._growing = studies.Growing(self._shelf, self._actor)
        try:
            await self._growing.add(bytes(self._part[:number]))
        except Full:
            self._failed = FULL
            await self._drop()
        del self._part[:number]

    async def _end(self) -> None:
        if not self._wanted or not self._length:
            self.report.failed.append((None, UNREADABLE))
        elif self._growing is not None and not self._failed:
            await self._set_aside(len(self._part))
            await self._keep_large()
        elif not self._failed:
            data = bytes(self._part)
            if self._batch and self._size + len(data) > parts.PART:
                await self._keep()
            self._batch.append((data, parts.fingerprint(parts.digests(data))))
            self._size += len(data)
            if len(self._batch) >= parts.RECORDS:
                await self._keep()
        if self._failed:
            self.report.failed.append((None, self._failed))
        self._part = bytearray()

    async def _keep(self) -> None:
        """File what has come, together."""
        files, self._batch, self._size = self._batch, [], 0
        if files:
            await self._file(files)

    async def _keep_large(self) -> None:
        if self._growing is None or self._failed:
            return
        async with self._growing.whole() as file:
            await self._file([file])
        await self._drop()

    async def _file(self, files: Sequence[tuple[studies.Bytes, bytes]]) -> None:
        try:
            outcome = await studies.keep_images(
                self._shelf, self._actor, files, within=self._within
            )
        except Full:
            self.report.failed += [(each, FULL) for each in await self._read(files)]
            return
        reasons = dict(outcome.refused)
        for number in range(len(files)):
            header = outcome.headers.get(number)
            if number in reasons:
                why = _REASONS.get(reasons[number], UNREADABLE)
                self.report.too_large += reasons[number] == "too_large"
                self.report.failed.append((header, why))
            elif header is not None:
                self.report.stored.append(header)

    async def _read(self, files: Sequence[tuple[studies.Bytes, bytes]]) -> list[Header | None]:
        """What those are that found no room."""
        try:
            found = await self._shelf.pool.inspect([data for data, _ in files])
        except PoolFull:
            raise Busy(retry_after=2) from None
        return [each if isinstance(each, Header) else None for each in found]

    async def _drop(self) -> None:
        growing, self._growing = self._growing, None
        if growing is not None:
            await growing.drop()


def turnstile() -> edge.Turnstile[AccountId]:
    """Whose message is read now."""
    return edge.Turnstile(each=EACH, all_=ALL, waiting=WAITING, patience=TURN)
