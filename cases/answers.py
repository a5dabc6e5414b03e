"""Small things that routes share: reading a body in either form, answering in the asked form."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from quart import current_app, request

from cases.errors import RootMoved
from cases.views import PostView
from cases.vocabulary import AGE_BANDS, MODALITIES, REACTIONS, REGIONS, ROLES, STATUSES, URGENCIES
from portal.core.errors import Invalid, reading
from portal.core.language import gettext as _

LAST: Final = 2**63 - 1


async def body() -> Mapping[str, Any]:
    """What was sent, as JSON from our scripts or as a form from a page without them."""
    if not request.is_json:
        return await request.form
    sent = await request.get_json()
    if not isinstance(sent, dict):
        raise Invalid
    return sent


def whole(sent: object) -> int:
    """A change's number as somebody sent it, kept inside what a column holds; else `Invalid`."""
    with reading():
        return max(0, min(int(str(sent)), LAST))


async def post_html(post: PostView, *, closed: bool) -> str:
    """The one rendering of a post, for the page, the answer to a post and the changes."""
    return await fragment("cases/_post.html", post=post, closed=closed, words=words())


async def fragment(name: str, **values: Any) -> str:
    """
    A part of a page, without asking for what only a whole page shows (navigation, banners).

    A catch-up of two hundred posts would ask two hundred times.
    """
    return await current_app.jinja_env.get_template(name).render_async(**values)


def words() -> dict[str, Any]:
    """The closed lists in the reader's language."""
    return {
        "modality": {code: _(label) for code, label in MODALITIES.items()},
        "region": {code: _(label) for code, label in REGIONS.items()},
        "status": {code: _(label) for code, label in STATUSES.items()},
        "urgency": {code: _(label) for code, label in URGENCIES.items()},
        "role": {code: _(label) for code, label in ROLES.items()},
        "reaction": {code: _(label) for code, (_sign, label) in REACTIONS.items()},
        "age_pairs": [(band, band) for band in AGE_BANDS],
    }


def day_of(dicom: str) -> date | None:
    """A DICOM date (`YYYYMMDD`, PS3.5 6.2) as a day; None when it is none."""
    try:
        return datetime.strptime(dicom, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


P = ParamSpec("P")
T = TypeVar("T")


def steady(look: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Whatever reads several rows: when the root changes in between, it looks once more."""

    @wraps(look)
    async def again(*args: P.args, **values: P.kwargs) -> T:
        try:
            return await look(*args, **values)
        except RootMoved:
            return await look(*args, **values)

    return again
