"""Photos: recognised and checked by their frame anywhere, drawn and cleaned in limited children.

`kind_of` and `fault_of` only follow lengths from one part of a file to the next, in steps that are
counted. `drawing` decodes, and runs nowhere but in the child.
"""

from viewer.photos.facts import FORMATS, LARGEST, MOST_PIXELS, SAYS, Kind, kind_of
from viewer.photos.framing import fault_of, size_of

__all__ = ["FORMATS", "LARGEST", "MOST_PIXELS", "SAYS", "Kind", "fault_of", "kind_of", "size_of"]
