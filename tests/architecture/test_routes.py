"""
Every address of the portal, walked: strangers reach what is public and nothing else, no write
starts on a foreign page, and every answer carries the headers that keep a browser safe.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from uuid import UUID

import pytest
from quart import Quart, Response
from werkzeug.routing import Rule

from portal.app import OPEN_ROOMS, PUBLIC, create_app
from portal.core.settings import Settings
from portal.notices.routes import FROM_ANYWHERE
from tests.people import Browser, World

NOBODY: Final = UUID(int=0)
VALUES: Final = {
    "UUIDConverter": NOBODY,
    "IntegerConverter": 1,
    "UnicodeConverter": "a",
    "PathConverter": "a/b",
}
READING: Final = {"GET", "HEAD", "OPTIONS"}
NOT_THERE: Final = {404, 410}
"""An upload that ended and one that never was are one answer: gone."""

JSON: Final[dict[str, str | None]] = {"Accept": "application/json"}

HEADERS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}
POLICY: Final = {
    "default-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "form-action": "'self'",
    "style-src": "'self'",
    "require-trusted-types-for": "'script'",
    "font-src": "'self'",
    "worker-src": "'self'",
}
SCRIPTS: Final = {"'self'", "'wasm-unsafe-eval'"}
"""What may run: nothing inline, nothing from elsewhere; a codec is WebAssembly of ours."""
HSTS: Final = "max-age=63072000; includeSubDomains; preload"

ABROAD: Final[dict[str, dict[str, str | None]]] = {
    "from another origin": {"Origin": "https://evil.example", "Sec-Fetch-Site": None},
    "from nowhere": {"Origin": None, "Sec-Fetch-Site": None},
    "from a page without origin": {"Origin": "null", "Sec-Fetch-Site": None},
    "across sites": {"Sec-Fetch-Site": "cross-site"},
    "from another subdomain": {"Sec-Fetch-Site": "same-site"},
    "with another port": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"},
}
NO_TOKEN: Final[dict[str, dict[str, str | None]]] = {
    "without a token": {"X-HDS-CSRF": None},
    "with another session's token": {"X-HDS-CSRF": "0" * 64},
    "as plain text": {"X-HDS-CSRF": None, "Content-Type": "text/plain"},
}


def path_of(app: Quart, rule: Rule) -> str:
    values = {name: VALUES[type(each).__name__] for name, each in rule._converters.items()}
    built = app.url_map.bind("portal.test").build(rule.endpoint, values)
    return str(built)


def addresses(app: Quart) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and path of every route."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path_of(app, rule)


@pytest.mark.one_engine
async def test_strangers_reach_what_is_public_and_nothing_else(app: Quart, world: World) -> None:
    stranger = world.browser()
    everything = list(addresses(app))
    assert {endpoint for endpoint, _, _ in everything} >= PUBLIC, "PUBLIC names what is gone"

    open_ = []
    for endpoint, method, path in everything:
        answer = await stranger.request(path, method=method, headers=JSON)
        if endpoint not in PUBLIC and answer.status_code != 401:
            open_.append(f"{method} {path} answers {answer.status_code}")
    assert open_ == []


def test_a_room_opens_its_own_door_only() -> None:
    opened = [{endpoint.partition(".")[0] for endpoint in room.PUBLIC} for room in OPEN_ROOMS]
    assert sum(map(len, opened)) == len(set().union(*opened)), "two rooms open one blueprint"


@pytest.mark.one_engine
async def test_a_stranger_who_wants_a_page_is_sent_to_sign_in(app: Quart, world: World) -> None:
    stranger = world.browser()
    for endpoint, method, path in addresses(app):
        if method == "GET" and endpoint not in PUBLIC:
            answer = await stranger.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["Location"].startswith("/sign-in?next="), path


@pytest.mark.one_engine
@pytest.mark.parametrize("how", ABROAD)
async def test_no_write_of_a_stranger_starts_elsewhere(app: Quart, world: World, how: str) -> None:
    stranger = world.browser()
    for endpoint, method, path in addresses(app):
        if method not in READING and endpoint in PUBLIC - FROM_ANYWHERE:
            answer = await stranger.request(path, method=method, headers=JSON | ABROAD[how])
            assert answer.status_code == 403, f"{method} {path} {how}: {answer.status_code}"


@pytest.mark.one_engine
async def test_no_write_of_somebody_signed_in_starts_elsewhere(app: Quart, world: World) -> None:
    ada, ben = await world.physician("Ada"), await world.physician("Ben")
    form = f"csrf={ada.browser.csrf}".encode()
    tricks = ABROAD | NO_TOKEN | {"with Ben's token": {"X-HDS-CSRF": ben.browser.csrf}}
    for endpoint, method, path in addresses(app):
        if method in READING or endpoint in FROM_ANYWHERE:
            continue
        for how, headers in tricks.items():
            answer = await ada.browser.request(
                path, method=method, headers=JSON | headers, data=form
            )
            assert answer.status_code == 403, f"{method} {path} {how}: {answer.status_code}"
            assert (await answer.get_json())["error"] == "cross_site"


@pytest.mark.one_engine
async def test_writes_that_may_start_anywhere_are_few_and_need_no_session(app: Quart) -> None:
    """RFC 8058: a mail program posts without cookie and origin; the address itself is the proof."""
    assert set(FROM_ANYWHERE) == {"notices.stop"}
    assert FROM_ANYWHERE <= PUBLIC
    for endpoint, _, path in addresses(app):
        if endpoint in FROM_ANYWHERE:
            assert "<token>" in str(next(app.url_map.iter_rules(endpoint)).rule), path


@pytest.mark.one_engine
async def test_guessed_ids_answer_as_if_there_were_nothing(app: Quart, world: World) -> None:
    ada = await world.physician("Ada")
    for _, method, path in addresses(app):
        if str(NOBODY) in path and method == "GET":
            answer = await ada.browser.get(path, headers=JSON)
            assert answer.status_code in NOT_THERE, f"{path}: {answer.status_code}"


@pytest.mark.one_engine
async def test_every_answer_carries_the_headers(
    app: Quart, world: World, settings: Settings
) -> None:
    ada, stranger = await world.physician("Ada"), world.browser()
    seen = set()
    for _, method, path in addresses(app):
        for browser in (stranger, ada.browser):
            seen.add(await checked(browser, method, path, settings))
    for method, path in errors():
        seen.add(await checked(stranger, method, path, settings))
    foreign = await stranger.post("/sign-in", headers={"Origin": "https://evil.example"})
    assert missing_headers(foreign, settings) == []

    assert {*seen, foreign.status_code} >= {200, 303, 401, 403, 404, 422}, "not all are covered"


async def checked(browser: Browser, method: str, path: str, settings: Settings) -> int:
    """The status of an answer whose headers are right, as a page and as JSON."""
    for accept in ("text/html", "application/json"):
        answer = await browser.request(path, method=method, headers={"Accept": accept})
        wrong = missing_headers(answer, settings)
        assert wrong == [], f"{method} {path} ({answer.status_code}) lacks {wrong}"
    return answer.status_code


def errors() -> list[tuple[str, str]]:
    """Requests that never reach a route."""
    return [("GET", "/no-such-page"), ("PUT", "/"), ("GET", "/static/none.js"), ("GET", "/%00")]


def missing_headers(answer: Response, settings: Settings) -> list[str]:
    found = answer.headers
    wrong = [name for name, value in HEADERS.items() if found.get(name) != value]
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in found.get("Content-Security-Policy", "").split(";")
    )
    wrong += [f"CSP {name}" for name, value in POLICY.items() if policy.get(name) != value]
    wrong += [] if set(policy.get("script-src", "*").split()) <= SCRIPTS else ["CSP script-src"]
    socket = settings.origin.replace("http", "ws", 1)
    own = set(policy.get("connect-src", "*").split()) <= {"'self'", socket}
    wrong += [] if own else ["CSP connect-src"]
    wrong += ["CSP unsafe"] if "'unsafe-" in str(policy).replace("'wasm-unsafe-eval'", "") else []
    kept = found.get("Cache-Control", "public")
    code = found.get("Content-Type", "").startswith("text/javascript")  # the same for everybody
    wrong += [] if code or "no-store" in kept or "private" in kept else ["Cache-Control"]
    wrong += ["Server"] if "Server" in found else []
    secure = settings.secure == ("Strict-Transport-Security" in found)
    return wrong if secure else [*wrong, "Strict-Transport-Security"]


@pytest.mark.one_engine
async def test_answers_to_other_verbs_and_questions_carry_the_headers(
    world: World, settings: Settings
) -> None:
    """Head only, a verb that is not meant, a script; and "not modified" is never said."""
    ada = await world.physician("Ada")
    days = {"If-None-Match": "*", "If-Modified-Since": "Sun, 22 Nov 2099 00:00:00 GMT"}
    answers = [
        (200, await ada.browser.request("/documents", method="HEAD")),
        (200, await ada.browser.request("/documents", method="OPTIONS")),
        (200, await ada.browser.get("/documents", headers=days)),
        (200, await ada.browser.get("/documents", headers={"Range": "bytes=0-9"})),
        (422, await ada.browser.request("/documents", method="DELETE")),
        (401, await world.browser().get("/documents", headers=JSON)),
    ]

    for status, answer in answers:
        assert answer.status_code == status
        assert missing_headers(answer, settings) == []


@pytest.mark.one_engine
async def test_files_of_ours_carry_the_headers(world: World, settings: Settings) -> None:
    """Scripts, styles, fonts and pictures; their own policy lets a worker run, and nothing else."""
    page = await (await world.browser().get("/sign-in")).get_data(as_text=True)
    files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    assert {each.rpartition(".")[2] for each in files} >= {"css", "js"}
    for path in files:
        plain = await world.browser().get(path)
        days = {"If-Modified-Since": "Sun, 22 Nov 2099 00:00:00 GMT"}
        tag = plain.headers["ETag"]
        asked: list[tuple[int, dict[str, str]]] = [
            (200, {}), (200, days), (200, {"If-None-Match": '"another"'}),
            (304, {"If-None-Match": tag}), (304, {"If-None-Match": f'"another", W/{tag}'}),
            (304, {"If-None-Match": "*"} | days),
        ]  # fmt: skip
        for status, headers in asked:
            answer = await world.browser().get(path, headers=headers)
            assert answer.status_code == status, (path, headers)
            _carries_the_headers_of_files(answer, settings)
            assert bool(await answer.get_data(as_text=False)) == (status == 200)
            names = ("ETag", "Cache-Control", "Vary", "Content-Security-Policy")
            assert [answer.headers[name] for name in names] == [
                plain.headers[name] for name in names
            ], "what is said with 304 replaces what the browser has kept"


def _carries_the_headers_of_files(answer: Response, settings: Settings) -> None:
    expected = [
        *(f"CSP {name}" for name in ("object-src", "form-action", "style-src")),
        *(f"CSP {name}" for name in ("require-trusted-types-for", "font-src", "worker-src")),
    ]
    kept = ["Cache-Control"]  # a style is the same for everybody, like a script
    assert [each for each in missing_headers(answer, settings) if each not in kept] == expected
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, "which closes objects, styles, fonts, workers"
    assert "form-action 'none'" in policy
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.one_engine
async def test_over_tls_browsers_are_told_to_stay_there(settings: Settings) -> None:
    portal = create_app(replace(settings, public_url="https://portal.example.org"))

    answer = await portal.test_client().get("/static/none.js")

    assert answer.headers["Strict-Transport-Security"] == HSTS


@pytest.mark.one_engine
async def test_a_fault_of_ours_says_nothing_and_keeps_the_headers(
    app: Quart, world: World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> str:
        raise RuntimeError("the patient is called Erika")

    app.view_functions["pages.start"] = broken
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = await world.browser().get("/")

    assert answer.status_code == 500
    assert "Erika" not in await answer.get_data(as_text=True)
    assert missing_headers(answer, settings) == []
    assert "fault in GET pages.start" in caplog.text
