from uuid import uuid4

import pytest

from portal import vault
from portal.core.settings import Settings
from portal.mailing import Address, BadAddress, box_address, open_address, read_address

pytestmark = pytest.mark.one_engine

SAME = [
    "Erika.Beispiel@Example.Test",
    "  erika.beispiel@example.test\n",
    "ＥＲＩＫＡ.beispiel@example.test",
    "erika.beispiel@EXAMPLE.test.",
]


@pytest.mark.parametrize("spelling", SAME)
async def test_every_spelling_of_an_address_is_one_address(
    settings: Settings, spelling: str
) -> None:
    assert read_address(spelling).mark == read_address("erika.beispiel@example.test").mark


async def test_a_host_with_umlauts_is_its_ascii_twin(settings: Settings) -> None:
    typed = read_address("arzt@Bücher.example")

    assert typed.text == "arzt@xn--bcher-kva.example"
    assert typed.mark == read_address("ARZT@xn--bcher-kva.example").mark


async def test_two_people_have_two_marks(settings: Settings) -> None:
    marks = {read_address(f"{name}@example.test").mark for name in ("ada", "ben", "ad.a", "ada+1")}

    assert len(marks) == 4


@pytest.mark.parametrize(
    "typed",
    [
        "", "ada", "ada@", "@example.test", "ada@localhost", "a da@example.test",
        "ada@example.test, ben@example.test", "ada@exa mple.test", "<ada@example.test>",
        "ada@@example.test", "ada..b@example.test", ".ada@example.test", "ada@-example.test",
        "=?utf-8?q?ben=40example.org=2C_x?=@example.test", "a=?b@example.test",
        "jürgen@example.test", "strauß@example.test", "ada>@example.test", "ada@example.test\0x",
        "ada@example.test\r\nBcc: ben@example.test", "ada\x00@example.test",
        "a" * 65 + "@example.test",
        "ada@" + "a." * 130 + "test", "ada@exam\u202eple.test",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        read_address(typed)


async def test_an_address_opens_only_for_its_own_row(settings: Settings) -> None:
    hers, his = uuid4(), uuid4()
    boxed = box_address(read_address("Ada@example.test"), hers)

    assert open_address(boxed, hers) == Address("Ada@example.test")
    with pytest.raises(vault.Tampered):
        open_address(boxed, his)
