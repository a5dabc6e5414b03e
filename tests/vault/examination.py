"""
What the vault must do, as one function of a vault, so that mutants of it can sit the same exam.

`golden.json` was made once, by other means than the vault (hashlib, hmac, the raw library); its
boxes and seals are opened here and never made anew.  To change it is to change the format of stored
data.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.core.actor import Secret

GOLDEN: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "golden.json").read_text())
KEY: Final = Secret(bytes.fromhex(GOLDEN["key"]))
OTHER: Final = Secret(hashlib.sha256(b"another key").digest())

Part = bytes | str | int | UUID
READ: Final[dict[str, Callable[[Any], Part]]] = {"b": bytes.fromhex, "s": str, "i": int, "u": UUID}


def part(written: dict[str, Any]) -> Part:
    """A part of a context as golden.json writes it."""
    [(kind, value)] = written.items()
    return READ[kind](value)


def parts(written: list[dict[str, Any]]) -> list[Part]:
    """Several of them."""
    return [part(each) for each in written]


@contextmanager
def refused(vault: ModuleType) -> Iterator[None]:
    """The block must end with the one error, which says nothing."""
    with pytest.raises(vault.Tampered) as caught:
        yield
    assert str(caught.value) == ""
    assert caught.value.args == ()
    assert caught.value.__context__ is None


def examine(vault: ModuleType, *, thoroughly: bool = True) -> None:
    """Raise `AssertionError`, or whatever breaks, unless *vault* is the one that was designed."""
    contexts(vault)
    keys(vault)
    boxes(vault)
    ranges(vault)
    seals(vault)
    signatures(vault)
    pushes(vault)
    codes(vault)
    costs(vault)
    if thoroughly:
        derivation(vault)


def contexts(vault: ModuleType) -> None:
    for row in GOLDEN["contexts"]:
        built = getattr(vault.contexts, row["builder"])(*parts(row["given"]))
        assert built.hex() == row["hex"], row["builder"]
        assert vault.ctx(*parts(row["parts"])).hex() == row["hex"]
    for wrong in (True, -1, 2**64, 1.5, None, "\ud800", memoryview(b"")):
        with refused(vault):
            vault.ctx(wrong)


def keys(vault: ModuleType) -> None:
    for row in GOLDEN["sub_keys"]:
        assert vault.sub_key(KEY, *parts(row["label"])).reveal().hex() == row["hex"]
    context = bytes.fromhex(GOLDEN["mac"]["context"])
    mac = bytes.fromhex(GOLDEN["mac"]["hex"])
    assert vault.mac(KEY, context) == mac
    vault.check_mac(KEY, context, mac)
    for wrong in (mac[:-1], b"", bytes(32)):
        with refused(vault):
            vault.check_mac(KEY, context, wrong)
    assert vault.blind_mark(KEY, *GOLDEN["mark"]["given"]).hex() == GOLDEN["mark"]["hex"]
    assert len({vault.new_secret() for _ in range(9)}) == 9


def boxes(vault: ModuleType) -> None:
    for row in GOLDEN["boxes"]:
        boxed, context = base64.b64decode(row["box"]), bytes.fromhex(row["context"])
        plain = vault.unbox(KEY, boxed, context)
        assert hashlib.sha256(plain).hexdigest() == row["sha256"]
        again = vault.box(KEY, plain, context)
        assert vault.unbox(KEY, memoryview(again), context) == plain
        assert again != boxed
        for key, bad, about in (
            (OTHER, boxed, context),
            (KEY, boxed, context + b"x"),
            (KEY, b"\x02" + boxed[1:], context),
            (KEY, boxed[1:], context),
            (KEY, boxed[:-1], context),
            (KEY, boxed + b"\0", context),
            (KEY, b"", context),
        ):
            with refused(vault):
                vault.unbox(key, bad, about)
    row = GOLDEN["secret_box"]
    secret, context = Secret(bytes.fromhex(row["secret"])), bytes.fromhex(row["context"])
    assert vault.unbox_secret(KEY, bytes.fromhex(row["box"]), context) == secret
    assert vault.unbox(KEY, vault.box_secret(KEY, secret, context), context) == secret.reveal()
    with refused(vault):
        vault.unbox_secret(KEY, vault.box(KEY, b"31 bytes".ljust(31), context), context)


def ranges(vault: ModuleType) -> None:
    for row in GOLDEN["boxes"]:
        boxed, context = base64.b64decode(row["box"]), bytes.fromhex(row["context"])
        size = row["size"]
        plain = vault.unbox(KEY, boxed, context)
        tail = vault.last_chunk(len(boxed))
        assert tail == (57 + size // 16384 * 16400, len(boxed))
        reader = vault.RangeReader(KEY, context, len(boxed), boxed[:57], boxed[slice(*tail)])
        assert reader.plain_size == size
        cuts = sorted({0, 1, size // 2, 16383, 16384, 16385, size - 1, size} & set(range(size + 1)))
        for start in cuts:
            for stop in (stop for stop in cuts if stop >= start):
                _range(vault, reader, boxed, plain, (start, stop))
        for start, stop in ((-1, 0), (1, 0), (0, size + 1), (size + 1, size + 1)):
            with refused(vault):
                reader.span(start, stop)
            with refused(vault):
                reader.open(start, stop, b"")
        _bad_ends(vault, boxed, context)


def _range(
    vault: ModuleType, reader: Any, boxed: bytes, plain: bytes, cut: tuple[int, int]
) -> None:
    start, stop = cut
    span = reader.span(start, stop)
    first, end = start // 16384, -(-stop // 16384)
    wanted = (57, 57) if start == stop else (57 + first * 16400, min(57 + end * 16400, len(boxed)))
    assert span == wanted
    sealed = boxed[slice(*span)]
    assert reader.open(start, stop, sealed) == plain[start:stop]
    wrong = [sealed + b"\0"]
    if sealed:
        wrong += [sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:], b""]
    for bad in wrong:
        with refused(vault):
            reader.open(start, stop, bad)


def _bad_ends(vault: ModuleType, boxed: bytes, context: bytes) -> None:
    size, head, tail = len(boxed), boxed[:57], boxed[slice(*vault.last_chunk(len(boxed)))]
    for key, about, length, first, last in (
        (OTHER, context, size, head, tail),
        (KEY, context + b"x", size, head, tail),
        (KEY, context, size + 1, head, tail),
        (KEY, context, size - 1, head, tail),
        (KEY, context, size + 16400, head, tail),
        (KEY, context, size, head[:-1], tail),
        (KEY, context, size, b"\x02" + head[1:], tail),
        (KEY, context, size, head[:56] + bytes([head[56] ^ 1]), tail),
        (KEY, context, size, head[:1] + bytes([head[1] ^ 1]) + head[2:], tail),
        (KEY, context, size, head, tail[1:]),
        (KEY, context, size, head, tail[:-1] + bytes([tail[-1] ^ 1])),
        (KEY, context, 57, head, b""),
        (KEY, context, 57 + 15, head, tail),
        (KEY, context, 56, head, tail),
        (KEY, context, 0, b"", b""),
    ):
        with refused(vault):
            vault.RangeReader(key, about, length, first, last)
    reader = vault.RangeReader(KEY, context, size, head, tail)
    assert vault.RangeReader(KEY, context, size, boxed, boxed).plain_size == reader.plain_size


def seals(vault: ModuleType) -> None:
    row = GOLDEN["seal"]
    sealed, info = base64.b64decode(row["sealed"]), bytes.fromhex(row["info"])
    secret, pair = Secret(bytes.fromhex(row["secret"])), vault.key_pair(KEY)
    assert hashlib.sha256(pair.public).hexdigest() == row["public_sha256"]
    fpr = vault.fingerprint(UUID(row["principal"]), row["epoch"], pair.public)
    assert fpr.hex() == row["fpr"]
    assert vault.spoken(fpr) == row["spoken"]
    assert vault.spoken(bytes(32)) == "00000 00000 00000 00000 00000 00000"
    assert vault.unseal(pair, sealed, info) == secret
    again = vault.seal(pair.public, secret, info)
    assert len(again) == len(sealed) == 1169
    assert vault.unseal(pair, again, info) == secret
    for who, bad, about in (
        (vault.key_pair(OTHER), sealed, info),
        (pair, sealed, info + b"x"),
        (pair, b"\x02" + sealed[1:], info),
        (pair, sealed[:-1], info),
        (pair, sealed + b"\0", info),
        (pair, b"", info),
        (pair, sealed[:600] + bytes([sealed[600] ^ 1]) + sealed[601:], info),
    ):
        with refused(vault):
            vault.unseal(who, bad, about)
    for public in (pair.public[:-1], pair.public + b"\0", b"", b"\xff" * 1216):
        with refused(vault):
            vault.seal(public, secret, info)


def signatures(vault: ModuleType) -> None:
    row = GOLDEN["signature"]
    key, signed = vault.SigningKey(KEY), parts(row["parts"])
    assert key.public.hex() == row["public"]
    signature = bytes.fromhex(row["hex"])
    assert vault.sign(key, "dir", *signed) == signature
    vault.verify(key.public, signature, "dir", *signed)
    for public, bad, purpose, about in (
        (vault.SigningKey(OTHER).public, signature, "dir", signed),
        (key.public, signature[:-1], "dir", signed),
        (key.public, signature, "log", signed),
        (key.public, signature, "dir", signed[:-1]),
        (key.public, signature, "dir", [*signed, ""]),
        (b"", signature, "dir", signed),
    ):
        with refused(vault):
            vault.verify(public, bad, purpose, *about)
    with refused(vault):
        vault.sign(key, "tea", *signed)
    for purpose in ("dir", "log", "push", "gw"):
        vault.verify(key.public, key.sign(purpose), purpose)


def pushes(vault: ModuleType) -> None:
    row, identity = GOLDEN["push"], vault.push_identity(KEY)
    assert identity.public.hex() == row["public"]
    private = serialization.load_pem_private_key(identity.private_pem, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert f"{private.private_numbers().private_value:x}" == row["number"]
    public = serialization.load_pem_public_key(identity.public_pem)
    assert public == private.public_key()
    point = bytes.fromhex(row["public"])
    assert vault.is_push_point(point)
    for bad in (bytes.fromhex(row["compressed"]), point[:-1], point + b"\0", bytes(65), b""):
        assert not vault.is_push_point(bad)


def codes(vault: ModuleType) -> None:
    for code in GOLDEN["pass_codes"]:
        assert vault.check_pass_code(code)
        assert vault.check_pass_code(code.lower().replace("-", " "))
        assert vault.check_pass_code(code.replace("0", "o").replace("1", "l"))
        assert not vault.check_pass_code(code[:-1])
        assert not vault.check_pass_code(code + "0")
        assert not vault.check_pass_code("U" + code[1:])
        for at in (0, 7, 27):
            slip = "2" if code[at] != "2" else "3"
            assert not vault.check_pass_code(code[:at] + slip + code[at + 1 :])
    assert vault.fold_code(" ab-oO\tiI lL\u2013u\n") == "AB001111U"
    assert not vault.check_pass_code("")
    new = vault.pass_code()
    assert [len(each) for each in new.split("-")] == [5] * 5
    assert vault.check_pass_code(new)
    assert len(vault.share_password()) == 10
    drawn = "".join(vault.share_password() for _ in range(100))
    assert set(drawn) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def costs(vault: ModuleType) -> None:
    least, most = 46 * 1024, 1024 * 1024
    for memory, rounds in ((least, 1), (most, 16)):
        cost = vault.Cost(memory, rounds)
        assert str(cost) == f"{memory},{rounds},1"
        assert vault.Cost.parse(str(cost)) == cost
    for bad in (
        (least - 1, 1),
        (most + 1, 1),
        (least, 0),
        (least, 17),
        (least, 1, 0),
        (least, 1, 2),
    ):
        with refused(vault):
            vault.Cost(*bad)
        with refused(vault):
            vault.Cost.parse(",".join(map(str, (*bad, 1)[:3])))
    for written in ("", "1,2", "a,b,c", "47104,1,1,1"):
        with refused(vault):
            vault.Cost.parse(written)
    assert vault.Cost(65536, 3) == vault.PASSWORD_COST


def derivation(vault: ModuleType) -> None:
    for row in GOLDEN["derived"]:
        cost = vault.Cost(row["memory"], row["rounds"])
        key = vault.derive(row["typed"], bytes.fromhex(row["salt"]), cost)
        assert key.reveal().hex() == row["hex"]
    for salt in (b"", bytes(15), bytes(17)):
        with refused(vault):
            vault.derive("x", salt, vault.Cost(46 * 1024, 1))
    assert isinstance(vault.derive("\ud800", uuid4().bytes, vault.Cost(46 * 1024, 1)), Secret)
