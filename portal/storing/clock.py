"""
The one clock by which objects come and go: the database's.

A node whose own clock is wrong then removes nothing that another one still needs (security.md F29).
"""

from datetime import UTC, datetime
from typing import Final

from tortoise.connection import get_connection

POSTGRES: Final = (
    "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') AS moment"
)
SQLITE: Final = "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now') AS moment"


async def database_now() -> datetime:
    """The database's time, aware and in UTC."""
    connection = get_connection("default")
    statement = POSTGRES if connection.capabilities.dialect == "postgres" else SQLITE
    (row,) = await connection.execute_query_dict(statement)
    return datetime.fromisoformat(row["moment"]).replace(tzinfo=UTC)
