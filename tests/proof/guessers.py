"""One of several portal processes at whose door somebody guesses: prints how many tries it took."""

import asyncio
import sys
from pathlib import Path

from portal import keys
from portal.accounts.errors import Stopped, TooManyTries
from portal.accounts.guessing import SIGN_INS
from portal.accounts.throttles import count
from portal.app import MODELS
from portal.core.db import Database
from portal.core.settings import Settings
from portal.vault import load_key_files


async def guess(settings: Settings, tries: int) -> int:
    """How many of so many tries at once are taken."""
    keys.configure(load_key_files(settings.key_folder), settings)
    database = Database(settings.database_url, MODELS)
    await database.open()

    async def one() -> bool:
        try:
            await count(SIGN_INS, "erika")
        except (TooManyTries, Stopped):
            return False
        return True

    try:
        with database.current():
            return sum(await asyncio.gather(*(one() for _ in range(tries))))
    finally:
        await database.close()


if __name__ == "__main__":
    url, folder, number = sys.argv[1:]
    given = Settings(data=Path(folder).parent, database_url=url, key_folder=Path(folder))
    sys.stdout.write(str(asyncio.run(guess(given, int(number)))))
