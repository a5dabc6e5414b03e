"""The library is the standard (T1): all published vectors, and a start-up test that notices."""

import hashlib
import json
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from portal import vault
from portal.core.actor import Secret
from portal.vault import boxes, checking
from portal.vault.seals import KeyPair
from tests.vault import rfc9180

FOLDER: Final = Path(__file__).parents[1] / "vectors"


def _published(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


CHUNKED: Final = _published("c2sp_chunked_encryption_aes_256_gcm_test.json")["testGroups"][0][
    "tests"
]
XWING: Final = _published("xwing.json")
HPKE: Final = [row for row in _published("hpkepq.json") if row["kem_id"] == 0x647A]
READERS: Final = {"whole": vault.unbox, "range": checking.read_by_range}


def test_all_vectors_are_here() -> None:
    assert (len(CHUNKED) * len(READERS), len(XWING), len(HPKE)) == (70, 3, 2)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("vector", CHUNKED, ids=lambda vector: vector["comment"])
def test_chunked_encryption(vector: dict[str, Any], reader: str) -> None:
    boxed = boxes.VERSION + zlib.decompress(bytes.fromhex(vector["ct"]))
    context = bytes.fromhex(vector["ctx"])
    if vector["result"] == "valid":
        plain = READERS[reader](Secret(bytes.fromhex(vector["key"])), boxed, context)
        assert len(plain) == vector["msgLength"]
        assert hashlib.sha512(plain).hexdigest() == vector["msgSha512"]
    else:
        with pytest.raises((vault.Tampered, ValueError)):
            READERS[reader](Secret(bytes.fromhex(vector["key"])), boxed, context)


@pytest.mark.parametrize("vector", XWING)
def test_xwing(vector: dict[str, Any]) -> None:
    pair = KeyPair(Secret(bytes.fromhex(vector["seed"])))
    secret, info = vault.new_secret(), vault.ctx("anything")
    sealed = rfc9180.encrypt(bytes.fromhex(vector["ss"]), info, secret.reveal())

    assert pair.public.hex() == vector["pk"]
    assert pair.open(b"\x01" + bytes.fromhex(vector["ct"]) + sealed, info) == secret


@pytest.mark.parametrize("vector", HPKE, ids=lambda vector: f"kdf-{vector['kdf_id']}")
def test_hpke_pq(vector: dict[str, Any]) -> None:
    assert checking.hpke({**vector, "pt": vector["encryptions"][0]["pt"]})


def test_a_seal_is_what_rfc_9180_says() -> None:
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    pair, secret, info = vault.key_pair(vault.new_secret()), vault.new_secret(), b"info"
    sealed = vault.seal(pair.public, secret, info)

    assert len(sealed) == 1 + KEM.MLKEM768_X25519.enc_length() + 32 + 16
    assert suite.decrypt(sealed[1:], pair._private, info=info) == secret.reveal()
    with pytest.raises(InvalidTag):
        suite.decrypt(sealed, pair._private, info=info)


def test_the_start_up_test_holds_what_was_published() -> None:
    shipped = json.loads((files("portal.vault") / "vectors.json").read_text())
    by_number = {vector["tcId"]: vector for vector in CHUNKED}

    assert len(shipped["chunked"]) == 33
    assert all(vector.items() <= by_number[vector["tcId"]].items() for vector in shipped["chunked"])
    assert [(each["seed"], each["public"]) for each in shipped["xwing"]] == [
        (each["seed"], each["pk"]) for each in XWING
    ]
    for mine, theirs in zip(shipped["xwing"], XWING, strict=True):
        info, secret = bytes.fromhex(mine["info"]), bytes.fromhex(mine["secret"])
        sealed = rfc9180.encrypt(bytes.fromhex(theirs["ss"]), info, secret)
        assert mine["sealed"] == "01" + theirs["ct"] + sealed.hex()
    for mine, theirs in zip(shipped["hpke"], HPKE, strict=True):
        assert mine == {
            name: {**theirs, "pt": theirs["encryptions"][0]["pt"]}[name] for name in mine
        }


def test_the_start_up_test_passes() -> None:
    vault.self_test()


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("chunked", "msgSha512"),
        ("xwing", "public"),
        ("xwing", "secret"),
        ("hpke", "key"),
        ("hpke", "pkRm"),
        ("ed25519", "public"),
        ("argon2id", "tag"),
    ],
)
def test_the_start_up_test_notices_a_library_that_computes_something_else(
    kind: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = json.loads((files("portal.vault") / "vectors.json").read_text())
    right = vectors[kind][0][field]
    vectors[kind][0][field] = ("0" if right[0] != "0" else "1") + right[1:]
    monkeypatch.setattr(json, "loads", lambda _: vectors)

    with pytest.raises(vault.VectorFailed, match=f"^{kind} vector 1 "):
        vault.self_test()
