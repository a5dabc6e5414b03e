"""How long a box takes to say no: to a wrong key, beside a wrong context (T9)."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from statistics import median

from bench.printing import head, row
from bench.stage import Stage
from portal import vault

ROUNDS = 3000
"""Of each, one after the other, so that both meet the same machine."""
GOAL = "0.95 to 1.05"


async def measure(stage: Stage) -> None:
    """Boxes of a post, of a root and of a large object; seals."""
    rounds = max(10, int(ROUNDS * min(1.0, stage.sizes.seconds / 2)))
    head("Refusing: a wrong key beside a wrong context", "context")
    right, other = vault.new_secret(), vault.new_secret()
    here, elsewhere = vault.ctx("bench", 1), vault.ctx("bench", 2)
    for what, size in (("a secret", 32), ("a post", 4_000), ("an object of 1 MB", 1_000_000)):
        boxed = vault.box(right, bytes(size), here)
        _compare(
            f"the box of {what}",
            (
                partial(vault.unbox, other, boxed, here),
                partial(vault.unbox, right, boxed, elsewhere),
            ),
            rounds,
        )
    pair, stranger = vault.key_pair(right), vault.key_pair(other)
    sealed = vault.seal(pair.public, vault.new_secret(), here)
    wrong_key = partial(vault.unseal, stranger, sealed, here)
    _compare("a seal", (wrong_key, partial(vault.unseal, pair, sealed, elsewhere)), rounds)


def _compare(what: str, ways: tuple[Callable[[], object], ...], rounds: int) -> None:
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, times in zip(ways, taken, strict=True):
            began = time.perf_counter()
            with suppress(vault.Tampered):
                way()
            times.append(time.perf_counter() - began)
    key, context = (median(times) * 1e6 for times in taken)
    row(what, key, context, "us", goal=GOAL)
