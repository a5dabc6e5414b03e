"""
T30: addresses carry no secrets.  They lie about in histories, logs of proxies and other people's
mails, so every link, form and redirect of every page is looked at, and every mail.

Links in mails are the documented exception: their tokens are random, digested in the database,
and good once or for a day.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from quart import Response

from portal import mailing
from portal.core.web import cookie_name
from tests.accounts.stories import CODE, ERIKA, text_of
from tests.accounts.test_entering import enters
from tests.people import PASSWORD, Browser, World
from tests.proof.stage import Words, set_up

NAMING: Final = frozenset({"href", "action", "formaction", "src", "data-mail", "content"})
MAILED: Final = re.compile(r"^/(activate|[a-z-]+(?:/[a-z-]+)*)/[\w-]{20,}$")
MOST: Final = 150
"""Pages that one person looks at; the demo has fewer of a kind than this."""


class _Links(HTMLParser):
    """Every address that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.pages: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in NAMING and (name != "content" or value.startswith(("/", "http"))):
                self.found.add(value)
                if tag == "a" and value.startswith("/"):
                    self.pages.add(value.partition("#")[0])


async def addresses_seen_by(browser: Browser, start: tuple[str, ...]) -> set[str]:
    """Whatever pages that one person can reach by links name, and where they redirect to."""
    waiting, named = list(start), set(start)
    seen = set(start) | {"/demo/mailbox"}  # which shows the mails themselves, and in a demo only
    while waiting and len(seen) < MOST:
        answer: Response = await browser.get(waiting.pop(0))
        named.add(answer.headers.get("Location", "/"))
        further = {answer.headers["Location"]} if "Location" in answer.headers else set[str]()
        if answer.mimetype == "text/html":
            links = _Links()
            links.feed(await text_of(answer))
            named |= links.found
            further |= links.pages
        fresh = sorted(each for each in further - seen if each.startswith("/"))
        waiting += fresh
        seen.update(fresh)
    return named


def components(address: str) -> Iterator[str]:
    """What a path and a query are made of, decoded."""
    parts = urlsplit(address)
    yield from (unquote(each) for each in parts.path.split("/") if each)
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        yield name
        yield value
        if value.startswith("/"):
            yield from components(value)


@pytest.mark.one_engine
async def test_no_address_of_any_page_and_no_mail_carries_a_secret(world: World) -> None:
    stage = await set_up(world, Words())
    newcomer = await enters(world)
    page = await text_of(await newcomer.post("/activation/pass"))
    code = CODE.search(page)
    assert code
    browsers = [stage.browsers[name] for name in ("stranger", "patient", "owner", "author")]
    cookies = [each.cookie(cookie_name(world.settings)) for each in [*browsers, newcomer]]
    codes = [code.group(), *(person.code for person in stage.people.values())]
    secrets = {
        PASSWORD,
        *codes,
        *(each.replace("-", "") for each in codes),
        *(each for each in cookies if each),
        *(each.csrf for each in [*browsers, newcomer] if each.csrf),
        *(person.mail for person in stage.people.values()),
        *(person.name for person in stage.people.values()),
        ERIKA["mail"],
        stage.words.patient, stage.words.patient_id, stage.words.title, stage.words.post,
    }  # fmt: skip

    named: set[str] = set()
    start = ("/", "/documents", "/upload", "/communities", "/profile", "/help", "/sign-in")
    for browser in [*browsers, newcomer]:
        named |= await addresses_seen_by(browser, start)
    mails = await mailing.newest(200)
    told = {each for mail in mails for each in re.findall(r"https?://\S+", mail.text)}

    assert len(named) > 60
    assert told
    for address in named | told:
        carried = set(components(address))
        assert not carried & secrets, address
        assert not any(len(each) > 8 and each in address for each in secrets), address
    tokens = {urlsplit(each).path for each in told} - {"", "/"}
    long = {path for path in tokens if any(len(each) >= 20 for each in path.split("/"))}
    assert all(MAILED.match(path) for path in long)
    assert not long & {urlsplit(each).path for each in named}, "no page repeats a mailed token"
