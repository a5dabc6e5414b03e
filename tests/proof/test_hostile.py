"""Bad input at every address: markup is text wherever it is shown, and nothing ends in a fault."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import pytest
from quart import Quart

from portal import accounts
from tests.people import Browser, World
from tests.proof.rights import RIGHTS, cells
from tests.proof.stage import Stage, Words, set_up, text_of

SCRIPT: Final = "'\"><img src=x onerror=alert(1)>"
JSON: Final = {"Accept": "application/json"}
HTML: Final = {"Accept": "text/html"}

TEXTS: Final = (
    "", "\0", "a\0b", "x" * 70_000, "-1", "9" * 30, "9" * 5000, "1e999", "NaN", "[]",
    "\ud800", "\u202e\u0007", "'; DROP TABLE post; --", "{{ 7 * 7 }}", "%(most)s %s", "../../keys",
    "00000000-0000-0000-0000-000000000000", SCRIPT,
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (None, 0, -1, 2**70, 1.5, True, [], {}, [[]], {"a": None}, *TEXTS)
BODIES: Final = (
    b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}", b"\xff\xfe", b"[" * 50_000, b'{"client": NaN}',
    b'{"a":' * 50_000, b'{"seq": 1e999, "rev": 1e999}',
    b'{"client_id": "\\ud800", "text": "\\ud800", "title": "\\ud800"}',
)  # fmt: skip
NAMES: Final = (
    "mail", "name", "password", "present", "birth_date", "sex", "kind", "language", "theme", "next",
    "ticket", "code", "title", "question", "modality", "region", "age_band", "client_id", "client",
    "studies", "text", "rev", "reply_to", "pin", "seq", "on", "role", "account", "department",
    "location", "q", "add", "page", "in", "fingerprints", "confirmed", "specialty", "place",
    "label", "documents", "instances", "practice", "licence", "languages", "away_from",
    "away_until", "deputy", "deputy_name", "findable", "act", "p-person", "p-born", "p-weight",
    "l-0-kind", "l-0-id", "l-0-substance", "l-0-dosage", "l-0-heading", "l-0-gone",
)  # fmt: skip
QUERIES: Final = (
    "since", "before", "after", "q", "status", "modality", "region", "study", "pane", "series",
    "at", "res", "manifest", "w", "next", "kind", "page", "from", "zoom", "form",
)  # fmt: skip
SENT: Final = (
    {"Range": "bytes=-"}, {"Range": "bytes=5-1"}, {"Range": "bytes=0-99999999999999999999"},
    {"Range": "bytes=-99999999999999999999"}, {"Range": "bytes=0-1,3-4"}, {"Range": "lines=1-2"},
    {"Accept-Language": "x" * 3000}, {"Accept": "*/*;q=x"}, {"Accept-Encoding": "br"},
    {"Cookie": "hds=\xff; language=<script>; theme='"}, {"Cookie": f"hds={'A' * 64}"},
    {"If-None-Match": '"' * 100}, {"If-Modified-Since": "yesterday"}, {"X-Forwarded-For": "\0"},
    {"Content-Type": "multipart/form-data"}, {"Content-Type": "application/json; charset=x"},
)  # fmt: skip


@pytest.fixture
async def stage(world: World, request: pytest.FixtureRequest) -> Stage:
    return await set_up(world, getattr(request, "param", None))


MARKED: Final = Words(
    patient=f"Erika{SCRIPT}",
    patient_id=SCRIPT,
    description=f"CT{SCRIPT}",
    community=f"Board{SCRIPT}",
    title=f"Title{SCRIPT}",
    question=f"Question{SCRIPT}",
    thread=f"Thread{SCRIPT}",
    post=f"Effusion {SCRIPT} {SCRIPT}",
    drawn=f"</script>{SCRIPT}",
    medicine=f"Pill{SCRIPT}",
)


@pytest.mark.one_engine
@pytest.mark.parametrize("stage", [MARKED], indirect=True, ids=["marked"])
async def test_markup_is_text_on_every_page_that_shows_it(stage: Stage, app: Quart) -> None:
    profile = {"name": f"Dr. {SCRIPT}", "birth_date": "17.05.1970", "sex": "O", "rev": "1"}
    profile |= {"specialty": SCRIPT, "place": SCRIPT, "findable": "on", "licence": SCRIPT}
    profile |= {"title": SCRIPT, "practice": SCRIPT, "agreed": "yes"}
    for name in ("author", "owner", "patient"):
        saved = await stage.browsers[name].post("/profile", form=profile)
        assert saved.status_code == 303, await text_of(saved)
        if name != "patient":
            await accounts.confirm(stage.people[name].actor.id, accounts.OPERATOR)
    shown = 0
    for path in pages(stage, app):
        for name in ("author", "owner", "invited", "patient"):
            answer = await stage.browsers[name].get(path)
            if answer.mimetype not in {"text/html", "application/json"}:
                continue
            page = await text_of(answer)
            assert "<img src=x" not in page, f"{path} as {name}"
            shown += "onerror" in page
    assert shown > 20, "these pages show nothing"

    manifest = await stage.browsers["author"].get(f"/v/{stage.ids['study_id']}/open")
    assert manifest.content_type == "application/octet-stream"


def pages(stage: Stage, app: Quart) -> Iterator[str]:
    """Every address that can be read, and the ones that show what was looked for."""
    ids = stage.ids | {"filename": "none"}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and rule.endpoint != "viewer.low":
            values = {name: ids[name] for name in rule.arguments}
            yield app.url_map.bind("portal.test").build(rule.endpoint, values)
    marked = quote(SCRIPT)
    yield f"/communities/{ids['community']}/members?q={marked}"
    yield f"/communities/{ids['community']}?status={marked}&modality={marked}"
    yield f"/sign-in?next={marked}"
    yield f"/cases/{ids['case']}?pane={marked}"
    yield f"/no-such-page/{marked}"


@pytest.mark.one_engine
@pytest.mark.parametrize("stage", [MARKED], indirect=True, ids=["marked"])
async def test_markup_that_was_typed_into_a_form_comes_back_as_text(
    stage: Stage, app: Quart
) -> None:
    echoed = 0
    for endpoint, method in cells(app):
        if method == "GET" or endpoint == "accounts.sign_out":
            continue
        for part in ({}, {"X-HDS-Part": "results"}):
            form = dict.fromkeys(NAMES, SCRIPT) | {"page": "1", "in": "", "q": "effusion"}
            answer = await stage.browsers["author"].request(
                path_of(app, endpoint, method, stage.ids), method=method, form=form,
                headers=HTML | part,
            )  # fmt: skip
            page = await text_of(answer)
            assert "<img src=x" not in page, endpoint
            echoed += "onerror" in page
    assert echoed > 5, "no form shows what was typed"


def path_of(app: Quart, endpoint: str, method: str, ids: dict[str, str]) -> str:
    rule = next(app.url_map.iter_rules(endpoint))
    values = {name: (ids | {"filename": "none"})[name] for name in rule.arguments}
    return app.url_map.bind("portal.test").build(endpoint, values, method=method)


@pytest.mark.one_engine
async def test_no_address_and_no_header_ends_in_a_fault(stage: Stage, app: Quart) -> None:
    browser, faults = stage.browsers["author"], []
    asked = [(path, HTML) for path in hostile_paths(app, stage)]
    asked += [(path, HTML | sent) for path in known_paths(app, stage) for sent in SENT]
    for path, headers in asked:
        answer = await browser.get(path, headers=headers)
        await answer.get_data()
        if answer.status_code >= 500:
            faults.append(f"{path[:80]} {headers}")
    assert not faults, "\n".join(faults)


def known_paths(app: Quart, stage: Stage) -> list[str]:
    return [path_of(app, endpoint, how, stage.ids) for endpoint, how in cells(app) if how == "GET"]


def hostile_paths(app: Quart, stage: Stage) -> Iterator[str]:
    """Hostile values at every place of every address, and in every query."""
    values = [quote(text, errors="surrogatepass", safe="") for text in TEXTS]
    for rule in app.url_map.iter_rules():
        for name in rule.arguments:
            ids = dict.fromkeys(rule.arguments, "0") | stage.ids | {"filename": "x", name: "HERE"}
            parts = [ids[part] if dynamic else part for dynamic, part in rule._trace]
            path = "".join(parts).removeprefix("|")
            yield from (path.replace("HERE", value) for value in values)
    for path in known_paths(app, stage):
        for value in values:
            if len(value) < 60_000:
                yield f"{path}?{'&'.join(f'{name}={value}' for name in QUERIES)}"


@pytest.mark.one_engine
async def test_no_form_and_no_json_ends_in_a_fault(stage: Stage, app: Quart) -> None:
    browser, faults = stage.browsers["author"], []
    for endpoint, method in cells(app):
        if method == "GET" or endpoint == "accounts.sign_out":
            continue
        path = path_of(app, endpoint, method, stage.ids)
        for kind, sent in hostile_bodies(stage, endpoint):
            if await ends_in_a_fault(browser, path, method, sent):
                faults.append(f"{method} {endpoint}: {kind}")
    for path in known_paths(app, stage):
        answer = await browser.get(path, headers=HTML)
        assert answer.status_code < 500, f"{path} cannot be shown any more"
    assert not faults, "\n".join(faults)


async def ends_in_a_fault(browser: Browser, path: str, method: str, sent: dict[str, Any]) -> bool:
    headers = JSON | sent.pop("headers", {})
    answer = await browser.request(path, method=method, headers=headers, **sent)
    return answer.status_code >= 500


def hostile_bodies(stage: Stage, endpoint: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything hostile at once, each right field made wrong by itself, and broken bodies."""
    for value in TEXTS:
        yield f"all {value[:20]!r}", {"form": dict.fromkeys(NAMES, urlsafe(value))}
    for body in BODIES:
        as_json = {"Content-Type": "application/json"}
        yield f"body {body[:20]!r}", {"data": body, "headers": as_json}
        yield f"form {body[:20]!r}", {"data": body}
    right = RIGHTS[endpoint].sends(stage)
    for way in ("form", "json"):
        for name in right.get(way, {}):
            for value in VALUES:
                wrong = {"client_id": str(uuid4()), **right[way], name: value}
                yield f"{name}={str(value)[:20]!r}", {"json": wrong}


