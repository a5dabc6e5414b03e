"""Both languages are complete: what a source says in English, the catalogues say in German."""

import re
from typing import Final

from babel.messages.catalog import Message

from scripts.catalogues import missing, orphans, rooms, wanted

PLACES: Final = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def test_every_sentence_has_its_german() -> None:
    lacking = [f"{each.places[0]}: {each.id!r}" for each in missing()]
    assert lacking == [], "python scripts/catalogues.py missing prints them, ready to fill in"


def test_no_translation_is_left_over() -> None:
    assert orphans() == []


def test_sentences_are_found_in_all_three_kinds_of_source() -> None:
    places = [place for each in wanted().values() for place in each.places]
    for kind in (".py:", ".html:", ".ts:"):
        assert any(kind in place for place in places), f"nothing found in {kind} sources"


def test_no_translation_is_doubtful_or_loses_a_value() -> None:
    for room, catalogue in rooms():
        for message in catalogue:
            if not message.id:
                continue
            assert not message.fuzzy, f"{room}.po: {message.id}"
            english = message.id if isinstance(message.id, str) else message.id[-1]
            for german in texts_of(message)[-1:]:
                lost = set(PLACES.findall(english)) ^ set(PLACES.findall(german))
                assert lost == set(), f"{room}.po: {english}"


def test_german_is_polite_and_typographic() -> None:
    for room, catalogue in rooms():
        for message in catalogue:
            for text in texts_of(message) if message.id else ():
                assert not re.search(r"\b(du|dein|deine|dich|dir)\b", text), f"{room}.po: {text}"


def texts_of(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())
