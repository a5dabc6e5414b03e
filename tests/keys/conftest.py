"""Throw-away key files, and the room configured with them on a database of its own."""

import pytest

from portal import keys, vault
from portal.core.db import Database, now
from portal.core.settings import Settings
from portal.keys import sessions
from tests.keys.stories import Clock, People


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time for sessions stands still until the test lets it pass."""
    stands = Clock(now())
    monkeypatch.setattr(sessions, "now", stands)
    return stands
