"""What people call their things becomes names that no system takes for anything else."""

import pytest

from portal.exporting import names

HOSTILE = {
    "../../etc/passwd": "etc passwd",
    "..\\..\\boot.ini": "boot.ini",
    "CON": "_CON",
    "lpt1.pdf": "_lpt1.pdf",
    "a\x00b\x1fc\r\nd": "a b c d",
    "evil\u202egpj.exe": "evil gpj.exe",
    " .. ": "Document",
    "": "Document",
    'Befund: Knie <links>?*|"': "Befund Knie links",
    "Schädel nativ, 3. Kontrolle": "Schädel nativ, 3. Kontrolle",
    "x" * 300: "x" * 80,
    "a....b": "a.b",
}  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_a_name_is_one_part_of_a_path(words: str) -> None:
    assert names.part(words, "Document") == HOSTILE[words]
