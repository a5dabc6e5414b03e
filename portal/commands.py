"""What can be done from the command line.  Each command is a function of its arguments."""

import argparse
import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from portal import accounts, keys, mailing, migrating, storing, vault
from portal.app import MODELS, create_app
from portal.core.actor import AccountId
from portal.core.db import Database, orm_config
from portal.core.errors import PortalError
from portal.core.settings import Settings
from portal.server import keep_memory_private, server_for

T = TypeVar("T")
Environment = Mapping[str, str]

CARRY: migrating.Carry = {"0018_mark_on_the_second_factors": accounts.carry_over_factors}
"""Which migrations need more than SQL."""

DEMO_MARK = "demo-world"
"""The file in a data folder that says: the world in here is a demo's, and whole."""


class CannotRun(Exception):
    """Something outside the portal is in the way; the text says what to do."""


@dataclass(frozen=True)
class Command:
    name: str
    help: str
    run: Callable[[argparse.Namespace, Environment], None]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _parser: None


def init(_arguments: argparse.Namespace, env: Environment) -> None:
    """Make the key files, unless they are there: without them no password opens anything."""
    settings = Settings.read(env)
    _private_folder(settings.data)
    if (settings.key_folder / "pepper-1").exists():
        vault.load_key_files(settings.key_folder)
        print(f"key files are in {settings.key_folder}")
    else:
        vault.make_key_files(settings.key_folder)
        print(f"made key files in {settings.key_folder}: keep a copy of them where nobody else is")
    if vault.add_push_key(settings.key_folder):
        print("made a key for notices on devices: a copy belongs to the others")


def migrate(_arguments: argparse.Namespace, env: Environment) -> None:
    settings = Settings.read(env)
    _private_folder(settings.data)
    if (settings.key_folder / "pepper-1").exists():  # what some steps take along lies under them
        keys.configure(vault.load_key_files(settings.key_folder), settings)
    config = orm_config(settings.database_url, MODELS)
    try:
        applied = asyncio.run(migrating.migrate(config, carry=CARRY))
    except accounts.NoKeyFiles:
        raise CannotRun(
            f"the accounts in this database are carried over with the key files: "
            f"put them into {settings.key_folder} and run it again"
        ) from None
    print("\n".join(f"applied {name}" for name in applied) or "nothing to migrate")


def make_migrations(arguments: argparse.Namespace, _env: Environment) -> None:
    offline = orm_config("sqlite://:memory:", MODELS)
    written = asyncio.run(migrating.write(offline, arguments.name))
    print("\n".join(f"wrote {path.name}" for path in written) or "no changes")


def mail(_arguments: argparse.Namespace, env: Environment) -> None:
    """Say how the mails are going; no mail is named."""
    settings = Settings.read(env)
    found = asyncio.run(_with_database(settings, mailing.outbox()))
    print(f"{found.waiting} mails wait, {found.delayed} of them were tried in vain already")
    print(f"{found.undelivered} could not be delivered within the last day")


def professionals(arguments: argparse.Namespace, env: Environment) -> None:
    """Confirm a professional or take that back, on the word of whoever runs the portal."""
    settings = Settings.read(env)
    keys.configure(vault.load_key_files(settings.key_folder), settings)
    print(asyncio.run(_with_database(settings, _change_standing(arguments.what, arguments.mail))))


def administrators(arguments: argparse.Namespace, env: Environment) -> None:
    """Say who looks after the portal's people, make somebody an administrator, or end it."""
    settings = Settings.read(env)
    keys.configure(vault.load_key_files(settings.key_folder), settings)
    needs_factor = settings.second_factor == "required"
    work = _administer(arguments.what, arguments.mail, needs_factor=needs_factor)
    print(asyncio.run(_with_database(settings, work)))


async def _administer(what: str, mail: str, *, needs_factor: bool) -> str:
    if what == "list":
        return "\n".join(await accounts.addresses_of_administrators()) or "nobody"
    account = await _account_of(mail)
    if what == "remove":
        return "removed" if await accounts.dismiss(account) else "was none"
    await _say_who(account)
    await accounts.appoint(account)
    if needs_factor:
        # They are signed in with a password perhaps; the next sign-in asks for what is needed now.
        await keys.end_sessions(account)
        await keys.end_tokens(account)
    return "is an administrator now"


async def _with_database(settings: Settings, work: Coroutine[None, None, T]) -> T:
    database = Database(settings.database_url, MODELS)
    await database.open()
    try:
        with database.current():
            return await work
    except PortalError as error:
        raise CannotRun(error.message) from error
    finally:
        await database.close()


async def _account_of(mail: str) -> AccountId:
    account = await accounts.by_mail(mailing.read_address(mail))
    if account is None:
        raise CannotRun("no active account has this address")
    return account


async def _say_who(account: AccountId) -> None:
    """Name and licence number, before anything is changed: for seeing whether they fit."""
    card = await accounts.card(account)
    print(card.name if card else "this account has no card: it is no professional's")
    if licence := (await accounts.licences([account])).get(account):
        print(f"licence number {licence}")


async def _change_standing(what: str, mail: str) -> str:
    account = await _account_of(mail)
    if what == "withdraw":
        return "withdrawn" if await accounts.withdraw_confirmation(account) else "nobody had"
    seen = await accounts.card_versions([account])
    await _say_who(account)
    await accounts.confirm_and_write(account, accounts.OPERATOR, seen.get(account))
    return "confirmed"


