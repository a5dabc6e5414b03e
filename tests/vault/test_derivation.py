"""What is typed becomes a key, at a price that nobody can change afterwards (T6)."""

from dataclasses import replace

from portal import vault
from tests.vault.examination import refused

SALT = bytes(range(16))
CHEAP = vault.Cost(46 * 1024, 1)


def test_typed_salt_and_cost_all_matter() -> None:
    right = vault.derive("right", SALT, CHEAP)

    assert right == vault.derive("right", SALT, CHEAP)
    others = [
        vault.derive("Right", SALT, CHEAP),
        vault.derive("right", SALT[::-1], CHEAP),
        vault.derive("right", SALT, replace(CHEAP, memory=47 * 1024)),
        vault.derive("right", SALT, replace(CHEAP, rounds=2)),
    ]
    assert len({right, *others}) == 5


def test_two_spellings_of_one_password_are_one() -> None:
    assert vault.derive("Ångström", SALT, CHEAP) == vault.derive(
        "A\u030angstro\u0308m", SALT, CHEAP
    )


def test_six_bad_costs_and_a_short_salt_are_refused() -> None:
    for bad in ("8,1,1", "47103,1,1", "1048577,1,1", "65536,0,1", "65536,17,1", "65536,3,8"):
        with refused(vault):
            vault.Cost.parse(bad)
    with refused(vault):
        vault.derive("x", SALT[:8], CHEAP)
