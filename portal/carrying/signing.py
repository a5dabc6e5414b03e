"""
Signing in at the keyboard: address, password and second step for a token.

What is typed goes to the portal and nowhere else.  A token that is not to be kept is for what this
run needs, and is revoked when it ends.
"""

import getpass
import platform
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from portal.carrying.line import BadUse, Line, NotLetIn, Refused, Say, Stop
from portal.carrying.tokens import Kept, keep_token, kept_token, like_a_token, usual_file
from portal.carrying.zips import AskPassword

TRIES: Final = 3
"""Wrong passwords, and wrong codes, until it ends."""
KEPT_DAYS: Final = 90
WATCHED_DAYS: Final = 90
DAYS: Final = 7
"""How long a token is good, if nobody revokes it: kept, for watching, and for anything else."""
TOKENS: Final = "/api/token"
BY_APP: Final = "Code from your authenticator app, or a recovery code: "
BY_PAPER: Final = "Recovery code, or the activation code from your Pass: "
NO_PASSKEY: Final = (
    "A passkey works in a browser only. Without the codes, sign in there, make a token under "
    "Profile, Access for programs, and run this again with it."
)
AGAIN: Final = frozenset({"wrong_proof", "used_code"})


class Keyboard(Protocol):
    """Whoever sits before it."""

    def line(self, asked: str) -> str:
        """What is typed, seen by everybody.  Raises `BadUse`."""

    def secret(self, asked: str) -> str:
        """What is typed without being shown.  Raises `BadUse`."""


class Terminal:
    """The one that this process was started from."""

    def line(self, asked: str) -> str:
        """See `Keyboard`."""
        sys.stderr.write(asked)  # what is printed on the other side may be kept in a file
        sys.stderr.flush()
        typed = sys.stdin.readline()
        if not typed:
            raise BadUse("nothing was typed")
        return typed.strip()

    def secret(self, asked: str) -> str:
        """See `Keyboard`."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)
                return getpass.getpass(asked)
        except getpass.GetPassWarning:
            raise BadUse("this terminal would show what is typed") from None
        except EOFError:
            raise BadUse("nothing was typed") from None


def password_for(keyboard: Keyboard, say: Say) -> AskPassword:
    """Asks for the password of a ZIP, which never leaves this machine."""

    def ask(path: Path, wrong: bool) -> str:  # noqa: FBT001 -- as it is called
        if wrong:
            say("This password does not open it.")
        return keyboard.secret(f"Password of {path.name} (nothing, to leave it out): ")

    return ask


@dataclass(frozen=True)
class Admission:
    """With which token to go on."""

    origin: str
    token: str
    passing: bool = False
    """It was made for this run."""

    def over(self, say: Say) -> None:
        """Revoke a token that was made for this run."""
        if self.passing:
            line = Line(self.origin, self.token, say)
            with suppress(Stop):  # it ends by itself, and its owner sees it in the profile
                line.ask_once("DELETE", TOKENS)
            line.close()


@dataclass(frozen=True)
class Wish:
    """What was said on the command line."""

    origin: str
    what: str
    """The command."""
    token_file: str | None = None
    anew: bool = False
    """Sign in, whatever lies ready."""


def admission(wish: Wish, env: Mapping[str, str], keyboard: Keyboard, say: Say) -> Admission:
    """By the token that lies ready, or by signing in.  Raises `Stop`."""
    kept = None if wish.anew else kept_token(env, wish.token_file)
    if kept is not None:
        return Admission(_for_this_portal(wish.origin, kept), kept.token)
    if not sys.stdin.isatty():
        where = usual_file(env)
        raise BadUse(f"no token: set HDS_TOKEN, or put it into {where} (readable by you alone)")
    line = Line(wish.origin, "", say)
    try:
        return _typed(line, wish, env, keyboard, say)
    finally:
        line.close()


def _for_this_portal(origin: str, kept: Kept) -> str:
    """A token goes to no other portal than the one it was made by."""
    if kept.origin and origin and Line(origin, "", lambda _: None).origin != kept.origin:
        raise BadUse(
            f"the token in {kept.file} is for {kept.origin}: use --sign-in, or another --token-file"
        )
    return origin or kept.origin


def _typed(
    line: Line, wish: Wish, env: Mapping[str, str], keyboard: Keyboard, say: Say
) -> Admission:
    say(f"Signing in to {line.origin}")
    mail = keyboard.line("E-mail address (nothing, to type a token instead): ")
    if not mail:
        token = like_a_token(keyboard.secret("Token (Profile, Access for programs): "))
        return Admission(line.origin, token)
    file = usual_file(env)
    password = keyboard.secret("Password: ")
    keeps = keyboard.line(f"Keep a token in {file}, to need no password next time? [y/N] ")
    is_kept = keeps.lower() in {"y", "yes"}
    said = {"mail": mail, "password": password} | _wanted(wish.what, kept=is_kept)
    token = _exchanged(line, said, keyboard, say)
    admitted = Admission(line.origin, token, passing=not is_kept)
    if is_kept:
        try:
            keep_token(file, token, line.origin)
        except BadUse as problem:
            say(f"{problem}; it is used for this run")
            return Admission(line.origin, token, passing=True)
        say(f"kept in {file} for {KEPT_DAYS} days; revoke it under Profile, Access for programs")
    return admitted


def _wanted(what: str, *, kept: bool) -> dict[str, Any]:
    """What the token is for: no more than needed."""
    needed = ["read"] if what == "download" else ["add"]
    days = KEPT_DAYS if kept else WATCHED_DAYS if what == "watch" else DAYS
    label = f"Command line on {platform.node() or 'a computer'}"[:100]
    return {"label": label, "scopes": ["read", "add"] if kept else needed, "days": days}


def _exchanged(line: Line, said: dict[str, Any], keyboard: Keyboard, say: Say) -> str:
    """The token for what was typed; asked again a few times where that may help."""
    passwords = codes = 1
    while True:
        try:
            return str(line.ask_once("POST", TOKENS, said)["token"])
        except NotLetIn as refusal:
            if refusal.error == "second_step":
                said["code"] = _code(refusal, keyboard, say)
            elif refusal.error in AGAIN and codes < TRIES:
                codes += 1
                say(refusal.words)
                said["code"] = keyboard.secret("Code: ")
            elif refusal.error == "wrong_sign_in" and passwords < TRIES:
                passwords += 1
                say(refusal.words)
                said["password"] = keyboard.secret("Password: ")
            elif refusal.error == "cross_site":
                raise BadUse("sign in at the address that the portal's pages have") from None
            else:
                raise
        except Refused as refusal:
            raise NotLetIn(refusal.words, refusal.error) from None


def _code(refusal: NotLetIn, keyboard: Keyboard, say: Say) -> str:
    say(refusal.words)
    if not refusal.app:
        say(NO_PASSKEY)
    typed = keyboard.secret(BY_APP if refusal.app else BY_PAPER)
    if not typed:
        raise BadUse("no code was typed. " + NO_PASSKEY)
    return typed
