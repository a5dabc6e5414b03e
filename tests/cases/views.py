"""A view of one image, as the viewer pins it to a post."""

from typing import Any
from uuid import UUID, uuid4

JPEG = b"\xff\xd8\xff\xe0" + b"small picture" * 20 + b"\xff\xd9"


def view_of(study: UUID, **more: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "study": study.hex,
        "series": 1,
        "instance": uuid4().hex,
        "sop": "2.25.7",
        "frame": 1,
        "index": 42,  # from nought; people are told the 43rd
        "count": 120,
        "seriesNumber": 2,
        "window": {"center": 40, "width": 80},
        "invert": False,
        "zoom": 1.5,
        "pan": [3.5, -2],
        "rotation": 0,
        "flipH": False,
        "flipV": False,
        "annotations": [{"tool": "arrow", "points": [[1, 2, 3], [4, 5, 6]], "text": "here"}],
    } | more
