"""Names that every system takes; the same everywhere, so that they are tested anywhere."""

import pytest

from portal.carrying.names import alike, extended, free, safe, safe_file


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("2026-03-12", "CT  head/neck: \x00a"), "2026-03-12 CT head neck a"),
        (("", "../.."), "Untitled"),
        (("", "ends with dots. . ."), "ends with dots"),
        (("", "turned \u202egnp.exe"), "turned gnp.exe"),
        (("", "con"), "_con"),
        (("", "NUL .txt"), "_NUL .txt"),
        (("", "COM¹.dcm"), "_COM¹.dcm"),
        (("", "CONOUT$"), "_CONOUT$"),
        (("", "conus medullaris"), "conus medullaris"),
        (("", "com10"), "com10"),
    ],
)
def test_a_title_becomes_a_name(words: tuple[str, ...], name: str) -> None:
    assert safe(*words) == name
    assert safe(name) in {name, f"_{name}"}


def test_a_name_fits_everywhere_with_what_comes_behind_it() -> None:
    assert len(safe("2026-03-12", "x" * 300)) == 60
    for letter in ("\N{GRINNING FACE}", "ß", "漢"):
        assert len(f"{safe(letter * 300)} 01234567.jpeg.part-tag".encode()) <= 255


def test_the_ending_of_a_file_stays() -> None:
    assert safe_file("001-00001.jpg") == "001-00001.jpg"
    assert safe_file("x" * 300 + ".pdf").endswith("x.pdf")
    assert safe_file("aux.jpg") == "_aux.jpg"
    assert safe_file("..") == "Untitled"
    assert safe_file("no ending at all. Really") == "no ending at all. Really"


def test_two_names_that_some_system_takes_for_one_get_numbers() -> None:
    taken = set[str]()
    for name, given in (
        ("Head.jpg", "Head.jpg"),
        ("head.JPG", "head (2).JPG"),
        ("HEAD.jpg", "HEAD (3).jpg"),
        ("Schädel", "Schädel"),
        ("Scha\u0308del", "Scha\u0308del (2)"),
    ):
        assert free(name, taken) == given
        taken.add(alike(given))


def test_windows_opens_a_long_path() -> None:
    assert extended("C:\\a\\b") == "\\\\?\\C:\\a\\b"
    assert extended("C:/a/b") == "\\\\?\\C:\\a\\b"
    assert extended("\\\\server\\share\\x") == "\\\\?\\UNC\\server\\share\\x"
    assert extended("\\\\?\\C:\\a") == "\\\\?\\C:\\a"
