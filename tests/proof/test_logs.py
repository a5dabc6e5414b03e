"""T29: a log says where a fault is, and nothing of what was being handled."""

import asyncio
import io
import logging
from collections.abc import Iterator

import pytest
from quart import Quart

from portal import logs
from tests.people import World

PATIENT = "Beispiel, Erika"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the served process would write to standard error, at the most talkative."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.Discreet(logs.FORMAT))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


class NotReadable(Exception):
    """Stands for any library's error that quotes what it was given."""


def fails(_about: str = "") -> None:
    try:
        int(PATIENT)
    except ValueError as error:
        raise NotReadable(f"cannot read {PATIENT}") from error


@pytest.mark.one_engine
async def test_a_fault_in_a_page_is_found_without_its_words(
    app: Quart, world: World, log: io.StringIO
) -> None:
    async def broken(token: str) -> str:
        fails()
        return token

    app.view_functions["accounts.ask_activation"] = broken
    answer = await world.browser().get("/activate/secret-of-the-mail")

    assert answer.status_code == 500
    assert PATIENT not in await answer.get_data(as_text=True)
    said = log.getvalue()
    assert "fault in GET accounts.ask_activation" in said
    assert "NotReadable" in said
    assert "builtins.ValueError" in said
    assert "in fails" in said
    assert PATIENT not in said
    assert "secret-of-the-mail" not in said


async def test_a_task_that_nobody_waited_for_is_not_quoted(log: io.StringIO) -> None:
    async def forgotten() -> None:
        fails()

    task = asyncio.get_running_loop().create_task(forgotten(), name=PATIENT)
    await asyncio.wait([task])
    del task
    asyncio.get_running_loop().call_soon(fails, PATIENT)
    await asyncio.sleep(0.01)

    said = log.getvalue()
    assert "Task exception was never retrieved" in said
    assert "Exception in callback" in said
    assert "NotReadable" in said
    assert PATIENT not in said


def test_the_command_line_logs_like_this(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)

    logs.to_standard_error()

    assert [type(each.formatter) for each in root.handlers] == [logs.Discreet]
    assert root.getEffectiveLevel() == logging.INFO
    assert logging.getLogger("tortoise").getEffectiveLevel() == logging.WARNING
