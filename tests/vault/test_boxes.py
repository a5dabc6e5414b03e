"""Boxes give all of what was put in, or nothing (T5), to one key (T8), with one error (T9)."""

import secrets
import statistics
import time
from collections.abc import Callable
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import vault
from portal.core.actor import Secret
from portal.vault.checking import read_by_range
from tests.vault.examination import KEY, OTHER, refused

EDGES = (0, 1, 16383, 16384, 16385, 32768)
CONTEXT = vault.ctx("test", 1)
CHUNK = 16400


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(0, 50_000))
def test_a_range_is_the_slice_of_the_whole(data: st.DataObject, size: int) -> None:
    plain = secrets.token_bytes(size)
    boxed = vault.box(KEY, plain, CONTEXT)
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))

    tail = vault.last_chunk(len(boxed))
    reader = vault.RangeReader(KEY, CONTEXT, len(boxed), boxed[:57], boxed[slice(*tail)])
    span = reader.span(start, stop)

    assert reader.plain_size == size
    assert reader.open(start, stop, boxed[slice(*span)]) == plain[start:stop]


def _mutants(boxed: bytes, random: Random) -> list[bytes]:
    """Sixty ways to change a box."""
    changed = [boxed[:-1], boxed + b"\0", boxed[1:], boxed[:57], boxed[:-16], boxed * 2, b""]
    full = (len(boxed) - 57) // CHUNK
    if full:
        first, rest = boxed[57 : 57 + CHUNK], boxed[57 + CHUNK :]
        head = boxed[:57]
        changed += [head + rest, head + first + first + rest, head + rest + first, head + first]
    if full > 1:
        second, end = rest[:CHUNK], rest[CHUNK:]
        changed += [head + second + first + end, head + first + end, head + first + second]
    while len(changed) < 60:
        at = random.randrange(len(boxed))
        changed.append(boxed[:at] + bytes([boxed[at] ^ 1 << random.randrange(8)]) + boxed[at + 1 :])
    return changed


@pytest.mark.parametrize("size", EDGES)
def test_a_changed_box_never_yields_a_byte(size: int) -> None:
    boxed = vault.box(KEY, secrets.token_bytes(size), CONTEXT)

    for mutant in _mutants(boxed, Random(size)):
        with refused(vault):
            vault.unbox(KEY, mutant, CONTEXT)
        with refused(vault):
            read_by_range(KEY, mutant, CONTEXT)


@pytest.mark.parametrize("size", EDGES)
def test_a_chunk_of_another_box_does_not_fit(size: int) -> None:
    """Not even under the same key and context, at the same place."""
    one, two = (vault.box(KEY, secrets.token_bytes(size), CONTEXT) for _ in range(2))

    for at in range(57, len(one), CHUNK):
        with refused(vault):
            vault.unbox(KEY, one[:at] + two[at : at + CHUNK] + one[at + CHUNK :], CONTEXT)
    with refused(vault):
        vault.unbox(KEY, one[:57] + two[57:], CONTEXT)


def test_no_other_key_opens_a_box() -> None:
    boxed = vault.box(KEY, b"x", CONTEXT)

    for _ in range(2000):
        with refused(vault):
            vault.unbox(vault.new_secret(), boxed, CONTEXT)


def test_a_secret_box_has_105_bytes_and_holds_secrets_only() -> None:
    secret = vault.new_secret()

    boxed = vault.box_secret(KEY, secret, CONTEXT)

    assert len(boxed) == 105
    assert vault.unbox_secret(KEY, boxed, CONTEXT) == secret
    with refused(vault):
        vault.unbox_secret(KEY, vault.box(KEY, b"short", CONTEXT), CONTEXT)


def _time_of(refusing: Callable[[], object]) -> float:
    began = time.perf_counter()
    with refused(vault):
        refusing()
    return time.perf_counter() - began


def test_the_time_does_not_tell_a_wrong_key_from_a_wrong_context() -> None:
    boxed, other = vault.box(KEY, b"x" * 4000, CONTEXT), vault.ctx("test", 2)
    ways = (
        lambda: vault.unbox(OTHER, boxed, CONTEXT),
        lambda: vault.unbox(KEY, boxed, other),
    )

    def difference() -> float:
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(3000):
            for way, taken in zip(ways, times, strict=True):
                taken.append(_time_of(way))
        one, two = map(statistics.median, times)
        return abs(one - two) / min(one, two)

    # A busy machine may disturb one round, not each of five.
    assert any(difference() < 0.05 for _ in range(5))


def test_all_failures_look_the_same() -> None:
    boxed, pair = vault.box(KEY, b"x", CONTEXT), vault.key_pair(KEY)
    failures: tuple[Callable[[], object], ...] = (
        lambda: vault.unbox(OTHER, boxed, CONTEXT),
        lambda: vault.unbox(KEY, boxed[:9], CONTEXT),
        lambda: vault.unbox(KEY, "text", CONTEXT),  # type: ignore[arg-type]
        lambda: vault.unseal(pair, b"", b""),
        lambda: vault.seal(b"", KEY, b""),
        lambda: vault.RangeReader(KEY, CONTEXT, 73, b"", b""),
        lambda: vault.derive("x", b"", vault.PASSWORD_COST),
        lambda: vault.verify(b"", b"", "dir"),
        lambda: vault.check_mac(KEY, CONTEXT, b""),
        lambda: vault.ctx(-1),
        lambda: vault.sub_key(KEY, -1),
        lambda: vault.fingerprint(uuid4(), -1, b""),
        lambda: vault.Cost(1, 1),
        lambda: vault.Boxer(KEY, "text"),  # type: ignore[arg-type]
    )
    for failure in failures:
        with refused(vault):
            failure()


def test_running_out_of_memory_is_not_taken_for_a_wrong_password() -> None:
    class Hungry(Secret):
        def reveal(self) -> bytes:
            raise MemoryError

    with pytest.raises(MemoryError):
        vault.box(Hungry(bytes(32)), b"", CONTEXT)
