"""Bringing a database to the tables of this release, without losing a row on the way."""

from portal.migrating.service import (
    Carry,
    Config,
    MigrationFailed,
    migrate,
    pending,
    unwritten,
    write,
)

__all__ = ["Carry", "Config", "MigrationFailed", "migrate", "pending", "unwritten", "write"]
