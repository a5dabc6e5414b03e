"""What leads from `tests.migrating.before` to `tests.migrating.after`."""