def urlsafe(value: str) -> str:
    """Forms cannot carry half a surrogate pair."""
    return value.encode(errors="replace").decode()


async def test_half_a_character_is_refused_and_the_page_stays_whole(world: World) -> None:
    """Stored once, no page could ever be written again that shows it."""
    ada = await world.physician("Ada Ahrens")
    case = await ada.opens("Nodule", in_=await ada.founds("Chest"))
    path = f"/threads/{await ada.first_thread(case)}/posts"
    sent = {"client_id": str(uuid4()), "text": "half \ud800 a pair"}

    refused = await ada.browser.post(path, json=sent, headers=JSON)
    whole = await ada.browser.post(path, json=sent | {"text": "a pair: \U0001f44d"}, headers=JSON)

    assert (refused.status_code, whole.status_code) == (422, 201)
    assert "a pair: \U0001f44d" in await ada.reads(case)


async def test_numbers_beyond_every_column_are_only_large(world: World) -> None:
    ada = await world.physician("Ada Ahrens")
    case = await ada.opens("Nodule", in_=await ada.founds("Chest"))
    thread, most = await ada.first_thread(case), "9" * 30
    await ada.posts("One", on=case)

    nothing_new = await ada.browser.get(f"/cases/{case}/changes?since={most}", headers=JSON)
    before_it = await ada.browser.get(f"/threads/{thread}/posts?before={most}", headers=JSON)
    seen = await ada.browser.post(f"/threads/{thread}/read", json={"seq": int(most)}, headers=JSON)

    assert (await nothing_new.get_json())["changes"] == []
    assert "One" in (await before_it.get_json())["html"]
    assert seen.status_code == 204
