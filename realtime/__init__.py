"""
The socket edge.

A socket is a hint, the database is the truth: what travels here is ids only ("case X has changed,
up to 17"), and whoever may read fetches the change over HTTP, where session and membership are
asked again.  So neither a socket nor Redis ever carries anything readable, and no key.
"""

from realtime.server import Live, create_server

__all__ = ["Live", "create_server"]
