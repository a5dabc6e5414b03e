"""What a pin may say, and of which study."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from cases.models import Post
from cases.pins import BadPin, Pin
from portal.core.errors import Invalid
from tests.cases.views import view_of
from tests.people import World

SOME = UUID("c6f7a6238e474c4bba2f27cf25bbef63")


@pytest.mark.parametrize(
    "broken",
    [
        {"v": 2},
        {"study": "not an id"},
        {"index": "42"},
        {"zoom": "1"},
        {"zoom": float("inf")},
        {"zoom": float("nan")},
        {"zoom": 10**400},
        {"count": 10**400},
        {"window": {"center": "40", "width": 80}},
        {"annotations": "many"},
        {"annotations": [{"text": "x" * 40_000}]},
        {"surprise": 1},
        {"annotations": [{"tool": "arrow", "points": [[float("nan"), 2]]}]},
        {"annotations": [{"x": float("inf")}]},
        {"pan": []},
        {"pan": [1]},
        {"pan": [1, 2, 3]},
        {"pan": {"x": 1, "y": 2}},
        {"pan": "12"},
        {"study": SOME.urn},
        {"study": SOME.hex.upper()},
        {"study": "{" + SOME.hex + "}"},
        {"instance": SOME.urn},
        {"instance": "{" + str(SOME).upper() + "}"},
    ],
    ids=str,
)
async def test_a_pin_is_checked_before_it_is_kept(broken: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        Pin.parse({"view": view_of(uuid4()) | broken})


async def test_a_picture_that_is_no_small_jpeg_is_refused() -> None:
    huge = b"\xff\xd8\xff" + bytes(41_000) + b"\xff\xd9"
    for image in (b"<svg onload=alert(1)>", b"\x89PNG\r\n", huge):
        with pytest.raises(BadPin):
            Pin.parse({"view": view_of(uuid4()), "image": base64.b64encode(image).decode()})
    with pytest.raises(BadPin):
        Pin.parse({"view": view_of(uuid4()), "image": "not base64"})


async def test_a_pin_shows_a_study_of_its_own_case(world: World) -> None:
    ada = await world.physician("Ada")
    case = await ada.opens("Nodule", in_=await ada.founds("Board"))
    other = await ada.keeps_a_study()

    with pytest.raises(BadPin):
        await ada.posts("Look", on=case, pin=Pin(view_of(other)))

    assert await Post.all().count() == 0
