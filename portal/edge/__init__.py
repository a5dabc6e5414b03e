"""
Before the application: what a connection, a body, a sign-in and a socket may take of the process.

Everything here is decided before a page's own code runs, from counts and clocks of this process.
"""

from portal.edge.admissions import Admission
from portal.edge.asgi import Edge
from portal.edge.bodies import Patience, TooSlow
from portal.edge.lines import Crowd, line_type
from portal.edge.networks import network_of
from portal.edge.paces import Pace
from portal.edge.requests import Request
from portal.edge.socket_lines import SAY, Say, SocketLine
from portal.edge.sockets import settle
from portal.edge.turnstiles import Turnstile

__all__ = [
    "SAY",
    "Admission",
    "Crowd",
    "Edge",
    "Pace",
    "Patience",
    "Request",
    "Say",
    "SocketLine",
    "TooSlow",
    "Turnstile",
    "line_type",
    "network_of",
    "settle",
]
