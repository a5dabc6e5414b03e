"""
A thief with everything that is written anywhere, after people have used the whole portal.

T27: nothing that a person typed, uploaded or carries can be read in database, objects, temporary
files, logs, mails or Redis.  T11: nothing that lies there opens anything that was ever boxed.
"""

import asyncio
import io
import logging
import os
import sqlite3
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
import redis.asyncio
import socketio
from quart import Quart
from tortoise import Model
from tortoise.connection import get_connection

from cases import access
from cases.models import Community
from cases.search import archive
from portal import keys, logs, mailing, storing, studies
from portal.app import MODELS
from portal.core.actor import Secret
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.studies import parts
from tests import postgres
from tests.accounts.stories import activates, registers, sign_in
from tests.people import PASSWORD, World
from tests.proof.recording import Boxes, recording
from tests.proof.stage import JSON, Stage, Words, begun, entry_form, plan_form, set_up, written_post
from tests.thief import Find, look, look_into
from tests.viewer.dicom.making import parsed

WORDS: Final = Words(
    patient="Kanarienvogel^Wilhelmine",
    patient_id="PID-KANARIE-4711",
    description="Kanarienschaedel nativ",
    community="Kanarienkreis Nordwest",
    title="Kanarienherd links temporal",
    question="Kanarienfrage: kontrollieren?",
    thread="Kanarienfaden zwei",
    post="Kanarienbefund, eher gutartig",
    drawn="Kanarienpfeil",
    finding="Kanarienblatt: Rundherd links, Kontrolle",
    file="Kanariendatei vom Maerz.pdf",
    medicine="Kanarienpille forte",
    diary="Kanariennacht, wieder das Knie",
)
SOUGHT: Final = "Kanarienbefund"
EDITED: Final = "Kanarienbefund, doch boesartig"
MAILED: Final = "kanaria.mailbox@example.test"
NEXT_PASSWORD: Final = "a canary hums under 7 quiet arches"
BROKEN: Final = b"KANARIEN-DATEI " * 40
OF_THE_MIGRATIONS: Final = {"tortoise_migrations", "sqlite_sequence"}
SHORTEST_BOX: Final = 73
PUBLIC_KEY: Final = 1216
"""Bytes; a public key that begins like a box is none."""


@dataclass
class Spoils:
    """What the thief holds, and what an honest test knows."""

    stage: Stage
    logged: io.StringIO
    published: list[bytes] = field(default_factory=list)
    health: list[str | bytes] = field(default_factory=list)
    secrets: list[str | bytes] = field(default_factory=list)
    names: list[str | bytes] = field(default_factory=list)

    @property
    def canaries(self) -> list[str | bytes]:
        """Everything that must not be readable."""
        return [*self.health, *self.secrets, *self.names]


