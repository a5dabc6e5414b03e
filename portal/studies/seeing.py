"""What the log of a study's owner says of it: who opened it, and what became of it."""

from uuid import UUID

from portal import auditing, keys, vault
from portal.auditing import Act, Thing
from portal.core.actor import AccountId, Actor, Secret
from portal.core.errors import Unknown
from portal.studies.access import kept_study_for, live
from portal.studies.models import Study
from portal.studies.opening import OpenStudy
from portal.studies.summaries import opened_summary, shown_date, titled


async def seen(actor: Actor, study: OpenStudy, act: Act, through: str = "") -> None:
    """
    The owner reads that the actor opened it, *through* a community if it has a name here.

    Call before what is opened is sent.  Raises `Unknown` when it is gone.
    """

    async def describe() -> Thing:
        row = await live().get_or_none(id=study.id)
        if row is None:
            raise Unknown
        return Thing(AccountId(row.owner), "study", _title(row, study.key), through)

    await auditing.opened(actor, act, study.id, describe)


async def done(
    actor: Actor, study_id: UUID, act: Act, key: Secret | None = None, through: str = ""
) -> None:
    """
    The owner, who is the actor, reads what they did; joins the caller's transaction.

    Its *key*, where somebody has it, saves a question.  Raises `Unknown` when it is gone.
    """
    row = await kept_study_for(actor, study_id)
    opened = key or (await keys.open_study_keys(actor, [study_id])).get(study_id)
    thing = Thing(actor.id, "study", _title(row, opened), through)
    await auditing.happened(actor, act, study_id, thing)


def _title(row: Study, key: Secret | None) -> str:
    """The examination in a few words and its day; empty when nothing says them."""
    try:
        if key is None or row.summary is None:
            return ""
        facts = opened_summary(row.id, key, row.summary)
    except vault.Tampered:  # lists say so; the log says that it was opened
        return ""
    day = shown_date(str(facts.get("date", "")))
    return ", ".join(each for each in (titled(facts), day) if each)