def objects(_arguments: argparse.Namespace, env: Environment) -> None:
    """Name every stored object that rows rely on and that is not there."""
    settings = Settings.read(env)
    print(asyncio.run(_with_database(settings, _check_objects(storing.store_for(settings)))))


async def _check_objects(store: storing.Store) -> str:
    lost = [each for part in range(storing.PARTS) for each in await storing.missing(store, part)]
    lines = [f"missing: {each} of {holding}" for each, holding in lost]
    count = "1 object is" if len(lost) == 1 else f"{len(lost)} objects are"
    return "\n".join([*lines, f"{count} missing"])


def serve(_arguments: argparse.Namespace, env: Environment) -> None:
    settings = Settings.read(env)
    with _listening(settings) as listener:
        run_server(settings, listener)


def demo(arguments: argparse.Namespace, env: Environment) -> None:
    """
    Make a small world below the data folder, unless it is there already, and serve it.

    Its people's password is published, so they never move into a portal that is somebody's own.
    """
    from portal.demo import sign_ins  # here, so that a real portal never loads it

    url = f"http://127.0.0.1:{arguments.port}"
    given = {
        "HDS_DATA": arguments.data,
        "HDS_PORT": str(arguments.port),
        "HDS_PUBLIC_URL": url,
        "HDS_MAIL": "mailbox",
        "HDS_DEMO": "true",
        "HDS_SECOND_FACTOR": "offered",
    }
    kept = {name: value for name, value in env.items() if not name.startswith("HDS_")}
    settings = Settings.read(kept | given)
    whole = settings.data / DEMO_MARK
    if not whole.exists() and (settings.data / "portal.db").exists():
        raise CannotRun(
            f"{settings.data} holds a portal and no whole demo world: remove that folder if a demo "
            "was interrupted in it, or choose another one: make demo DATA=/some/folder"
        )
    with _listening(settings) as listener:
        init(arguments, given)
        migrate(arguments, given)
        _temporary_files_below(settings.data)
        if not whole.exists():
            _make_world(settings)
            whole.touch()
        print(sign_ins(url), flush=True)
        run_server(settings, listener)


def _make_world(settings: Settings) -> None:
    try:
        asyncio.run(_settle(settings))
    except asyncio.CancelledError:
        raise CannotRun(
            f"interrupted while the demo world was made: remove {settings.data} and run it again"
        ) from None


async def _settle(settings: Settings) -> None:
    """Let the demo's people move in through the portal's own services; SIGTERM ends it in order."""
    from portal.demo import world

    if work := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    print("making the demo world: people, images, a discussion …", flush=True)
    app = create_app(settings)
    async with app.test_app():
        with app.extensions["hds"]["database"].current():
            await world.build(app.extensions["hds"]["shelf"])


def run_server(settings: Settings, listener: socket.socket) -> None:
    """Serve until told to stop; refuses a database that is behind, and a damaged vault."""
    keep_memory_private()
    vault.self_test()
    vault.load_key_files(settings.key_folder)
    _temporary_files_below(settings.data)
    behind = asyncio.run(migrating.pending(orm_config(settings.database_url, MODELS)))
    if behind:
        raise CannotRun(f"the database lacks {', '.join(behind)}; run: python -m portal migrate")
    print(f"HealthDataSpace serves {settings.public_url}", flush=True)
    server_for(create_app(settings), settings).run(sockets=[listener])


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise CannotRun(
            f"cannot listen on {settings.host} port {settings.port} ({error.strerror}); "
            "choose another one, for example: make demo PORT=8123"
        ) from error


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _temporary_files_below(data: Path) -> None:
    """Whatever a library puts into a temporary file stays inside the data folder."""
    folder = data / "tmp"
    _private_folder(folder)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


def _named(parser: argparse.ArgumentParser) -> object:
    return parser.add_argument("--name", help="what the migration does, in a few words")


def _about_mail(parser: argparse.ArgumentParser) -> object:
    return parser.add_argument("what", choices=["status"], help="what to say about the mails")


def _about_objects(parser: argparse.ArgumentParser) -> object:
    return parser.add_argument("what", choices=["check"], help="what to do")


def _about_whom(parser: argparse.ArgumentParser) -> object:
    parser.add_argument("what", choices=["confirm", "withdraw"], help="what to do")
    return parser.add_argument("mail", help="the e-mail address of the account")


def _about_administrators(parser: argparse.ArgumentParser) -> object:
    parser.add_argument("what", choices=["add", "remove", "list"], help="what to do")
    return parser.add_argument("mail", nargs="?", default="", help="the account's e-mail address")


def _where(parser: argparse.ArgumentParser) -> object:
    parser.add_argument("--data", required=True, help="folder for everything that is written")
    return parser.add_argument("--port", type=int, default=8000)


COMMANDS = (
    Command("init", "make the key files", init),
    Command("migrate", "bring the database to the tables of this release", migrate),
    Command("makemigrations", "write what the models lack in migrations/", make_migrations, _named),
    Command("serve", "run the portal", serve),
    Command("mail", "say how the mails are going: python -m portal mail status", mail, _about_mail),
    Command(
        "professional",
        "confirm that an account is a health professional's, or take that back",
        professionals,
        _about_whom,
    ),
    Command(
        "administrator",
        "say who confirms professionals in the portal, or change it",
        administrators,
        _about_administrators,
    ),
    Command(
        "objects",
        "name stored objects that are missing on the disk: python -m portal objects check",
        objects,
        _about_objects,
    ),
    Command("demo", "run a portal with an invented world in it", demo, _where),
)
