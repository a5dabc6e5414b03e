"""What a template must not do: run, style or load anything but our own files, or trust a value."""

import re
from typing import Final

import pytest

from tests.architecture.sources import ROOT

MAIL: Final = ROOT / "templates" / "mailing" / "letter.html"
"""A mail program loads no style sheet, so a letter brings its own; no browser of ours shows it."""

TEMPLATES: Final = sorted(set((ROOT / "templates").rglob("*.html")) - {MAIL})

FORBIDDEN: Final = {
    "a script in the page": r"<script(?![^>]*\b(src=|type=\"application/json\"))",
    "a style in the page": r"<style\b|\sstyle=",
    "an event handler in the page": r"\son[a-z]+\s*=\s*[\"']",
    "a value that is not escaped": r"\|\s*safe\b|autoescape\s+false",
    "a script address": r"javascript:",
    "something from another host": r"(src|srcset|action|poster)=\"(https?:)?//",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    guilty = [
        f"{template.relative_to(ROOT)}: {found.group()}"
        for template in TEMPLATES
        for found in re.finditer(FORBIDDEN[what], without_comments(template.read_text()))
    ]
    assert guilty == []


def without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


def test_there_are_templates_to_look_at() -> None:
    assert len(TEMPLATES) > 5


def test_every_form_that_writes_carries_its_token() -> None:
    form = re.compile(r"<form\b(?P<attributes>[^>]*)>(?P<inside>.*?)</form>", re.DOTALL)
    for template in TEMPLATES:
        for found in form.finditer(without_comments(template.read_text())):
            if 'method="post"' in found["attributes"].lower():
                assert "csrf" in found["inside"], f"{template.relative_to(ROOT)}: {found.group()}"
