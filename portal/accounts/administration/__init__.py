"""Who decides about professionals, and what they decided."""
