"""How people write plans and diaries: the forms as a browser without scripts has them."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from quart import Response

from tests.people import Browser


class _Fields(HTMLParser):
    """Every field of the form with its value."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._inside = False
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = "record-form" in (given.get("class") or "")
        if not self._inside:
            return
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.found[name] = value
        if tag == "textarea":
            self._area, self.found[name] = name, ""
        if tag == "select":
            self._select = name
            self.found[name] = ""
        if tag == "option" and "selected" in given:
            self.found[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.found[self._area] = self.found[self._area].removeprefix("\n")
            self._area = ""
        self._inside = self._inside and tag != "form"


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the plan or entry on *page*."""
    parser = _Fields()
    parser.feed(page)
    return parser.found


async def text_of(answer: Response) -> str:
    return str(await answer.get_data(as_text=True))


class Form:
    """The form of a plan or an entry in one window."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.browser = browser
        self.path = path
        self.fields: dict[str, str] = {}
        self.page = ""

    async def opens(self, query: str = "") -> "Form":
        answer = await self.browser.get(self.path + query)
        assert answer.status_code == 200
        return self._shows(await text_of(answer))

    def _shows(self, page: str) -> "Form":
        self.page, self.fields = page, fields_of(page)
        return self

    def types(self, **words: str) -> "Form":
        """`substance_0="Ramipril"` goes into the first line; `person="…"` into the head."""
        for where, value in words.items():
            name, _, line = where.rpartition("_")
            self.fields[f"l-{line}-{name}" if name else f"p-{line}"] = value
        return self

    def says(self, **words: str) -> "Form":
        """`text="…"` goes into the field of an entry that has this name."""
        self.fields |= {name.replace("__", "-"): value for name, value in words.items()}
        return self

    async def presses(self, act: str) -> "Form":
        answer = await self.browser.post(self.path, form=self.fields | {"act": act})
        assert answer.status_code == 200, await text_of(answer)
        return self._shows(await text_of(answer))

    async def sends(self) -> Response:
        return await self.browser.post(self.path, form=self.fields)

    async def saves(self) -> str:
        """The id of the plan."""
        answer = await self.sends()
        assert answer.status_code == 303, await text_of(answer)
        return str(answer.headers["Location"].partition("?")[0].rpartition("/")[2])

    async def fails(self, status: int) -> "Form":
        answer = await self.sends()
        assert answer.status_code == status
        return self._shows(await text_of(answer))

    @property
    def substances(self) -> list[str]:
        """Of the lines that are shown, in their order."""
        lines = sorted(int(each.split("-")[1]) for each in self.fields if each.endswith("-kind"))
        return [
            self.fields.get(f"l-{at}-substance", "")
            for at in lines
            if f"l-{at}-gone" not in self.fields
        ]


def words_on(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def writes_a_plan(browser: Browser, **words: Any) -> str:
    """A plan with one medicine: its id."""
    form = await Form(browser, "/plans/new").opens()
    return await form.types(**({"substance_0": "Ramipril", "morning_0": "1"} | words)).saves()


async def writes_an_entry(browser: Browser, when: str = "2026-03-12T08:30", **words: str) -> str:
    """An entry of the diary: the id of its month."""
    form = await Form(browser, "/diary/new").opens()
    return await form.says(when=when, **({"text": "Slept well"} | words)).saves()
