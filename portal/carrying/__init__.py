"""
Files to and from a portal that runs elsewhere, from the command line.

Nothing but Python's own library is used, and nothing else of the portal: it runs wherever Python
does, on Linux, macOS and Windows, without installing what a server needs.
"""

from portal.carrying.command import COMMANDS, main

__all__ = ["COMMANDS", "main"]
