"""A push service of the test: it speaks RFC 8030 by https, checks RFC 8292, undoes RFC 8291."""

import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.mailing.certificates import certificate

SALT, SIZE = 16, 4


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class BrowserKeys:
    """What a browser keeps to itself when it subscribes."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"sixteen bytes...."[:16]
        self.public = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    def subscription(self, endpoint: str) -> dict[str, Any]:
        keys = {"p256dh": text_of(self.public), "auth": text_of(self.auth)}
        return {"endpoint": endpoint, "expirationTime": None, "keys": keys}

    def opened(self, body: bytes) -> dict[str, str]:
        """RFC 8291 section 3.4 and RFC 8188, written from the standard."""
        salt, rest = body[:SALT], body[SALT:]
        record, length = int.from_bytes(rest[:SIZE], "big"), rest[SIZE]
        theirs, sealed = rest[SIZE + 1 : SIZE + 1 + length], rest[SIZE + 1 + length :]
        assert len(sealed) <= record
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self.private.exchange(ec.ECDH(), point)
        secret = derived(self.auth, shared, b"WebPush: info\0" + self.public + theirs, 32)
        key = derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(salt, secret, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None)
        plain, last, _padding = padded.rpartition(b"\x02")
        assert last
        found: dict[str, str] = json.loads(plain)
        return found


def derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


@dataclass
class PushService:
    """What it took, and what it is told to answer."""

    origin: str = ""
    folder: Path = Path()
    status: int = 201
    bodies: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    senders: list[bytes] = field(default_factory=list)
    """Public keys whose signatures were good."""

    async def take(self, request: web.Request) -> web.Response:
        """One push."""
        self.paths.append(request.path_qs)
        assert request.headers["Content-Encoding"] == "aes128gcm"
        assert int(request.headers["TTL"]) > 0
        scheme, _, rest = request.headers["Authorization"].partition(" ")
        assert scheme == "vapid"
        said = dict(each.strip().split("=", 1) for each in rest.split(","))
        point = bytes_of(said["k"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        claims = jwt.decode(said["t"], key, algorithms=["ES256"], audience="https://localhost")
        assert claims["sub"].startswith("mailto:")
        self.senders.append(point)
        self.bodies.append(await request.read())
        away = {"Location": f"{self.origin}/elsewhere"} if self.status in {307, 308} else {}
        return web.Response(status=self.status, headers=away)

    def trust(self) -> ssl.SSLContext:
        """A context that believes this server alone."""
        return ssl.create_default_context(cafile=str(self.folder / "mail-server.pem"))


@asynccontextmanager
async def push_service(folder: Path) -> AsyncIterator[PushService]:
    service = PushService(folder=folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder, "localhost"))
    app = web.Application()
    app.router.add_post("/{anything:.*}", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    service.origin = f"https://localhost:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
