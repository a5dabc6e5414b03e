"""No secret in `repr`, pickles or tracebacks, not even in one that prints all locals (T10)."""

import copy
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import vault
from portal.core.actor import Secret
from tests.vault.examination import KEY, OTHER

CANARY = "a-password-nobody-may-see"
ROOT = Secret(b"canary-root-canary-root-canary-r")
CONTEXT = vault.ctx("test")
BOXED = vault.box(KEY, b"x", CONTEXT)
SHOWN = ("canary-root", ROOT.reveal().hex(), CANARY)


def failures() -> dict[str, Callable[[], object]]:
    """Every function that is handed a secret, made to fail."""
    broken: bytes = None  # type: ignore[assignment]
    pair = vault.key_pair(ROOT)
    signing = vault.SigningKey(ROOT)
    return {
        "box": lambda: vault.box(ROOT, CANARY.encode(), broken),
        "box_secret": lambda: vault.box_secret(KEY, ROOT, broken),
        "unbox": lambda: vault.unbox(ROOT, BOXED, CONTEXT),
        "unbox_secret": lambda: vault.unbox_secret(ROOT, BOXED, CONTEXT),
        "unbox_secret of a box that holds none": lambda: vault.unbox_secret(
            KEY, vault.box(KEY, ROOT.reveal()[:-1], CONTEXT), CONTEXT
        ),
        "RangeReader": lambda: vault.RangeReader(ROOT, CONTEXT, len(BOXED), BOXED, BOXED),
        "sub_key": lambda: vault.sub_key(ROOT, -1),
        "mac": lambda: vault.mac(ROOT, broken),
        "blind_mark": lambda: vault.blind_mark(ROOT, "t", "c", broken),
        "key_pair": lambda: vault.key_pair(broken),  # type: ignore[arg-type]
        "seal": lambda: vault.seal(b"", ROOT, b""),
        "unseal": lambda: vault.unseal(pair, BOXED, b""),
        "sign": lambda: signing.sign("tea"),  # type: ignore[arg-type]
        "derive": lambda: vault.derive(CANARY, b"short", vault.PASSWORD_COST),
    }


def _without_our_own_frame(error: BaseException) -> str:
    """The traceback as a crash reporter would send it, from the vault on."""
    taken = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = str(Path(__file__))
    taken.stack[:] = [frame for frame in taken.stack if frame.filename != ours]
    assert taken.stack, "the vault itself raised"
    assert taken.__context__ is None
    return "".join(taken.format())


@pytest.mark.parametrize("name", failures())
def test_a_traceback_with_all_locals_shows_no_secret(name: str) -> None:
    with pytest.raises(vault.Tampered) as caught:
        failures()[name]()

    told = _without_our_own_frame(caught.value)

    assert not [each for each in SHOWN if each in told]


def test_the_scan_would_notice() -> None:
    def careless(root: bytes) -> None:
        raise ValueError

    with pytest.raises(ValueError) as caught:
        careless(ROOT.reveal())
    taken = traceback.TracebackException.from_exception(caught.value, capture_locals=True)

    assert "canary-root" in "".join(taken.format())


HOLDERS: dict[str, Callable[[], object]] = {
    "Secret": lambda: ROOT,
    "KeyPair": lambda: vault.key_pair(ROOT),
    "SigningKey": lambda: vault.SigningKey(ROOT),
    "RangeReader": lambda: vault.RangeReader(KEY, CONTEXT, len(BOXED), BOXED, BOXED[57:]),
    "KeyFiles": lambda: vault.KeyFiles(
        {1: ROOT}, vault.SigningKey(ROOT), vault.SigningKey(OTHER), b"canary-root-salt"
    ),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_what_holds_a_secret_does_not_show_or_export_it(name: str) -> None:
    holder = HOLDERS[name]()

    assert repr(holder) == str(holder) == f"{name}(…)"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(holder, protocol)
    with pytest.raises(TypeError):
        copy.copy(holder)
