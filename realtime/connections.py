"""Who is connected to this process, and on which session."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from portal.core.actor import AccountId


@dataclass(frozen=True, slots=True)
class Connection:
    """One open socket: an account and the session it came with, but no key."""

    sid: str
    account: AccountId
    session: bytes = field(repr=False)


class Connections:
    """The open sockets of this process."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_account: defaultdict[AccountId, set[Connection]] = defaultdict(set)

    def add(self, connection: Connection) -> None:
        """Remember an accepted socket, once."""
        self.drop(connection.sid)
        self._by_sid[connection.sid] = connection
        self._by_account[connection.account].add(connection)

    def drop(self, sid: str) -> Connection | None:
        """Forget a socket that has closed, and say whose it was."""
        connection = self._by_sid.pop(sid, None)
        if connection is not None:
            mine = self._by_account[connection.account]
            mine.discard(connection)
            if not mine:
                del self._by_account[connection.account]
        return connection

    def get(self, sid: str) -> Connection | None:
        """The socket of that id, if it is still open."""
        return self._by_sid.get(sid)

    def all(self) -> list[Connection]:
        """Every open socket."""
        return list(self._by_sid.values())

    def of(self, accounts: Collection[AccountId]) -> list[Connection]:
        """The open sockets of these accounts."""
        if len(accounts) > len(self._by_account):
            accounts = self._by_account.keys() & set(accounts)
        return [each for account in accounts for each in self._by_account.get(account, ())]


def cookie_of(environ: Mapping[str, Any], name: str) -> str:
    """The cookie *name* that a hand-shake brought along; empty without one."""
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""
