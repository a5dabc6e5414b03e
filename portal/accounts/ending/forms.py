"""What people type when everything is to go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

from portal.accounts.forms import Problems, one_of, read_secret
from portal.core.errors import Invalid
from portal.core.language import N_, gettext

WORD = N_("DELETE")
"""What must be typed before everything goes; each language has its own word."""
WORDS = frozenset({"delete", "löschen", "loeschen"})
"""In any case: who reads one language may have the keyboard of the other."""

When = Literal["later", "now"]


class WrongWord(Invalid):
    """The word that confirms a loss was not typed."""

    code = "wrong_word"
    message = N_("Please type the word %(word)s, so that nothing is deleted by mistake.")


def read_word(typed: str) -> None:
    """Raises `WrongWord` unless the word was typed."""
    if typed.strip().casefold() not in WORDS:
        raise WrongWord(word=gettext(WORD))


@dataclass(frozen=True, slots=True)
class Deleting:
    """The present password, the word, and whether it is to be at once."""

    present: str = field(repr=False)
    when: When

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` with `fields`."""
        problems = Problems()
        present = problems.read("present", read_secret, data)
        when = problems.read("when", one_of("later", "now"), data)
        problems.read("word", read_word, data)
        problems.check()
        return cls(present or "", cast("When", when))
