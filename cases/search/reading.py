"""
What a person typed into the search box, read: words, "phrases", -without, OR and operators.

Nothing is guessed: a part that cannot be read is named, together with what is allowed in its place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from cases.vocabulary import MODALITIES, REGIONS, STATUSES, YEARS
from portal.core.errors import Invalid
from portal.core.language import LANGUAGES, N_, gettext, speaking
from portal.indexing import Wanted

OPERATORS: Final = ("from", "modality", "region", "status", "before", "after")
LONGEST: Final = 400
"""Characters; longer searches are refused rather than cut."""

_PART: Final = re.compile(
    r'(?P<minus>-)?(?:(?P<operator>[a-zA-ZäöüÄÖÜß]+):)?(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s"]+))'
)
_EITHER: Final = ("OR", "ODER")


class BadSearch(Invalid):
    """The search box holds something that cannot be read."""

    code = "bad_search"
    message = N_("This search cannot be read: %(problem)s")


@dataclass(frozen=True, slots=True)
class _Term:
    """A word or phrase that must be there."""

    text: str
    is_phrase: bool


@dataclass(slots=True)
class _Draft:
    groups: list[list[_Term]] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)
    joining: bool = False
    """The part before was OR: the next one is another way to say the one before."""
    joinable: bool = False
    """The part before was a word or a phrase."""

    def single(self, *, phrases: bool) -> tuple[str, ...]:
        """What stands alone, without an OR."""
        alone = [group[0] for group in self.groups if len(group) == 1]
        return tuple(term.text for term in alone if term.is_phrase == phrases)


def read(text: str) -> Wanted:
    """
    Read the search box.

    Raises `BadSearch`, which names the part that was not understood and what it may be instead.
    """
    if len(text) > LONGEST:
        raise BadSearch(problem=gettext("it is too long."))
    draft = _Draft()
    for part in _PART.finditer(text):
        _take(part, draft)
    if draft.joining:
        raise _lonely()
    statuses = _coded("status", draft, STATUSES)
    return Wanted(
        words=draft.single(phrases=False),
        phrases=draft.single(phrases=True),
        either=tuple(tuple(term.text for term in each) for each in draft.groups if len(each) > 1),
        without=tuple(draft.without),
        from_=tuple(draft.filters.get("from", [])),
        modality=_coded("modality", draft, MODALITIES),
        region=_coded("region", draft, REGIONS),
        status=statuses[-1] if statuses else None,
        before=min(map(_day, draft.filters.get("before", [])), default=None),
        after=max(map(_day, draft.filters.get("after", [])), default=None),
    )


def _take(part: re.Match[str], draft: _Draft) -> None:
    if part[0] in _EITHER:
        if draft.joining or not draft.joinable:
            raise _lonely()
        draft.joining = True
        return
    operator = (part["operator"] or "").lower()
    value = part["quoted"] if part["quoted"] is not None else part["word"]
    if operator and operator not in OPERATORS:
        raise _unknown(part[0], part["operator"])
    plain = not operator and not part["minus"]
    if draft.joining and not plain:
        raise _lonely()
    if operator:
        if part["minus"]:
            raise BadSearch(
                problem=gettext("“%(word)s”: “-” goes with words only.") % {"word": part[0]}
            )
        draft.filters.setdefault(operator, []).append(value.strip())
    elif part["minus"]:
        draft.without.append(value)
    else:
        _add(_Term(value, part["quoted"] is not None), draft)
    draft.joining, draft.joinable = False, plain


def _add(term: _Term, draft: _Draft) -> None:
    if term.text[:-1].lower() in OPERATORS and term.text.endswith(":"):
        raise BadSearch(
            problem=gettext("something must follow “%(word)s”, without a space between.")
            % {"word": term.text}
        )
    if draft.joining:
        draft.groups[-1].append(term)
    else:
        draft.groups.append([term])


def _lonely() -> BadSearch:
    return BadSearch(
        problem=gettext("OR stands between two words or phrases, for example vessel OR artery.")
    )


def _unknown(part: str, operator: str) -> BadSearch:
    """Whoever means the text itself puts it into quotes: "10:30" or "Th12:" need none."""
    known = ", ".join(f"{each}:" for each in OPERATORS)
    return BadSearch(
        problem=gettext(
            "“%(operator)s:” is not known here. You may use %(known)s. "
            'To find these very words, put them in quotes: "%(part)s".'
        )
        % {"operator": operator, "known": known, "part": part.replace('"', "").lstrip("-")}
    )


def _coded(name: str, draft: _Draft, allowed: Mapping[str, str]) -> tuple[str, ...]:
    """The codes of a closed list; a person may also write the label, in either language."""
    spoken = {code.casefold(): code for code in allowed}
    for tongue in LANGUAGES:
        with speaking(tongue):
            spoken |= {gettext(label).casefold(): code for code, label in allowed.items()}
    found = []
    for value in draft.filters.get(name, []):
        if value.casefold() not in spoken:
            raise BadSearch(problem=_choices(name, value, allowed))
        found.append(spoken[value.casefold()])
    return tuple(found)


def _choices(name: str, value: str, allowed: Mapping[str, str]) -> str:
    def shown(code: str, label: str) -> str:
        return code if code.casefold() == label.casefold() else f"{code} ({label})"

    known = ", ".join(shown(code, gettext(label)) for code, label in allowed.items())
    return gettext("“%(value)s” is not known. After %(name)s: you may use %(known)s.") % {
        "value": value,
        "name": name,
        "known": known,
    }


def _day(value: str) -> date:
    for pattern in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})",
    ):
        if found := re.fullmatch(pattern, value):
            try:
                day = date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
            if day.year not in YEARS:
                raise BadSearch(
                    problem=gettext("“%(value)s” lies outside the years %(first)s to %(last)s.")
                    % {"value": value, "first": YEARS[0], "last": YEARS[-1]}
                )
            return day
    raise BadSearch(
        problem=gettext("“%(value)s” is no day. A day is written 2026-03-12 or 12.03.2026.")
        % {"value": value}
    )
