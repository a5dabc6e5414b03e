from pathlib import Path
from uuid import uuid4

import pytest

from portal.mailing.letters import TEMPLATES, Letter, message, write

pytestmark = pytest.mark.one_engine

ORIGIN = "https://portal.test"
PARAMS = {"path": "/activate/abc", "days": 28}
OURS = ("activation", "already_registered", "password_changed")


@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_letter_says_that_something_waits_and_where(kind: str, language: str) -> None:
    written = write(Letter(kind, "erika@example.test", language, PARAMS), ORIGIN)

    assert 0 < len(written.subject) < 60
    assert any(part.startswith(f"{ORIGIN}/") for part in written.paragraphs)
    assert "erika" not in (written.subject + written.text).lower()
    assert not [part for part in written.paragraphs if "\n" in part or "{" in part]


@pytest.mark.parametrize("kind", OURS)
def test_german_letters_are_german(kind: str) -> None:
    english, german = (
        write(Letter(kind, "a@b.test", each, PARAMS), ORIGIN) for each in ("en", "de")
    )

    assert (english.language, german.language) == ("en", "de")
    assert english.subject != german.subject
    assert " Sie " in german.text


def test_every_template_is_known_here() -> None:
    """A new kind of mail by another room brings a test of its own; ours are these."""
    ours = {path.stem for path in Path(TEMPLATES, "mailing").glob("*.txt")}

    assert set(OURS) | {"letter"} <= ours


def test_the_html_twin_says_the_same_and_escapes_what_it_says() -> None:
    letter = Letter("activation", "a@b.test", "en", PARAMS | {"path": "/activate/<b>&"})
    mail = message(
        letter,
        write(letter, ORIGIN),
        row=uuid4(),
        sender="HealthDataSpace <hds@portal.test>",
        origin=ORIGIN,
    )

    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert "/activate/<b>&" in text.get_content()
    assert f'href="{ORIGIN}/activate/&lt;b&gt;&amp;"' in page.get_content()
    assert "<b>" not in page.get_content()
    assert "<img" not in page.get_content()


def test_a_second_try_carries_the_same_message_id() -> None:
    letter, row = Letter("password_changed", "a@b.test", "en", {}), uuid4()

    first, second = (
        message(letter, write(letter, ORIGIN), row=row, sender="hds@portal.test", origin=ORIGIN)
        for _ in range(2)
    )

    assert first["Message-ID"] == second["Message-ID"] == f"<{row.hex}@portal.test>"
    assert first["Auto-Submitted"] == "auto-generated"
