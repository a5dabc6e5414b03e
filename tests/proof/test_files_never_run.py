"""T35: of whatever kind a file is, a browser runs nothing of it and asks nobody else for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Error, Page, Request
from quart import Quart

from portal import documents, studies
from portal.core.settings import Settings
from tests.browser import browsing
from tests.people import Person, World
from tests.studies.upload_page import Slices, signed_in
from tests.viewer.dicom.telling import item, structured
from tests.viewer.pdf.making import encapsulated, pdf
from tests.viewer.photos.making import photo

pytestmark = pytest.mark.one_engine

SCRIPT: Final = (
    "<script>hit();fetch('/ran');new Image().src='//evil.test/x'</script>"
    "<img src=//evil.test/y onerror=hit()><svg onload=hit()>"
)
ACTIVE: Final = (
    "/OpenAction << /S /JavaScript /JS (app.launchURL\\('http://evil.test/'\\)) >> "
    "/AA << /O << /S /URI /URI (http://evil.test/z) >> >>"
)


def _page() -> bytes:
    return f"<!doctype html><html>{SCRIPT}</html>".encode()


def files(slices: Slices) -> dict[str, bytes]:
    """One of every kind that is taken, with something in it that would like to run."""
    begins = bytearray(
        slices(1, PatientName="<svg/onload=hit()>^Erika", StudyDescription=SCRIPT[:64])[0]
    )
    begins[:128] = (b"<html><script>hit()</script><!--" + bytes(128))[:128]
    html = {"MIMETypeOfEncapsulatedDocument": "text/html", "DocumentTitle": SCRIPT[:60]}
    xml = {"MIMETypeOfEncapsulatedDocument": "text/XML", "SeriesDescription": "CDA"}
    told = item("TEXT", "Finding", TextValue=SCRIPT, code="222")
    noted = photo("JPEG")
    return {
        "DICOM that begins as a page": bytes(begins),
        "page in DICOM": encapsulated(_page(), **html),
        "XML in DICOM": encapsulated(b"<?xml version='1.0'?><x>" + _page() + b"</x>", **xml),
        "PDF with JavaScript in DICOM": encapsulated(pdf(catalog=ACTIVE)),
        "report": structured([told]),
        "PDF with JavaScript": pdf(["Befund"], catalog=ACTIVE),
        "PDF and page": pdf([SCRIPT[:40]]) + _page(),
        "JPEG that says a page": noted[:2] + b"\xff\xfe" + _comment(_page()) + noted[2:],
        "PNG that says a page": photo("PNG", xmp=_page()),
        "WebP that says a page": photo("WEBP", xmp=_page()),
    }


def _comment(text: bytes) -> bytes:
    return (len(text) + 2).to_bytes(2, "big") + text


@dataclass
class Watch:
    """A browser in which Erika is signed in, and what went wrong in it."""

    page: Page
    server: str
    ran: list[str] = field(default_factory=list)

    def asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        here = f"{url.scheme}://{url.netloc}" == self.server
        if url.scheme in {"http", "https", "ws", "wss"} and (not here or url.path == "/ran"):
            self.ran.append(f"{request.url} from {self.page.url}")

    async def sees(self, path: str) -> None:
        """As its owner, and as whoever was led to the bare address."""
        try:
            await self.page.goto(f"{self.server}{path}")
        except Error as error:
            if "Download is starting" not in str(error) and "ERR_ABORTED" not in str(error):
                raise
        await asyncio.sleep(0.05)


@pytest.fixture
async def erika(world: World) -> Person:
    return await world.patient("Erika Beispiel")


@pytest.fixture
async def watch(erika: Person, settings: Settings, server: str) -> AsyncIterator[Watch]:
    async with browsing() as browser:
        context = await browser.new_context()
        await signed_in(context, erika, settings, server)
        watch = Watch(await context.new_page(), server)
        hit = lambda: watch.ran.append(f"script on {watch.page.url}")  # noqa: E731
        await context.expose_function("hit", hit)
        watch.page.on("dialog", lambda dialog: watch.ran.append(f"dialog {dialog.message}"))
        context.on("request", watch.asked)
        yield watch
        await context.close()


async def test_no_file_runs_in_a_browser_and_none_calls_out(
    erika: Person, app: Quart, slices: Slices, watch: Watch
) -> None:
    """Its pages, its pictures, and itself: opened, framed, as an image, as a script, as a style."""
    shelf: studies.Shelf = app.extensions["hds"]["shelf"]
    sent = files(slices)
    outcome = await studies.keep_files(shelf, erika.actor, list(sent.values()))
    assert (outcome.refused, outcome.duplicates) == ([], [])

    paths = [path async for path in _paths(shelf, erika, outcome)]
    originals = [path for path in paths if path.endswith("/original")]
    assert len(originals) >= len(sent)
    for path in paths:
        await watch.sees(path)
    await watch.sees("/documents")
    await watch.page.evaluate(EMBED, originals)
    await asyncio.sleep(1)

    assert watch.ran == []


EMBED: Final = """(paths) => {
  for (const path of paths) {
    for (const [kind, name] of [["iframe", "src"], ["object", "data"], ["embed", "src"],
                                ["img", "src"], ["script", "src"]]) {
      const made = document.createElement(kind);
      try {
        made[name] = path;
      } catch {
        continue; // our own pages may not even say where a script or an object lies
      }
      document.body.append(made);
    }
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = path;
    document.head.append(style);
  }
}"""


async def _paths(
    shelf: studies.Shelf, person: Person, outcome: studies.Outcome
) -> AsyncIterator[str]:
    """Every address at which something of the files can be had."""
    for each in await documents.mine(person.actor):
        for more in ("", "/pages/1", "/preview", "/original"):
            yield f"/d/{each.id}{more}"
    for study in outcome.studies:
        assert await shelf.preparing.done(study, 60.0)
        yield f"/v/{study}"
        opened = await studies.open_own(shelf, person.actor, study)
        for series in (await opened.manifest())["series"]:
            for each in series["instances"]:
                base = f"/v/{study}/i/{UUID(each['id'])}"
                for more in ("/original", "/preview", "/document", "/document/pages/1",
                             "/document/original", "/report"):  # fmt: skip
                    yield base + more
