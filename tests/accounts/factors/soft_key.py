"""An authenticator of the test's own: it makes credentials and answers, honestly or not."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.people import Browser

PRESENT, VERIFIED, ELIGIBLE, ATTESTED = 0x01, 0x04, 0x08, 0x40
ES256, P256, EC2 = -7, 1, 2


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class SoftKey:
    """One credential; every part of what it says can be changed by a test."""

    origin: str
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """What the browser derives of PRF."""
    count: int = 0
    travels: bool = False
    owner: bytes = b""
    """The user handle it was made for."""
    client: dict[str, Any] = field(default_factory=dict)
    """More of what the browser says of itself."""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def made(self, question: dict[str, Any]) -> dict[str, str]:
        """The form that a browser sends for a new passkey."""
        self.owner = base64.urlsafe_b64decode(question["user"]["id"] + "==")
        point = self._key.public_key().public_numbers()
        cose = {1: EC2, 3: ES256, -1: P256, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        data = self._data(ATTESTED) + attested
        sealed = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", question["challenge"])
        response = {"clientDataJSON": text_of(client), "attestationObject": text_of(sealed)}
        return self._form(response)

    def used(self, question: dict[str, Any]) -> dict[str, str]:
        """The form that a browser sends when the passkey was used."""
        client, data = self._client("webauthn.get", question["challenge"]), self._data(0)
        signed = data + hashlib.sha256(client).digest()
        response = {
            "clientDataJSON": text_of(client),
            "authenticatorData": text_of(data),
            "signature": text_of(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": text_of(self.owner),
        }
        return self._form(response)

    def _form(self, response: dict[str, str]) -> dict[str, str]:
        said = {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key"}
        credential = json.dumps(said | {"response": response, "clientExtensionResults": {}})
        secret = text_of(self.secret) if self.secret else ""
        return {"credential": credential, "secret": secret}

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.client).encode()

    def _data(self, more: int) -> bytes:
        flags = PRESENT | VERIFIED | more | (ELIGIBLE if self.travels else 0)
        host = self.origin.partition("://")[2].partition(":")[0]
        site = hashlib.sha256(host.encode()).digest()
        return site + bytes([flags]) + self.count.to_bytes(4)


async def asked(browser: Browser, path: str) -> dict[str, Any]:
    """The question that a page's script gets."""
    answer = await browser.post(path, headers={"Accept": "application/json"})
    assert answer.status_code == 200, await answer.get_data(as_text=True)
    question: dict[str, Any] = await answer.get_json()
    return question


async def adds_passkey(browser: Browser, key: SoftKey, name: str = "Key") -> int:
    """From the profile; the status of the answer."""
    form = key.made(await asked(browser, "/profile/security/passkey/options")) | {"name": name}
    return (await browser.post("/profile/security/passkey", form=form)).status_code


async def passkey_alone(browser: Browser, key: SoftKey) -> int:
    """Signs in without a password; 303 is in, 403 is not."""
    form = key.used(await asked(browser, "/sign-in/passkey/options"))
    return (await browser.post("/sign-in/passkey", form=form)).status_code


async def passkey_second(browser: Browser, key: SoftKey) -> int:
    """After the password."""
    form = key.used(await asked(browser, "/sign-in/second/options"))
    return (await browser.post("/sign-in/second", form=form)).status_code
