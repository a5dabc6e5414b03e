"""Boxes give all of what was put in, or nothing (T5), to one key (T8), with one error (T9)."""

import gc
import secrets
import sys
from collections.abc import Callable
from random import Random
from types import FrameType
from typing import Any, Final
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


@settings(max_examples=150)
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


def _work_of(refusing: Callable[[], object]) -> list[str]:
    """Every call on the way to a refusal, those into the library included, in their order."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)
        elif event == "c_call":
            calls.append(called.__qualname__)

    with refused(vault):
        gc.disable()  # what others left to be collected is no work of ours
        sys.setprofile(note)
        try:
            refusing()
        finally:
            sys.setprofile(None)
            gc.enable()
    return calls


def _pairs() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """By what is opened: with a wrong key, and with a wrong context."""
    elsewhere, pair, stranger = vault.ctx("test", 2), vault.key_pair(KEY), vault.key_pair(OTHER)
    boxed, large = (vault.box(KEY, b"x" * size, CONTEXT) for size in (4000, 100_000))
    secret = vault.box_secret(KEY, OTHER, CONTEXT)
    sealed, mark = vault.seal(pair.public, OTHER, CONTEXT), vault.mac(KEY, CONTEXT)
    signer, another = vault.SigningKey(KEY), vault.SigningKey(OTHER)
    signature = vault.sign(signer, "dir", 1)
    return {
        "box": (
            lambda: vault.unbox(OTHER, boxed, CONTEXT),
            lambda: vault.unbox(KEY, boxed, elsewhere),
        ),
        "box of several chunks": (
            lambda: vault.unbox(OTHER, large, CONTEXT),
            lambda: vault.unbox(KEY, large, elsewhere),
        ),
        "secret": (
            lambda: vault.unbox_secret(OTHER, secret, CONTEXT),
            lambda: vault.unbox_secret(KEY, secret, elsewhere),
        ),
        "range": (
            lambda: read_by_range(OTHER, large, CONTEXT),
            lambda: read_by_range(KEY, large, elsewhere),
        ),
        "seal": (
            lambda: vault.unseal(stranger, sealed, CONTEXT),
            lambda: vault.unseal(pair, sealed, elsewhere),
        ),
        "mark": (
            lambda: vault.check_mac(OTHER, CONTEXT, mark),
            lambda: vault.check_mac(KEY, elsewhere, mark),
        ),
        "signature": (
            lambda: vault.verify(another.public, signature, "dir", 1),
            lambda: vault.verify(signer.public, signature, "dir", 2),
        ),
    }


@pytest.mark.parametrize("what", _pairs())
def test_a_wrong_key_and_a_wrong_context_are_the_same_work(what: str) -> None:
    """Counted, as no clock is steady: `make bench` prints the times, which differ by < 5 %."""
    wrong_key, wrong_context = _pairs()[what]
    for way in (wrong_key, wrong_context):
        _work_of(way)  # what is done once in the life of a process is done now
    work = _work_of(wrong_key)

    assert len(work) > 5
    assert _work_of(wrong_context) == work


def test_different_work_is_noticed() -> None:
    boxed = vault.box(KEY, b"x" * 100, CONTEXT)

    assert _work_of(lambda: vault.unbox(KEY, boxed[:-1], CONTEXT)) != _work_of(
        lambda: vault.unbox(KEY, b"", CONTEXT)
    )


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
    )
    for failure in failures:
        with refused(vault):
            failure()


def _valid() -> dict[str, tuple[Any, ...]]:
    """Every verb of the vault that reads what somebody else may have written, and right words."""
    boxed, pair, signer = vault.box(KEY, b"x", CONTEXT), vault.key_pair(KEY), vault.SigningKey(KEY)
    ends = (boxed[:57], boxed[57:])
    return {
        "ctx": ("test", 1),
        "box": (KEY, b"x", CONTEXT),
        "unbox": (KEY, boxed, CONTEXT),
        "box_secret": (KEY, OTHER, CONTEXT),
        "unbox_secret": (KEY, vault.box_secret(KEY, OTHER, CONTEXT), CONTEXT),
        "RangeReader": (KEY, CONTEXT, len(boxed), *ends),
        "mac": (KEY, CONTEXT),
        "check_mac": (KEY, CONTEXT, vault.mac(KEY, CONTEXT)),
        "blind_mark": (KEY, "table", "column", 1),
        "sub_key": (KEY, "label"),
        "key_pair": (KEY,),
        "seal": (pair.public, OTHER, CONTEXT),
        "unseal": (pair, vault.seal(pair.public, OTHER, CONTEXT), CONTEXT),
        "fingerprint": (uuid4(), 1, pair.public),
        "spoken": (bytes(32),),
        "SigningKey": (KEY,),
        "sign": (signer, "dir", 1),
        "verify": (signer.public, vault.sign(signer, "dir", 1), "dir", 1),
        "Cost": (47104, 1, 1),
        "derive": ("typed", bytes(16), vault.Cost(47104, 1)),
        "push_identity": (KEY,),
    }


def _failure_of(call: Callable[..., object], given: list[Any]) -> Exception | None:
    try:
        call(*given)
    except Exception as error:  # noqa: BLE001 -- which one it is, is the question
        return error
    return None


OWN: Final = {
    "Purpose", "KeyPair", "KeyFiles", "PushIdentity", "Span", "Tampered", "contexts", "report",
    "pass_code", "share_password", "new_secret", "last_chunk", "PASSWORD_COST",
    "CHUNK_BYTES", "HEAD_BYTES", "SALT_BYTES",
}  # fmt: skip
"""Made of nothing, or of the portal's own values."""
TOLD: Final = {
    "VectorFailed", "self_test", "BadKeyFiles", "add_push_key", "load_key_files", "make_key_files",
    "check_pass_code", "fold_code", "is_push_point",
}  # fmt: skip
"""Tell whoever starts the portal what is wrong; or say yes or no about what somebody typed."""


@pytest.mark.parametrize("verb", _valid())
def test_no_failure_of_the_vault_is_another(verb: str) -> None:
    """Whatever is given for one argument, it works or it is the one error, without a word."""
    right, call = _valid()[verb], getattr(vault, verb)
    call(*right)
    failures: list[Exception] = []

    for number in range(len(right)):
        for junk in (None, -1, 2.5, b"", b"\xff" * 40, "text", object(), Secret(bytes(32))):
            given = [*right[:number], junk, *right[number + 1 :]]
            failures += [error for error in [_failure_of(call, given)] if error is not None]
    assert failures
    assert {(type(each), each.args, str(each)) for each in failures} == {(vault.Tampered, (), "")}
    assert {each.__context__ for each in failures} == {None}


def test_every_verb_of_the_vault_is_tried_with_junk() -> None:
    assert set(vault.__all__) == set(_valid()) | OWN | TOLD


def test_running_out_of_memory_is_not_taken_for_a_wrong_password() -> None:
    class Hungry(Secret):
        def reveal(self) -> bytes:
            raise MemoryError

    with pytest.raises(MemoryError):
        vault.box(Hungry(bytes(32)), b"", CONTEXT)
