"""What every room may lean on: actor, settings, errors, database, events, web edge, language."""
