"""Hints on their way to sockets: each after a look at sessions that began later than the hint."""

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest

from portal import keys
from portal.core.actor import AccountId, Actor
from portal.core.settings import Settings
from realtime import Live, create_server
from realtime.connections import Connection


class Desk:
    """A server with one socket; looks at sessions take as long as the test wants."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.live: Live = create_server(settings, self._nobody)
        self.reader = AccountId(uuid4())
        self.live.connections.add(Connection("sid", self.reader, b"session"))
        self.looks: list[int] = []
        """How many hints had been sent when each look at the sessions began."""
        self.sent: list[int] = []
        self.told: list[int] = []
        self.may_look = asyncio.Event()
        self.may_look.set()
        self.fails = False
        """The look under way does, and no other one."""
        monkeypatch.setattr(keys, "alive", self._alive)
        monkeypatch.setattr(self.live.sio, "emit", self._emit)

    async def _nobody(self, _cookie: str) -> Actor | None:
        return None

    async def _alive(self, sessions: Iterable[bytes]) -> frozenset[bytes]:
        self.looks.append(len(self.sent))
        await self.may_look.wait()
        if self.fails:
            self.fails = False
            raise OSError
        return frozenset(sessions)

    async def _emit(self, _name: str, payload: dict[str, int], **_to: Any) -> None:
        self.told.append(payload["seq"])

    def hint(self, seq: int) -> "asyncio.Task[None]":
        self.sent.append(seq)
        hint = {"name": "change", "payload": {"seq": seq}, "ending": False}
        return asyncio.create_task(self.live._deliver(hint, {self.reader}))


@pytest.fixture
def desk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(settings, monkeypatch)


async def test_hints_that_wait_share_one_later_look_and_keep_their_order(desk: Desk) -> None:
    desk.may_look.clear()
    first = desk.hint(1)
    await asyncio.sleep(0)
    others = [desk.hint(seq) for seq in (2, 3, 4)]
    await asyncio.sleep(0)
    assert desk.told == []

    desk.may_look.set()
    await asyncio.gather(first, *others)

    assert desk.told == [1, 2, 3, 4]
    assert desk.looks == [1, 4], "the second look began after the last of them"


async def test_two_equal_hints_are_both_told(desk: Desk) -> None:
    desk.may_look.clear()
    tasks = [desk.hint(7), desk.hint(7), desk.hint(7)]
    await asyncio.sleep(0)

    desk.may_look.set()
    await asyncio.gather(*tasks)

    assert desk.told == [7, 7, 7]


async def test_whoever_gives_up_takes_nobody_elses_hint_along(desk: Desk) -> None:
    desk.may_look.clear()
    first = desk.hint(1)
    await asyncio.sleep(0)
    second, third = desk.hint(2), desk.hint(3)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    second.cancel()  # it had taken the third one along
    await asyncio.sleep(0)

    desk.may_look.set()
    await third

    assert 3 in desk.told


async def test_a_look_that_fails_is_one_hints_fault_only(desk: Desk) -> None:
    desk.may_look.clear()
    first = desk.hint(1)
    await asyncio.sleep(0)
    second = desk.hint(2)
    await asyncio.sleep(0)
    desk.fails = True
    desk.may_look.set()
    with pytest.raises(OSError):
        await first
    await second

    assert desk.told == [2]
