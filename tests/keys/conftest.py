"""Throw-away key files, and the room configured with them on a database of its own."""

import pytest

from portal import keys, vault
from portal.core.db import Database
from portal.core.settings import Settings
from tests.keys.stories import People


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> vault.KeyFiles:
    folder = tmp_path_factory.mktemp("hds") / "keys"
    vault.make_key_files(folder)
    return vault.load_key_files(folder)


@pytest.fixture
def people(database: Database, settings: Settings, key_files: vault.KeyFiles) -> People:
    """Somebody to act, on a database with this room's tables."""
    keys.configure(key_files, settings)
    return People()
