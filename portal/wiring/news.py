"""What rooms have to tell that do not know the notices becomes a notice."""

from collections.abc import Iterator
from contextlib import contextmanager

from portal import accounts, notices, owing, studies


@contextmanager
def listening_for_news() -> Iterator[None]:
    """Owners are told while the portal runs; what was not told when it ended is told later."""

    async def prepared(event: studies.StudyPrepared) -> None:
        await notices.tell(notices.News([event.owner], "prepared", event.study))

    async def changed(event: accounts.SafetyChanged) -> None:
        await notices.tell(notices.News([event.account_id], event.what, event.account_id))

    with (
        owing.paying(studies.StudyPrepared, prepared),
        owing.paying(accounts.SafetyChanged, changed),
    ):
        yield
