"""What changed from one version of a plan to the next, in sentences of the reader's language."""

from collections.abc import Iterator
from datetime import date

from portal.core.language import gettext as _
from portal.core.language import show_date
from portal.records.medication import ABOUT, LABELS, OF_KIND, Line, Plan


def changes(before: Plan | None, after: Plan) -> list[str]:
    """One sentence a change; the first version has none before it."""
    if before is None:
        return [_("The plan was begun.")]
    found = [*_about(before, after), *_lines(before, after)]
    return found or [_("Nothing changed.")]


def _about(before: Plan, after: Plan) -> Iterator[str]:
    for name, label in ABOUT.items():
        was, is_ = shown_about(before, name), shown_about(after, name)
        if was != is_:
            yield _became(_(label), was, is_)


def shown_about(plan: Plan, name: str) -> str:
    """A fact about the person as pages show it."""
    value = str(getattr(plan, name))
    if name == "born" and plan.birth_date is not None:
        return show_date(date.fromisoformat(value))
    return _("yes") if value == "yes" else value


def _lines(before: Plan, after: Plan) -> Iterator[str]:
    was, is_ = {each.id: each for each in before.lines}, {each.id: each for each in after.lines}
    for line in after.lines:
        if line.id not in was:
            yield _("Added: %(name)s", name=line.name)
        else:
            yield from _words(was[line.id], line)
    for line in before.lines:
        if line.id not in is_:
            yield _("Removed: %(name)s", name=line.name)
    if [each for each in was if each in is_] != [each for each in is_ if each in was]:
        yield _("The lines have another order.")


def _words(was: Line, is_: Line) -> Iterator[str]:
    for name in OF_KIND[is_.kind]:
        old, new = _said(was, name), _said(is_, name)
        if old != new:
            change = _became(_(LABELS[name]), old, new)
            yield _("%(name)s: %(change)s", name=is_.name, change=change)


def _said(line: Line, name: str) -> str:
    if name == "heading":
        return line.shown_heading if line.heading else ""
    return str(getattr(line, name))


def _became(label: str, was: str, is_: str) -> str:
    if not was:
        return _("%(label)s is now “%(new)s”", label=label, new=is_)
    if not is_:
        return _("%(label)s is no longer “%(old)s”", label=label, old=was)
    return _("%(label)s is now “%(new)s”, was “%(old)s”", label=label, new=is_, old=was)
