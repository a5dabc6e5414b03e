"""A mail server of the test, with the habits of real ones."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """An SMTP server on a free port: what it took, and what it is told to answer."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answer: str = "250 OK"
    pause: float = 0.0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.pause)
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.received.append(mail)
        self.recipients += envelope.rcpt_tos
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"


Serve = Callable[..., Awaitable[MailServer]]


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, login: LoginPassword | None = None, port: int = 0
) -> AsyncIterator[MailServer]:
    """Serve; with *tls* the server insists on STARTTLS, with *login* on that name and password."""
    box = MailServer()

    def check(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data == login)

    def protocol() -> SMTP:
        return SMTP(
            box,
            hostname="mail.test",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=check if login else None,
            auth_required=login is not None,
            enable_SMTPUTF8=True,
        )

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port)
    box.port = listening.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        listening.close()
        await listening.wait_closed()


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    """A server that takes every mail, without encryption."""
    async with mail_server() as box:
        yield box