@pytest.fixture
def settings(
    settings: Settings, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """With Redis, every temporary file below the data folder, and an index sealed at once."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(archive, "SEAL_AFTER", 1)
    return replace(settings, redis_url=redis_url)


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> Boxes:
    """Everything the vault makes from now on."""
    return recording(monkeypatch)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged anywhere, at DEBUG but for what the portal itself keeps quiet."""
    written, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(written), root.level
    handler.setFormatter(logs.Discreet(logs.FORMAT))
    logs.hush()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
async def published(redis_url: str) -> AsyncIterator[list[bytes]]:
    """Everything that is said in Redis, on any channel."""
    heard: list[bytes] = []
    client = redis.asyncio.from_url(redis_url)
    async with client.pubsub(ignore_subscribe_messages=True) as channels:
        await channels.psubscribe("*")

        async def listen() -> None:
            async for said in channels.listen():
                heard.extend((said["channel"], said["data"]))

        listening = asyncio.create_task(listen())
        yield heard
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    await client.aclose()


@pytest.fixture
async def spoils(
    logged: io.StringIO, boxes: Boxes, published: list[bytes], world: World, server: str
) -> Spoils:
    """After people have used the whole portal."""
    stage = await set_up(world, WORDS)
    spoils = Spoils(stage, logged, published)
    await _somebody_joins(spoils)
    await _people_talk(stage, server)
    await _things_go_wrong(stage)
    await _remember(spoils)
    return spoils


async def _somebody_joins(spoils: Spoils) -> None:
    """Registers, activates, signs in, changes the password, through the pages."""
    world, browser = spoils.stage.world, spoils.stage.world.browser()
    code = await registers(browser, mail=MAILED, name="Wilhelmine Kanarienvogel")
    await activates(browser, await world.link_for(MAILED), code)
    assert (await sign_in(world, MAILED)).status_code == 303
    member = spoils.stage.browsers["outsider"]
    changed = await member.post(
        "/profile/password", form={"present": PASSWORD, "password": NEXT_PASSWORD}
    )
    assert changed.status_code == 303
    spoils.secrets += [code, code.replace("-", ""), NEXT_PASSWORD]


async def _people_talk(stage: Stage, server: str) -> None:
    """Read, search, look at images, react, edit, listen."""
    member, author, ids = stage.browsers["member"], stage.browsers["author"], stage.ids
    name = cookie_name(stage.world.settings)
    ear = socketio.AsyncClient(reconnection=False)
    headers = {"Origin": server, "Cookie": f"{name}={member.cookie(name)}"}
    await ear.connect(server, headers=headers, transports=["websocket"])
    assert await ear.call("typing", {"case": ids["case"], "thread": ids["thread"]}) == {"ok": True}
    for path in (
        f"/cases/{ids['case']}", f"/cases/{ids['case']}/changes", "/documents", "/communities",
        f"/v/{ids['study_id']}", f"/v/{ids['study_id']}/open", f"/posts/{ids['post_id']}/picture",
        f"/v/{ids['study_id']}/i/{ids['instance']}/original", f"/communities/{ids['community']}",
        f"/v/{ids['study_id']}/i/{ids['enclosed']}/document",
    ):  # fmt: skip
        assert (await member.get(path)).status_code == 200, path
    document = f"/d/{ids['document_id']}"
    for path in (document, f"{document}/pages/1", f"{document}/original", "/documents"):
        assert (await author.get(path)).status_code == 200, path
    plan = f"/plans/{ids['record_id']}"
    stronger = plan_form(stage, 1, **{"l-0-strength": "Kanarienmass"})
    assert (await author.post(f"{plan}/edit", form=stronger)).status_code == 303
    for path in (plan, f"{plan}/history", f"{plan}/print", "/plans"):
        assert (await author.get(path)).status_code == 200, path
    proof = {"proof_password": PASSWORD, "to": "/profile/export"}
    assert (await author.post("/confirm", form=proof)).status_code == 307
    everything = await author.get("/profile/export/archive")
    assert everything.status_code == 200
    assert WORDS.post.encode() in await everything.get_data(as_text=False)
    await _keeps_a_diary(stage)
    edit = {"text": EDITED, "rev": "1"}
    await author.post(f"/posts/{ids['post_id']}", form=edit)
    await member.post(f"/posts/{ids['post_id']}/reactions", form={"kind": "agree"})
    await written_post(stage, "member", {"text": f"{SOUGHT} seconded", "client_id": ids["post_id"]})
    found = await member.post("/search", form={"q": SOUGHT})
    assert "<mark>" in await found.get_data(as_text=True)
    await ear.disconnect()


async def _keeps_a_diary(stage: Stage) -> None:
    """Writes on, moves an entry to another month, prints, deletes."""
    author, entry = stage.browsers["author"], f"/diary/{stage.ids['entry_id']}"
    moved = entry_form(stage, 1, when="2026-04-12T08:30", symptoms="Kanarienschwindel")
    assert (await author.post(f"{entry}/edit", form=moved)).status_code == 303
    span = {"since": "2026-04-01", "until": "2026-04-30", "kind": ""}
    for path in ("/diary", "/diary/print", "/diary/table"):
        assert (await author.post(path, form=span)).status_code == 200, path
    assert (await author.get(f"{entry}/history")).status_code == 200
    wrong = entry_form(stage, pulse=stage.words.diary)
    assert (await author.post("/diary/new", form=wrong)).status_code == 422
    assert (await author.post(f"{entry}/bin")).status_code == 303


async def _things_go_wrong(stage: Stage) -> None:
    """Refused files, half uploads, forms full of mistakes: errors are what loggers quote."""
    patient, author = stage.browsers["patient"], stage.browsers["author"]
    upload = await begun(patient)
    cut = stage.image[: len(stage.image) // 2]
    await patient.put(
        f"/uploads/{upload}/parts/1", data=parts.build([(1, BROKEN), (2, cut)]), headers=JSON
    )
    large = stage.image + bytes(parts.PIECE)
    pieces = parts.build_pieces(3, large)
    await patient.put(f"/uploads/{upload}/parts/2", data=pieces[0], headers=JSON)
    for path, sent in (
        (f"/threads/{stage.ids['thread']}/posts", {"text": WORDS.post * 1000}),
        (f"/cases/{stage.ids['case']}/edit", {"title": WORDS.title, "rev": WORDS.question}),
        ("/search", {"q": f"before:{SOUGHT}"}),
        ("/search", {"q": SOUGHT, "page": SOUGHT}),
        ("/sign-in", {"mail": MAILED, "password": WORDS.post}),
    ):
        assert (await author.post(path, form=sent)).status_code < 500
    identity = {"name": WORDS.patient, "birth_date": WORDS.patient_id, "sex": "F"}
    await patient.post("/uploads/identity", json=identity, headers=JSON)


async def _remember(spoils: Spoils) -> None:
    stage, image = spoils.stage, parsed(spoils.stage.image)
    uids = [str(image[name].value) for name in (
        "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
    )]  # fmt: skip
    spoils.health += [*vars(WORDS).values(), "Wilhelmine", SOUGHT, EDITED, BROKEN[:256], "19560401"]
    spoils.health += ["Kanarienmass", "before breakfast", "Kanarienschwindel", "Peak flow"]
    spoils.health += [
        stage.paper[64:320],
        "Kanariendatei",
        *uids,
        image.PixelData[4096:4352],
        stage.image[-512:-256],
    ]
    spoils.names += [*(each.name for each in stage.people.values()), "Kanarienvogel"]
    spoils.names += [MAILED, *(each.mail for each in stage.people.values())]
    spoils.secrets += [PASSWORD, *(each.code for each in stage.people.values())]
    spoils.secrets += await _key_material(stage)


async def _key_material(stage: Stage) -> list[str | bytes]:
    """Roots, study keys, roots of the community, cookies and tokens."""
    found: list[str | bytes] = [each.actor.root.reveal() for each in stage.people.values()]
    author, study = stage.people["author"], UUID(stage.ids["study_id"])
    found.append((await studies.own_key(author.actor, study)).reveal())
    opened = await access.community_for(author.actor, stage.community)
    found += [root.reveal() for root in opened.roots.values()]
    name = cookie_name(stage.world.settings)
    for browser in stage.browsers.values():
        if cookie := browser.cookie(name):
            found += [cookie, keys.csrf_token(cookie), stage.ids["token"]]
    half = stage.browsers["half"].cookie(f"{name}-half")
    assert half is not None
    return [*found, half, *stage.factors]


async def rows() -> list[Model]:
    """Every row of every table."""
    return [row for kind in models() for row in await kind.all()]


def models() -> Iterator[type[Model]]:
    """Every table the portal knows."""
    for name in MODELS:
        for each in vars(import_module(name)).values():
            if isinstance(each, type) and issubclass(each, Model) and each.__module__ == name:
                yield each


def values(found: Sequence[Model]) -> Iterator[bytes]:
    """Every value of every row as bytes."""
    for row in found:
        for name in row._meta.db_fields:
            value = getattr(row, name)
            yield value if isinstance(value, bytes) else str(value).encode()


async def stolen(spoils: Spoils) -> list[Find]:
    """What can be read of the canaries, wherever anything is written."""
    data = spoils.stage.world.settings.data
    canaries = spoils.canaries
    return [
        *look([data], canaries),  # SQLite with its log, objects, temporary files, key files
        *look_into(b"\n".join(values(await rows())), "rows", canaries),
        *look_into(spoils.logged.getvalue().encode(), "log", canaries),
        *look_into(b"\n".join(spoils.published), "Redis", canaries),
        *look_into("\n".join(os.environ.values()).encode(), "environment", canaries),
        *look_into(await dumped(spoils.stage.world.settings), "dump", canaries),
    ]


async def dumped(settings: Settings) -> bytes:
    """What a backup program writes of the database."""
    if settings.database_url.startswith("sqlite"):
        with closing(sqlite3.connect(settings.data / "portal.db")) as database:
            return "\n".join(database.iterdump()).encode()
    url = settings.database_url.replace("asyncpg://", "postgresql://")
    program = await asyncio.create_subprocess_exec(
        postgres.binaries() / "pg_dump", url, stdout=asyncio.subprocess.PIPE
    )
    written, _ = await program.communicate()
    assert program.returncode == 0
    return written


async def test_nothing_can_be_read_anywhere(spoils: Spoils, redis_url: str) -> None:
    assert not await stolen(spoils)

    assert any(b"hds:hints" in each for each in spoils.published), "Redis was not listened to"
    client = redis.asyncio.from_url(redis_url)
    assert await client.keys("*") == [], "Redis keeps something"
    await client.save()
    kept = await client.config_get("dir", "dbfilename")
    await client.aclose()
    dump = Path(str(kept["dir"]), str(kept["dbfilename"]))
    assert dump.read_bytes().startswith(b"REDIS")
    assert look([dump], spoils.canaries) == []

    await mails_say_nothing(spoils)
    await planted_leaks_are_found(spoils)


async def planted_leaks_are_found(spoils: Spoils) -> None:
    """The same scan, after one leak of each kind."""
    folder = spoils.stage.world.settings.data
    (folder / "objects" / "leak").write_bytes(b"noise" + zlib.compress(SOUGHT.encode() * 3))
    (folder / "tmp" / "upload.tmp").write_text(WORDS.patient, "utf-16-le")
    await Community.filter(id=spoils.stage.community).update(about=WORDS.community.encode())
    logging.getLogger("some.library").debug("cannot read %r", WORDS.patient_id)
    spoils.published.append(PASSWORD.encode().hex().encode())

    found = {
        (find.canary, find.where.split("/")[-1].split(",")[0]) for find in await stolen(spoils)
    }

    assert {
        (SOUGHT, "leak"), (WORDS.patient, "upload.tmp"), (WORDS.community, "rows"),
        (WORDS.patient_id, "log"), (PASSWORD, "Redis"),
    } <= found  # fmt: skip


async def mails_say_nothing(spoils: Spoils) -> None:
    """Only that something waits."""
    await mailing.PostOffice(replace(spoils.stage.world.settings, mail="mailbox")).deliver_due()
    mails = await mailing.newest()
    assert len(mails) >= 3

    for mail in mails:
        text = f"{mail.subject}\n{mail.text}".encode()
        secrets = [each for each in spoils.secrets if each != spoils.stage.ids["token"]]
        assert not look_into(text, mail.subject, [*spoils.health, *secrets, *spoils.names])


async def candidates(spoils: Spoils) -> tuple[list[Secret], list[Secret]]:
    """Every string of 16, 32 or 48 bytes as 32-byte keys; and the ends of every longer one."""
    store = storing.store_for(spoils.stage.world.settings)
    found = set(values(await rows()))
    objects = [UUID(path.name) for path in store_files(spoils)]
    found |= {await store.get(each) for each in objects}
    for value in list(found):
        with suppress(ValueError):
            found.add(bytes.fromhex(value.decode().replace("-", "")))
    whole = {key for value in found for key in _keys(value)}
    ends = {end for value in found for end in _ends(value)} - whole
    return [Secret(each) for each in sorted(whole)], [Secret(each) for each in sorted(ends)]


def store_files(spoils: Spoils) -> list[Path]:
    folder = spoils.stage.world.settings.object_folder
    return [path for path in folder.rglob("*") if path.is_file()]


def _keys(value: bytes) -> set[bytes]:
    match len(value):
        case 16 | 24:
            return {(value * 2)[:32], value.ljust(32, b"\0")}
        case 32 | 48:
            return {value[:32], value[-32:]}
    return set()


def _ends(value: bytes) -> set[bytes]:
    """Also what lies behind a version byte, and a box's commitment."""
    inside = (0, 1, 25, len(value) - 32)
    return {value[at : at + 32] for at in inside if 0 <= at <= len(value) - 32}


async def tables() -> set[str]:
    """Every table there is, as the database says."""
    database = get_connection("default")
    sqlite = database.capabilities.dialect == "sqlite"
    known = "sqlite_master WHERE type = 'table'" if sqlite else (
        "information_schema.tables WHERE table_schema = 'public'"
    )  # fmt: skip
    column = "name" if sqlite else "table_name"
    found = await database.execute_query_dict(f"SELECT {column} AS name FROM {known}")  # noqa: S608 -- no input
    return {str(each["name"]) for each in found}


async def test_every_table_is_dumped(app: Quart) -> None:
    kinds = {kind._meta.db_table for kind in models()}

    assert await tables() - OF_THE_MIGRATIONS == kinds


@pytest.mark.one_engine
async def test_nothing_stolen_opens_anything(spoils: Spoils, boxes: Boxes) -> None:
    """Every string that lies anywhere, as key, root or pepper, on every box and every seal."""
    await everything_was_recorded(spoils, boxes)
    whole, ends = await candidates(spoils)
    assert len(whole) > 200
    assert len(ends) > 200
    assert len(boxes.boxed) > 100
    assert len(boxes.sealed) > 5

    assert boxes.opened_by(whole) == []
    assert Boxes(boxes.boxed).opened_by(ends) == []
    # With a secret that is not written anywhere, the same tries do open boxes.
    author = spoils.stage.people["author"].actor
    study = await studies.own_key(author, UUID(spoils.stage.ids["study_id"]))
    assert len(boxes.opened_by([author.root])) >= 10
    assert len(boxes.opened_by([study])) >= 5


async def everything_was_recorded(spoils: Spoils, boxes: Boxes) -> None:
    """No box lies in the database or among the objects that is not tried."""
    lying = {value for value in values(await rows()) if value[:1] == b"\x01"}
    lying |= {path.read_bytes() for path in store_files(spoils)}
    known = {each.box for each in boxes.boxed} | {sealed for sealed, _ in boxes.sealed}
    unknown = {each for each in lying - known if len(each) >= SHORTEST_BOX}
    assert {each for each in unknown if len(each) != PUBLIC_KEY} == set()
