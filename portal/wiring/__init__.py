"""
What a room needs of rooms that it does not know, answered here, between them and `portal.app`.

Each of these is a parameter of the room that asks.
"""

from portal.wiring.activation import activated_first
from portal.wiring.faults import install_faults
from portal.wiring.news import listening_for_news
from portal.wiring.programs import recognising
from portal.wiring.viewing import Viewing
from portal.wiring.words import describing, wording

__all__ = [
    "Viewing",
    "activated_first",
    "describing",
    "install_faults",
    "listening_for_news",
    "recognising",
    "wording",
]
