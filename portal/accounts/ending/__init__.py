"""How an account ends, and everything with it."""
