"""
What every test may ask for.

`database` is a fresh database of its own and makes it current; `app` is the whole portal, started;
`server` serves it on a real port; `world` knows people.  Tests that use the database run on SQLite,
and with `--engine both` on PostgreSQL as well, except those that drive a browser (unless marked
`every_engine`) and those marked `one_engine`.  What is marked `every_store` runs once more on
SQLite with its objects in a bucket.
"""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from playwright.async_api import expect
from quart import Quart
from tortoise.backends.base import executor

from portal import keys
from portal.app import MODELS, create_app
from portal.core.db import Database, orm_config
from portal.core.settings import Settings
from portal.migrating import migrate
from portal.vault import KeyFiles, load_key_files, make_key_files
from tests import postgres as postgres_server
from tests import redis as redis_server
from tests.boxes import audit
from tests.people import World
from tests.s3 import S3
from tests.s3 import running as running_s3
from tests.serving import serving, started
from viewer.pdf import pool as pdf_pool

# What appears at all appears on a busy machine, too; how fast things are is for bench/ to say.
expect.set_options(timeout=20_000)

# How long an example takes says how busy the machine is, and nothing of the portal.
hypothesis.settings.register_profile(
    "whole", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("whole")

ENGINES: Final = {"sqlite": ["sqlite"], "postgres": ["postgres"], "both": ["sqlite", "postgres"]}
BROWSERS: Final = frozenset({"browser", "chromium", "page", "sits"})
"""Fixtures that start a real browser."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=ENGINES,
        default="sqlite",
        help="the database that tests run on; `make test` uses both",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    engines = ENGINES[metafunc.config.getoption("engine")]
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if {"one_engine", "every_engine"} <= marks:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} is marked for one engine and for all"
        )
    drives = BROWSERS & set(metafunc.fixturenames) and "every_engine" not in marks
    if drives or "one_engine" in marks:
        engines = ["sqlite"]
    if "every_store" in marks and "sqlite" in engines:
        engines = [*engines, "bucket"]
    metafunc.parametrize("engine", engines, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and BROWSERS & set(item.fixturenames):
            item.add_marker("browser")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    # Tortoise keeps prepared statements by the connection's name, which both engines share.
    executor.EXECUTOR_CACHE.clear()
    return str(request.param)


class Templates:
    """Migrated, empty databases, made once per process and copied for every test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite: Path | None = None
        self._postgres: str | None = None

    async def sqlite(self, copy: Path) -> str:
        if self._sqlite is None:
            file = self._folder / "template.db"
            await migrate(orm_config(f"sqlite://{file}", MODELS))
            self._sqlite = file
        shutil.copyfile(self._sqlite, copy)
        return f"sqlite://{copy}?busy_timeout=10000&synchronous=OFF"

    async def postgres(self, server: postgres_server.Postgres) -> str:
        if self._postgres is None:
            template = await server.create()
            await migrate(orm_config(server.url(template), MODELS))
            self._postgres = template
        return await server.create(self._postgres)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Postgres]:
    """A PostgreSQL server of this test process."""
    with postgres_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis server of this test process."""
    with redis_server.running() as url:
        yield url


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 server of this test process."""
    with running_s3(tmp_path_factory.mktemp("s3")) as service:
        yield service


@pytest.fixture
async def database_url(
    engine: str, request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> AsyncIterator[str]:
    """An empty database with the tables of today."""
    if engine != "postgres":
        yield await templates.sqlite(tmp_path / "portal.db")
        return
    server = request.getfixturevalue("postgres")
    name = await templates.postgres(server)
    yield server.url(name)
    await server.drop(name)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A free port, already ours."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="session")
def key_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "keys"
    make_key_files(folder)
    return folder


@pytest.fixture
def key_folder(key_template: Path, tmp_path: Path) -> Path:
    """Throw-away key files."""
    shutil.copytree(key_template, tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def key_files(key_folder: Path) -> KeyFiles:
    """The same, opened; needs no database."""
    return load_key_files(key_folder)


@pytest.fixture
def object_store(engine: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings that say where objects lie: a folder, or a new bucket."""
    if engine != "bucket":
        return {}
    service: S3 = request.getfixturevalue("s3")
    return {"object_store": service.bucket(), "object_key_file": service.key_file}


@pytest.fixture
def settings(
    tmp_path: Path,
    database_url: str,
    key_folder: Path,
    key_files: KeyFiles,
    listener: socket.socket,
    object_store: dict[str, Any],
) -> Settings:
    settings = Settings(
        data=tmp_path,
        database_url=database_url,
        key_folder=key_folder,
        public_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
        mail="mailbox",
        password_memory_mib=46,  # the lowest that the vault accepts
        password_rounds=1,
        decoders=1,
        second_factor="offered",
        **object_store,
    )
    keys.configure(key_files, settings)
    return settings


class CompiledTemplates(BytecodeCache):
    """What Jinja made of each template, for all portals that a test process starts."""

    def __init__(self) -> None:
        self._made: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if made := self._made.get(f"{bucket.key} {bucket.checksum}"):
            bucket.bytecode_from_string(made)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def children_may_wait_for_the_machine() -> Iterator[None]:
    """A document is given up after the time it computes, not after that of a busy machine."""
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(pdf_pool, "LOOK_WALL", 120.0)
        yield


@pytest.fixture(scope="session")
def compiled_templates() -> CompiledTemplates:
    return CompiledTemplates()


@pytest.fixture
async def app(
    settings: Settings, request: pytest.FixtureRequest, compiled_templates: CompiledTemplates
) -> AsyncIterator[Quart]:
    """
    The whole portal, started; queries of the test use its connections.

    Whatever a test has done, afterwards exactly the members can open what is theirs (T14).
    """
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    async with started(app):
        with app.extensions["hds"]["database"].current():
            yield app
            if request.node.get_closest_marker("tampers") is None:
                await audit()


@pytest.fixture
async def database_alone(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url, MODELS)
    await database.open()
    with database.current():
        yield database
    await database.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, settings: Settings) -> Database:
    """The open database; when the test also uses the portal, the portal's own."""
    if "app" in request.fixturenames:
        app: Quart = request.getfixturevalue("app")
        found: Database = app.extensions["hds"]["database"]
    else:
        found = request.getfixturevalue("database_alone")
    return found


@pytest.fixture
async def server(app: Quart, settings: Settings, listener: socket.socket) -> AsyncIterator[str]:
    """The address of the portal on a real port."""
    async with serving(app, settings, listener, lifespan="off") as url:
        yield url


@pytest.fixture
def world(app: Quart, settings: Settings) -> World:
    return World(app, settings)
