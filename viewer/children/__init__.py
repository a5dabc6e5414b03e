"""Limited child processes: hostile bytes are only ever read behind their limits.

Whoever reads a kind of file has a module that runs in the children (`serving`, behind `limits`)
and a pool on the portal's side that asks them (`Children`). Nothing here knows what is read.
"""

from viewer.children.pool import Buffer, Children, Data, PoolFull, joined, understood
from viewer.children.process import ChildLost

__all__ = [
    "Buffer",
    "ChildLost",
    "Children",
    "Data",
    "PoolFull",
    "joined",
    "understood",
]
