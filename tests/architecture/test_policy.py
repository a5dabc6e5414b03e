"""What the content security policy allows beyond our own origin is written down, and no more."""

from quart import Quart


async def test_only_images_may_come_from_data_addresses(app: Quart) -> None:
    answer = await app.test_client().get("/")

    policy = answer.headers["Content-Security-Policy"]
    rules = [each.split() for each in policy.split(";")]
    assert [rule[0] for rule in rules if "data:" in rule] == ["img-src"]
    assert "unsafe-inline" not in policy
    assert "*" not in policy
