"""What rooms announce that do not know the notices becomes a notice."""

from collections.abc import Iterator
from contextlib import contextmanager

from portal import accounts, notices, studies
from portal.core.events import listening


@contextmanager
def listening_for_news() -> Iterator[None]:
    """Tell owners inside while the portal runs."""

    async def prepared(event: studies.StudyPrepared) -> None:
        await notices.tell(notices.News([event.owner], "prepared", event.study))

    async def changed(event: accounts.SafetyChanged) -> None:
        await notices.tell(notices.News([event.account_id], event.what, event.account_id))

    with listening(studies.StudyPrepared, prepared), listening(accounts.SafetyChanged, changed):
        yield
