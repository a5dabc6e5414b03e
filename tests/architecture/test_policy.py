"""What the content security policy allows beyond our own origin is written down, and no more."""

from quart import Quart

from portal.core.settings import Settings
from portal.headers import socket_origin
from viewer.routes import policy as policy_of_viewer


async def test_only_images_may_come_from_data_addresses(app: Quart) -> None:
    answer = await app.test_client().get("/")

    policy = answer.headers["Content-Security-Policy"]
    rules = [each.split() for each in policy.split(";")]
    assert [rule[0] for rule in rules if "data:" in rule] == ["img-src"]
    assert "unsafe-inline" not in policy
    assert "*" not in policy


async def test_a_page_with_a_viewer_may_decode_and_nothing_else_beyond_the_others(
    app: Quart, settings: Settings
) -> None:
    answer = await app.test_client().get("/")

    own = _rules(answer.headers["Content-Security-Policy"])
    viewer = _rules(policy_of_viewer(socket_origin(settings)))
    more = {name: words - own.get(name, set()) for name, words in viewer.items()}
    assert {name: words for name, words in more.items() if words} == {
        "script-src": {"'wasm-unsafe-eval'"},
        "trusted-types": {"hds-viewer"},
    }
    assert all(words <= viewer[name] for name, words in own.items())


def _rules(policy: str) -> dict[str, set[str]]:
    return {name: set(words) for name, *words in map(str.split, policy.split(";"))}
