"""
A thief with everything that is written anywhere, after people have used the whole portal.

T27: nothing that a person typed, uploaded or carries can be read in database, objects, temporary
files, logs, mails or Redis.  T11: nothing that lies there opens anything that was ever boxed.
"""

import asyncio
import io
import logging
import os
import random
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
import redis.asyncio
import socketio
from tortoise import Model

from cases import access
from cases.models import Community
from cases.search import archive
from portal import keys, logs, mailing, storing, studies, vault
from portal.app import MODELS
from portal.core.actor import Secret
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.studies import parts
from tests.accounts.stories import activates, registers, sign_in
from tests.people import PASSWORD, World
from tests.proof.stage import JSON, Stage, Words, begun, set_up, written_post
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
)
SOUGHT: Final = "Kanarienbefund"
EDITED: Final = "Kanarienbefund, doch boesartig"
MAILED: Final = "kanaria.mailbox@example.test"
NEXT_PASSWORD: Final = "a canary hums under 7 quiet arches"
BROKEN: Final = b"KANARIEN-DATEI " * 40
TRIES: Final = 60_000
LABELS: Final = ("text", "deks", "index", "chain", "member", "hpke", "outer", "mail", "pass")


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


@dataclass
class Boxes:
    """Every box and seal the portal made, with the context it is bound to."""

    boxed: list[tuple[bytes, bytes]] = field(default_factory=list)
    sealed: list[tuple[bytes, bytes]] = field(default_factory=list)


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
    """Records what the vault makes from now on."""
    made, box, seal = Boxes(), vault.boxes.box, vault.seal

    def recording(key: Secret, plain: bytes, context: bytes) -> bytes:
        boxed = box(key, plain, context)
        made.boxed.append((boxed, context))
        return boxed

    def sealing(public: bytes, secret: Secret, info: bytes) -> bytes:
        sealed = seal(public, secret, info)
        made.sealed.append((sealed, info))
        return sealed

    monkeypatch.setattr(vault.boxes, "box", recording)  # what box_secret uses
    monkeypatch.setattr(vault, "box", recording)
    monkeypatch.setattr(vault, "seal", sealing)
    return made


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
    edit = {"text": EDITED, "rev": "1"}
    await author.post(f"/posts/{ids['post_id']}", form=edit)
    await member.post(f"/posts/{ids['post_id']}/reactions", form={"kind": "agree"})
    await written_post(stage, "member", {"text": f"{SOUGHT} seconded", "client_id": ids["post_id"]})
    found = await member.post("/search", form={"q": SOUGHT})
    assert "<mark>" in await found.get_data(as_text=True)
    await ear.disconnect()


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
    return found


async def rows() -> list[Model]:
    """Every row of every table."""
    found: list[Model] = []
    for name in MODELS:
        kinds = [each for each in vars(import_module(name)).values() if isinstance(each, type)]
        for kind in kinds:
            if issubclass(kind, Model) and kind.__module__ == name:
                found += await kind.all()
    return found


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
    ]


async def test_nothing_can_be_read_anywhere(spoils: Spoils, redis_url: str) -> None:
    assert not await stolen(spoils)

    assert any(b"hds:hints" in each for each in spoils.published), "Redis was not listened to"
    client = redis.asyncio.from_url(redis_url)
    assert await client.keys("*") == [], "Redis keeps something"
    await client.aclose()

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
        assert not look_into(text, mail.subject, [*spoils.health, *secrets])


async def candidates(spoils: Spoils) -> list[Secret]:
    """Every string of 16, 32 or 48 bytes, and the ends of every longer one, as 32-byte keys."""
    store = storing.Store(spoils.stage.world.settings)
    found = set(values(await rows()))
    objects = [UUID(path.name) for path in store_files(spoils)]
    found |= {await store.get(each) for each in objects}
    keys_: set[bytes] = set()
    for value in found:
        with suppress(ValueError):
            keys_ |= _keys(bytes.fromhex(value.decode().replace("-", "")))
        keys_ |= _keys(value)
    return [Secret(each) for each in sorted(keys_)]


def store_files(spoils: Spoils) -> list[Path]:
    folder = spoils.stage.world.settings.object_folder
    return [path for path in folder.rglob("*") if path.is_file()]


def _keys(value: bytes) -> set[bytes]:
    if len(value) in {16, 24}:
        return {(value * 2)[:32], value.ljust(32, b"\0")}
    if len(value) == 48:
        return {value[:32], value[16:]}
    inside = (0, 1, 25, len(value) - 32)  # behind the version byte; a box's commitment; the end
    return {value[at : at + 32] for at in inside if 0 <= at <= len(value) - 32}


def opened(boxes: Boxes, found: Sequence[Secret], tries: int) -> int:
    """How many boxes and seals open, of at most *tries* of each; each candidate gets its share."""
    dice, count = random.Random(11), 0
    share = max(1, tries // max(1, len(found)))
    for candidate in found:
        for key in (candidate, *(vault.sub_key(candidate, label) for label in LABELS)):
            for boxed, context in dice.sample(boxes.boxed, min(share, len(boxes.boxed))):
                with suppress(vault.Tampered):
                    vault.unbox(key, boxed, context)
                    count += 1
    for candidate in dice.sample(found, min(len(found), tries // 60)):
        pair = vault.key_pair(candidate)
        for sealed, info in dice.sample(boxes.sealed, min(share, len(boxes.sealed))):
            with suppress(vault.Tampered):
                vault.unseal(pair, sealed, info)
                count += 1
    return count


async def test_nothing_stolen_opens_anything(spoils: Spoils, boxes: Boxes) -> None:
    found = await candidates(spoils)
    assert len(found) > 500
    assert len(boxes.boxed) > 100
    assert len(boxes.sealed) > 5

    assert opened(boxes, found, TRIES // 10) == 0
    # With a root that is not written anywhere, the same tries do open boxes.
    author = spoils.stage.people["author"].actor
    study = await studies.own_key(author, UUID(spoils.stage.ids["study_id"]))

    assert opened(boxes, [author.root], 10_000) >= 3
    assert opened(boxes, [study], 10_000) >= 2
