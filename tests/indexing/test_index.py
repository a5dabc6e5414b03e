"""The index and the search box, without a portal around them."""

import os
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cases.search.reading import BadSearch, read
from portal.core.errors import Invalid
from portal.indexing import Document, Wanted, snippet, stems_of
from portal.indexing.index import Index
from portal.indexing.query import build

ROSSI, NOVAK = "a" * 32, "b" * 32


def document(number: int, text: str, **more: str) -> Document:
    facts = {"author": ROSSI, "modality": "CT", "region": "head"} | more
    return Document(
        id=f"post:{number}",
        case=facts.pop("case", "case1"),
        text=text,
        created=datetime(2026, 3, number, 12, tzinfo=UTC),
        **facts,
    )


@pytest.fixture
def index() -> Index:
    index = Index.empty()
    index.apply(
        [
            document(1, "Dense vessel sign, left middle cerebral artery?"),
            document(2, "Entzündungen in beiden Häusern der Lunge", author=NOVAK, region="chest"),
            document(3, "The vessel is not dense. Follow up in three months.", modality="MR"),
            document(4, "Blutung links frontal, Verlaufskontrolle", case="case2"),
        ]
    )
    return index


def ids(index: Index, text: str, **narrow: list[str]) -> set[str]:
    wanted = read(text)
    authors = narrow.get("authors")
    found = index.find(build(wanted, authors=authors, cases=narrow.get("cases")), 200)
    return {hit.id for hit in found.best}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vessels", {"post:1", "post:3"}),
        ("Entzündung", {"post:2"}),
        ("haus", {"post:2"}),
        ('"dense vessel"', {"post:1"}),
        ('"vessel dense"', set()),
        ("vessel -months", {"post:1"}),
        ("months OR Blutung", {"post:3", "post:4"}),
        ("left dense OR Blutung", {"post:1"}),
        ('"dense vessel" ODER Entzündung', {"post:1", "post:2"}),
        ("Häuser OR Blutung OR months -Lunge", {"post:3", "post:4"}),
        ("vessel or dense", set()),
        ("vessel modality:mr", {"post:3"}),
        ("region:chest", {"post:2"}),
        ("after:2026-03-02 before:04.03.2026", {"post:3"}),
        ("verlauf*", {"post:4"}),
        ("nowhere", set()),
        ("<img onerror=alert(1)>", set()),
        ("' OR 1=1 --", set()),
    ],
)
def test_a_search_finds_what_it_says_and_nothing_else(
    index: Index, text: str, expected: set[str]
) -> None:
    assert ids(index, text) == expected


def test_narrowing_to_nobody_finds_nothing(index: Index) -> None:
    assert ids(index, "vessel", authors=[ROSSI]) == {"post:1", "post:3"}
    assert ids(index, "vessel", authors=[]) == set()
    assert ids(index, "region:head", cases=["case2"]) == {"post:4"}
    assert ids(index, "vessel", cases=[]) == set()


def test_an_index_comes_back_from_its_bytes_and_takes_changes(index: Index) -> None:
    again = Index.load(index.dump())

    again.apply([document(1, "Aneurysm instead")], remove=["post:3"])

    assert ids(again, "vessel") == set()
    assert ids(again, "aneurysm") == {"post:1"}
    assert ids(index, "vessel") == {"post:1", "post:3"}


def test_the_count_and_the_facets_cover_more_than_is_shown(index: Index) -> None:
    answer = index.find(build(read("region:head"), authors=None, cases=None), 1)

    assert answer.total == 3
    assert len(answer.best) == 1
    assert answer.facets["modality"] == {"CT": 2, "MR": 1}


def test_bytes_of_another_format_are_refused() -> None:
    with pytest.raises(ValueError, match="not a search index"):
        Index.load(b"something else, long enough")


def test_nothing_is_written_to_the_temporary_folder(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    for number in range(1, 28):
        index.apply([document(number, "Canary word for the scan")])

    assert os.listdir(tmp_path) == []  # noqa: PTH208 -- the plainest question there is
    assert len(ids(index, "canary")) == 27


def test_many_small_changes_do_not_pile_up(index: Index) -> None:
    for _ in range(40):
        index.apply([document(1, "The same post, edited again")])

    assert len(index.dump()) < 60_000


@pytest.mark.parametrize(
    ("text", "not_understood", "allowed"),
    [
        ("before:yesterday", "yesterday", "2026-03-12"),
        ("before:0001-01-01", "0001-01-01", "1900"),
        ("after:31.12.9999", "31.12.9999", "2200"),
        ("after:31.02.2026", "31.02.2026", "12.03.2026"),
        ("status:maybe", "maybe", "open, closed"),
        ("modality:CTX", "CTX", "CT, MR (MRI), XR"),
        ("region:knee", "knee", "leg (Hip, leg, foot)"),
        ("vessel foo:bar", "foo:", "from:, modality:, region:"),
        ("vessel -foo:bar", "foo:", '"foo:bar"'),
        ("vessel -from:Rossi", "-from:Rossi", "words"),
        ("from: Rossi", "from:", "without a space"),
        ("OR vessel", "OR", "vessel OR artery"),
        ("vessel OR", "OR", "vessel OR artery"),
        ("vessel OR OR dense", "OR", "vessel OR artery"),
        ("vessel OR -dense", "OR", "vessel OR artery"),
        ("modality:CT OR dense", "OR", "vessel OR artery"),
        ("x" * 401, "", "too long"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_may_stand_there(
    text: str, not_understood: str, allowed: str
) -> None:
    with pytest.raises(BadSearch) as raised:
        read(text)
    assert isinstance(raised.value, Invalid)
    assert not_understood in raised.value.details["problem"]
    assert allowed in raised.value.details["problem"]


def test_regions_and_modalities_are_understood_by_name_in_both_languages() -> None:
    assert read('modality:mri region:Kopf region:"Whole body" status:geschlossen') == Wanted(
        modality=("MR",), region=("head", "body"), status="closed"
    )


def test_operators_are_read_and_times_are_text() -> None:
    wanted = read('from:Rossi status:closed at 10:30 "left lung" -contrast before:2026-04-01')

    assert wanted == Wanted(
        words=("at", "10:30"),
        phrases=("left lung",),
        without=("contrast",),
        from_=("Rossi",),
        status="closed",
        before=date(2026, 4, 1),
    )


def test_a_snippet_marks_every_form_of_the_word() -> None:
    text = "Zunächst unauffällig. " * 20 + "Dann Häuser und ein Haus, <b>dicht</b> daneben."

    pieces = snippet(text, stems_of(read("Haus")))

    assert [piece for piece, hit in pieces if hit] == ["Häuser", "Haus"]
    assert pieces[0] == ("…", False)
    assert len("".join(piece for piece, _ in pieces)) <= 222
