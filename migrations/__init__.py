"""The one history of the database, for SQLite and PostgreSQL; imports nothing of the portal."""
