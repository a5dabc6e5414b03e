"""
What a professional says of their work, and how colleagues read it in their own language.

Specialties are free text.  One that stands in our list is shown and found in the reader's language,
whichever language it was typed in.  Languages spoken are codes (ISO 639) of a list of our own.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final
from uuid import UUID

from babel import Locale

from portal.core.language import LANGUAGES, N_, gettext, language, speaking

SPECIALTIES: Final = (
    N_("Anaesthesiology"),
    N_("Cardiac surgery"),
    N_("Cardiology"),
    N_("Dermatology"),
    N_("Emergency medicine"),
    N_("Endocrinology"),
    N_("Ear, nose and throat medicine"),
    N_("Gastroenterology"),
    N_("General practice"),
    N_("General surgery"),
    N_("Geriatrics"),
    N_("Gynaecology and obstetrics"),
    N_("Haematology and oncology"),
    N_("Internal medicine"),
    N_("Neonatology"),
    N_("Nephrology"),
    N_("Neurology"),
    N_("Neuroradiology"),
    N_("Neurosurgery"),
    N_("Nuclear medicine"),
    N_("Ophthalmology"),
    N_("Oral and maxillofacial surgery"),
    N_("Orthopaedics and trauma surgery"),
    N_("Paediatric radiology"),
    N_("Paediatrics"),
    N_("Pathology"),
    N_("Plastic surgery"),
    N_("Pneumology"),
    N_("Psychiatry"),
    N_("Radiation oncology"),
    N_("Radiography"),
    N_("Radiology"),
    N_("Rehabilitation medicine"),
    N_("Rheumatology"),
    N_("Thoracic surgery"),
    N_("Urology"),
    N_("Vascular surgery"),
    N_("Dentistry"),
)

_CODES: Final = """
    ar bg bs cs da de el en es fa fi fr he hi hr hu it ja ko ku nb nl pl ps pt ro ru sk so sq sr
    sv ta ti tr uk ur vi zh
"""
SPOKEN: Final = frozenset(_CODES.split())
"""The languages that a form offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """When somebody is away, both days included, and who stands in."""

    first: date
    last: date
    deputy: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupation:
    """Everything a professional says of their work; nothing of it is asked of patients."""

    title: str = ""
    specialty: str = ""
    practice: str = ""
    place: str = ""
    findable: bool = False
    languages: tuple[str, ...] = ()
    licence: str = field(default="", repr=False)
    absence: Absence | None = None

    def called(self, name: str) -> str:
        """The name with the title; what some type into the name as well stands there once."""
        title, words = self.title.casefold().split(), name.split()
        while len(words) > 1 and words[0].casefold() in title:
            words.pop(0)
        return " ".join([self.title, *words]) if title else name


def specialties() -> list[str]:
    """What a form offers, in the reader's language."""
    return sorted(map(gettext, SPECIALTIES), key=str.casefold)


def specialty_words(typed: str) -> str:
    """A specialty in the reader's language when we know it, else as it was typed."""
    known = _known().get(typed.casefold())
    return typed if known is None else gettext(known)


def specialty_everywhere(typed: str) -> str:
    """A specialty in all languages, to be searched in."""
    known = _known().get(typed.casefold())
    return typed if known is None else " ".join(_in_all(known))


def languages_offered() -> list[tuple[str, str]]:
    """Codes and names of the languages a form offers, by name."""
    return sorted(((code, _name(code)) for code in SPOKEN), key=lambda each: each[1].casefold())


def language_names(codes: tuple[str, ...]) -> str:
    """The languages' names for a sentence: German, English."""
    return ", ".join(_name(code) for code in codes if code in SPOKEN)


@cache
def _known() -> dict[str, str]:
    """Every specialty of our list by its name in any language, folded."""
    return {name.casefold(): each for each in SPECIALTIES for name in _in_all(each)}


def _in_all(specialty: str) -> list[str]:
    names = []
    for code in LANGUAGES:
        with speaking(code):
            names.append(gettext(specialty))
    return names


def _name(code: str) -> str:
    return str(Locale(language()).languages[code])
