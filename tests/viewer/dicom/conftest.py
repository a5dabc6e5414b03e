"""One pool of limited children for all tests of this room."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.viewer.dicom.making import DATA
from viewer.dicom import Canonical, Header, Pool, Refused, Undecodable

T = TypeVar("T")


class Reader:
    """The pool with plain calls, on an event loop that lives as long as it."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.pool = Pool(workers=1)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def inspect(self, files: Sequence[bytes]) -> list[Header | Refused]:
        return self.run(self.pool.inspect(files))

    def canonical(self, data: bytes) -> Canonical | Undecodable:
        return self.run(self.pool.canonical(data))

    def picture(self, data: bytes) -> Canonical:
        """Canonical frames of a file that has some."""
        found = self.canonical(data)
        assert isinstance(found, Canonical), found
        return found

    def close(self) -> None:
        self.run(self.pool.close())
        self._runner.close()


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with real test files beside the project."""
    if not DATA.is_dir():
        pytest.skip("no test files in ../shared/data")
    return DATA
