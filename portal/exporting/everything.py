"""
Everything of an account as one archive: its files, what it wrote, who can see it, and a page.

The same account in the same state gives the same archive, so it goes on where it was interrupted:
nothing in it says when it was made, or who is signed in at the moment.
"""

import asyncio
import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from quart import current_app

from portal import documents, records, studies, vault
from portal.core.actor import Actor
from portal.core.language import language
from portal.exporting import contents
from portal.exporting.account import Account, account_of
from portal.exporting.archive import Known, of_bytes
from portal.exporting.contents import Contents, as_json
from portal.exporting.planning import planned
from portal.exporting.plans import Plan
from portal.exporting.zipping import Entry

PAGE: Final = "index.html"
STYLE: Final = Path(__file__).with_name("index.css").read_text()
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
"""Of the page, wherever it is opened: nothing runs, nothing is loaded."""
DATA: Final = {
    "profile": "Data/profile.json",
    "cases": "Data/cases.json",
    "access": "Data/access.json",
}


async def everything(
    shelf: studies.Shelf, actor: Actor, known: Known, line: int | None = None
) -> Plan:
    """The archive of all that is the actor's, their log up to *line* if given.  Raises `Busy`."""
    account = await account_of(actor, line)
    listed = await studies.my_documents(shelf, actor)
    titles = {each.study.id: each.study.title for each in listed if each.study}
    wanted = [*listed, *(studies.Entry(None, (), each) for each in await records.mine(actor))]

    async def front(told: Contents) -> list[Entry]:
        page = await _page(told, account, titles)
        # Under the root, so that nobody can work out the archive's tag (see the routes).
        mark = vault.mac(vault.sub_key(actor.root, "export"), page.encode())
        rest = await asyncio.to_thread(_packed, told, account, titles)
        return [replace(of_bytes(PAGE, page.encode()), mark=mark), *rest]

    return await planned(shelf, actor, known, wanted, dicom=True, front=front)


def _packed(told: Contents, account: Account, titles: dict[UUID, str]) -> list[Entry]:
    said: dict[str, dict[str, Any]] = {
        "profile": account.profile_data(),
        "cases": account.cases_data(),
        "access": account.access_data(titles),
    }
    manifest = told.as_manifest({"language": language(), "page": PAGE, **DATA})
    return [
        of_bytes(contents.NAME, manifest),
        *(of_bytes(path, as_json(said[name])) for name, path in DATA.items()),
    ]


async def _page(told: Contents, account: Account, titles: dict[UUID, str]) -> str:
    """A page by itself: it needs no script, no portal and no network."""
    template = current_app.jinja_env.get_template("exporting/index.html")
    return await template.render_async(
        told=told,
        account=account,
        titles=titles,
        data=DATA,
        link=quote,
        language=language(),
        policy=POLICY,
        style=Markup("<style>{}</style>").format(Markup(STYLE)),  # noqa: S704 -- a file of ours
        shown_day=documents.shown_day,
    )
