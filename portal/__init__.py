"""HealthDataSpace: the Quart application and its rooms (docs/architecture.md names them)."""
