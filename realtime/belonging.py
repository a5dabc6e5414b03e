"""Which open sockets belong to somebody who has left a community, wherever that happened."""

from collections.abc import Collection, Mapping

import cases
from cases.ids import CommunityId
from portal.core.actor import AccountId
from realtime.connections import Connection

Communities = frozenset[CommunityId]


class Belonging:
    """
    The communities in which the accounts of the open sockets were last seen.

    Each socket is compared with what held when it came, so that one that came back after its
    account had left is let be.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Communities] = {}

    def meet(self, connection: Connection, communities: Communities) -> None:
        """It came while its account belonged to these."""
        self._seen[connection.sid] = communities

    def forget(self, sid: str) -> None:
        """It has closed."""
        self._seen.pop(sid, None)

    async def left(self, sockets: Collection[Connection]) -> Mapping[Connection, Communities]:
        """Those of *sockets* whose accounts have left communities since they came, and which."""
        if not sockets:
            return {}
        now = await cases.communities_of({each.account for each in sockets})
        gone = dict[Connection, Communities]()
        for each in sockets:
            before = self._seen.get(each.sid)
            if before is None:
                continue  # it has closed meanwhile
            present = now.get(each.account, frozenset())
            if lost := before - present:
                gone[each] = lost
            else:
                self._seen[each.sid] = present
        return gone


async def communities_of(account: AccountId) -> Communities:
    """The communities of one account."""
    return (await cases.communities_of({account})).get(account, frozenset())
