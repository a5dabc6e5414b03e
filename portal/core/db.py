"""The database: connections per application, one unit of work at a time, notices after it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from tortoise import context as tortoise_context
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError
from tortoise.transactions import in_transaction

from portal.core import events

APP: Final = "hds"
"""The one label under which Tortoise knows all models and their one migration history."""


def now() -> datetime:
    """The time, aware and in UTC, to the microsecond."""
    return datetime.now(UTC)


def orm_config(url: str, models: Sequence[str]) -> dict[str, Any]:
    """What Tortoise and its migration tool want to know."""
    app = {"models": list(models), "default_connection": "default", "migrations": "migrations"}
    return {
        "connections": {"default": url},
        "apps": {APP: app},
        "use_tz": True,
        "timezone": "UTC",
    }


class Database:
    """
    The open connections of one application.

    Tortoise keeps them in a context variable of the task that opened them; requests, sockets and
    background work run in other tasks, so each enters `current()` first.
    """

    def __init__(self, url: str, models: Sequence[str]) -> None:
        self._config = orm_config(url, models)
        self._context: TortoiseContext | None = None

    async def open(self) -> None:
        """Connect; the schema must be there already (`python -m portal migrate`)."""
        self._context = context = TortoiseContext()
        try:
            with context:
                await context.init(config=self._config)
                # Now, not in the first request, which may be given up half-way through connecting.
                await context.connections.get("default").execute_query("SELECT 1")
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Give all back; Tortoise would connect anew, and never close, for queries begun before."""
        if self._context is not None:
            for each in self._context.connections.all():
                each.create_connection = _refuse  # type: ignore[method-assign, assignment]
            with self.current():
                await self._context.close_connections()
            self._context = None

    @contextmanager
    def current(self) -> Iterator[None]:
        """Let queries inside the block use these connections (or the ambient ones while closed)."""
        if self._context is None:
            yield
            return
        token = tortoise_context._current_context.set(self._context)  # noqa: SLF001 -- no public way to enter twice
        try:
            yield
        finally:
            tortoise_context._current_context.reset(token)  # noqa: SLF001


async def _refuse(**_options: object) -> NoReturn:
    raise DBConnectionError("the database is closed")


_announced: ContextVar[list[object] | None] = ContextVar("announced", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """
    One unit of work.  Everything inside commits together, and only then is anyone told.

    Nesting joins the outer unit, so a service may call another without caring who is first.
    Where two requests could race, the first statement is an UPDATE of the row that orders them:
    it locks the row on PostgreSQL and the file on SQLite.
    """
    if _announced.get() is not None:
        yield
        return

    announced: list[object] = []
    token, refused = _announced.set(announced), True
    try:
        async with _unit():
            yield
            refused = False
    except Exception:
        refused = True
        raise
    finally:  # whoever leaves at the commit may have written: told in vain is better than not told
        _announced.reset(token)
        if announced and not refused:
            await events.deliver(announced)


@asynccontextmanager
async def _unit() -> AsyncIterator[None]:
    """
    Tortoise's own transaction, given back also when it is cancelled while it begins.

    Tortoise takes the connection first and begins then; a visitor who goes away in between would
    leave SQLite's only connection taken for ever.
    """
    unit = in_transaction()
    try:
        await unit.__aenter__()
    except BaseException as fault:
        if hasattr(unit, "token"):  # the mark that the connection was taken
            with suppress(Exception):
                await unit.__aexit__(type(fault), fault, fault.__traceback__)
        raise
    async with AsyncExitStack() as stack:
        stack.push_async_exit(unit)
        yield


def announce(event: object) -> None:
    """Tell listeners about *event* once the surrounding transaction has committed."""
    announced = _announced.get()
    if announced is None:
        raise RuntimeError("announce() needs a surrounding transaction()")
    announced.append(event)
