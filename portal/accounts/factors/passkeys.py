"""
Passkeys (WebAuthn level 3): what the browser is asked, and whether the answer is right.

User verification is always required, so a passkey is something one has and something one is or
knows.  Where the authenticator computes a secret (extension PRF), the browser derives 32 bytes from
it that the root lies under; py_webauthn knows no extensions, so the question gets them by hand.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import parse_client_data_json, structs
from webauthn.helpers.exceptions import WebAuthnException

from portal import keys
from portal.accounts.factors import challenges
from portal.accounts.factors.contents import Factors, Passkey
from portal.accounts.factors.errors import PasskeyCopied, PasskeyRefused, TooMany
from portal.core.actor import Actor, Secret
from portal.core.db import now
from portal.core.errors import reading
from portal.core.settings import Settings

MOST: Final = 10
PRF_INPUT: Final = hashlib.sha256(b"HealthDataSpace root under a passkey, 1").digest()
"""What authenticators compute their secret of: the same for all, as nobody is known yet."""
LONGEST_ANSWER: Final = 20_000
LONGEST_ID: Final = 1023
"""Bytes of a credential's id (WebAuthn L3, 7.1)."""
TIMEOUT_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Site:
    """Whose passkeys these are."""

    host: str
    """The relying party's id."""
    origin: str

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        """The portal under its public address."""
        return cls(urlsplit(settings.origin).hostname or "", settings.origin)

    @property
    def takes_passkeys(self) -> bool:
        """Browsers bind passkeys to names, never to numbers."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends for an authenticator."""

    credential: dict[str, Any]
    id: bytes
    challenge: bytes
    secret: Secret | None
    """Derived from the authenticator's secret, if it has any."""
    owner: bytes | None = None
    """Whose passkey the authenticator says it is (user handle); the id of an account of ours."""
    framed: bool = False
    """Given within a page of another site."""

    @classmethod
    def parse(cls, credential: str, secret: str) -> "Answer":
        """Raises `Invalid` for what no browser of ours sends."""
        with reading():
            if len(credential) > LONGEST_ANSWER:
                raise ValueError("too long")
            sent = json.loads(credential)
            said = _decoded(sent["response"]["clientDataJSON"])
            client, told = parse_client_data_json(said), json.loads(said)
            given = Secret(_decoded(secret)) if secret else None
            handle = sent["response"].get("userHandle")
            return cls(
                credential=sent,
                id=_decoded(sent["id"]),
                challenge=client.challenge,
                secret=given,
                owner=_decoded(handle) if handle else None,
                framed=bool(told.get("crossOrigin")) or "topOrigin" in told,
            )


async def ask_to_create(site: Site, owner: Actor, factors: Factors, mail: str) -> dict[str, Any]:
    """The question that makes a new passkey.  Raises `TooMany`."""
    if len(factors.passkeys) >= MOST:
        raise TooMany
    challenge = await challenges.ask("create", owner.session)
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="HealthDataSpace",
        user_id=owner.id.bytes,
        user_name=mail,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(factors),
    )
    return _with_prf(options)


async def create(site: Site, owner: Actor, factors: Factors, answer: Answer, name: str) -> Factors:
    """With the new passkey.  Raises `PasskeyRefused`, `ChallengeOver`, `TooMany`."""
    await challenges.take(answer.challenge, "create", owner.session)
    if len(factors.passkeys) >= MOST:
        raise TooMany
    try:
        made = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise PasskeyRefused from None
    if made.credential_id != answer.id or len(answer.id) > LONGEST_ID or answer.framed:
        raise PasskeyRefused
    return factors.with_passkey(
        Passkey(
            id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            added=now(),
            unlocks=answer.secret is not None,
            travels=made.credential_device_type is structs.CredentialDeviceType.MULTI_DEVICE,
        )
    )


async def ask_to_use(
    site: Site, purpose: str, asker: bytes, factors: Factors | None = None
) -> dict[str, Any]:
    """The question to a passkey of *factors*, or to any passkey that this browser has for us."""
    challenge = await challenges.ask(purpose, asker)
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_described(factors) if factors is not None else None,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return _with_prf(options)


def use(site: Site, factors: Factors, answer: Answer) -> Factors:
    """
    After the passkey was used; the caller has taken its challenge.

    Raises `PasskeyRefused`: not one of these, another site, no user verification, wrong signature,
    another kind of key than it was; and `PasskeyCopied` for a count that shows a copy.
    """
    known = factors.passkey(answer.id)
    if known is None or answer.framed:
        raise PasskeyRefused
    try:
        used = webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=0,  # compared below: a copy is told from a forgery
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise PasskeyRefused from None
    travels = used.credential_device_type is structs.CredentialDeviceType.MULTI_DEVICE
    if known.travels not in {None, travels}:
        raise PasskeyRefused
    counts = max(used.new_sign_count, known.sign_count) > 0
    if counts and used.new_sign_count <= known.sign_count:
        raise PasskeyCopied
    unlocks = known.unlocks or answer.secret is not None
    return factors.with_passkey(
        replace(
            known,
            sign_count=used.new_sign_count,
            last_use=now(),
            unlocks=unlocks,
            travels=travels,
        )
    )


async def keep_secret(owner: Actor, answer: Answer) -> None:
    """Put the root under what the passkey computes, so that it opens the account alone."""
    if answer.secret is not None:
        await keys.keep_passkey(keys.Holder.of(owner), answer.id, answer.secret)


def _described(factors: Factors) -> list[structs.PublicKeyCredentialDescriptor]:
    return [structs.PublicKeyCredentialDescriptor(id=each.id) for each in factors.passkeys]


def _with_prf(
    options: structs.PublicKeyCredentialCreationOptions | structs.PublicKeyCredentialRequestOptions,
) -> dict[str, Any]:
    question: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    salt = base64.urlsafe_b64encode(PRF_INPUT).decode().rstrip("=")
    return question | {"extensions": {"prf": {"eval": {"first": salt}}}}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
