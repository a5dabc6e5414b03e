"""Tokens of one's programs: made, listed, revoked."""
