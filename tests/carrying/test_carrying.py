"""Files go to a portal and come back from the command line, whatever happens on the way."""

import asyncio
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image

from portal import carrying, keys, studies
from portal.carrying import files, line, words
from portal.carrying.downloading import download
from portal.carrying.line import BadUse, Line, NotLetIn, Unreachable
from portal.carrying.showing import Progress, size
from portal.carrying.tokens import Kept, kept_token
from portal.carrying.uploading import NoSpace, Outcome, upload
from portal.carrying.watching import STATE, Watch, watch
from portal.carrying.zips import Desk
from portal.core.db import now
from portal.studies import parts
from tests.architecture.sources import ROOT
from tests.people import Person, World
from tests.viewer.dicom.making import dataset, written
from tests.viewer.pdf.making import pdf
from viewer.dicom.reasons import Reason

NOBODY: Final = "hds_" + "A" * 64
POSIX: Final = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def image(number: int, side: int = 32) -> bytes:
    noise = np.random.default_rng(number).integers(0, 4000, (side, side), dtype=np.uint16)
    uids = {"StudyInstanceUID": "2.25.71", "SeriesInstanceUID": "2.25.72"}
    facts = {"StudyDescription": "CT head", "StudyDate": "20260312", "InstanceNumber": number}
    return written(dataset(noise, SOPInstanceUID=f"2.25.73{number}", **uids, **facts))


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """Three images, one of them in pieces, a finding, and what lies about on a disc."""
    disc = tmp_path / "disc"
    for name, data in {
        "DICOM/a": image(1),
        "DICOM/b": image(2),
        "DICOM/large": image(3, 1500),
        "Finding.pdf": pdf(["Nothing conspicuous"]),
        "DICOMDIR": b"never looked at",
        "viewer/start.exe": b"MZ" + bytes(300),
        "readme.txt": b"Please insert the disc." * 20,
        ".hidden": b"x",
    }.items():
        (disc / name).parent.mkdir(parents=True, exist_ok=True)
        (disc / name).write_bytes(data)
    return disc


async def token_of(person: Person, *scopes: keys.Scope) -> str:
    until = now() + timedelta(days=2)
    return await keys.make_token(person.actor, "CLI", scopes or ("read", "add"), until)


def sent_ones(fetched: list[Path]) -> list[Path]:
    """Without the pictures that the portal made of them, when it came to that."""
    return [each for each in fetched if each.suffix != ".jpg"]


LINES: Final[list[Line]] = []


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    """Every line of a test is closed after it."""
    yield
    while LINES:
        LINES.pop().close()


def lined(server: str, token: str, **more: Any) -> Line:
    LINES.append(Line(server, token, lambda _words: None, **more))
    return LINES[-1]


def quiet() -> Progress:
    return Progress(io.StringIO())


def test_what_travels_is_what_the_portal_reads(disc: Path) -> None:
    """The same numbers and the same bytes, without importing the portal's own."""
    assert (files.PIECE, files.PART, files.RECORDS, files.LARGEST) == (
        parts.PIECE, parts.PART, parts.RECORDS, parts.FILE,
    )  # fmt: skip
    seen = [files.looked_at(each) for each in files.found([disc / "DICOM", disc / "Finding.pdf"])]
    good = [each for each in seen if isinstance(each, files.File)]
    assert [each.path.name for each in good] == ["a", "b", "large", "Finding.pdf"]
    for each in good:
        data = each.path.read_bytes()
        assert each.fingerprint == parts.fingerprint(parts.digests(data)).hex()
    records = []
    for slices in files.cut(good):
        body, left = files.packed(good, slices, Desk())
        assert left == []
        records += parts.parse(body)
    for number, each in enumerate(good):
        mine = sorted((r.offset, bytes(r.data)) for r in records if r.file == number)
        assert b"".join(data for _, data in mine) == each.path.read_bytes()


async def test_a_disc_is_sent_once_and_comes_back_bit_for_bit(
    world: World, server: str, disc: Path, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    token, archive = await token_of(erika), tmp_path / "archive"

    def there_and_back() -> tuple[Outcome, Outcome, Any, Any]:
        with_line = lined(server, token)
        first = upload(with_line, [disc], quiet())
        again = upload(with_line, [disc], quiet())
        return (first, again, download(with_line, archive, quiet(), with_dicom=True),
                download(with_line, archive, quiet(), with_dicom=True))  # fmt: skip

    first, again, fetched, anew = await asyncio.to_thread(there_and_back)

    assert sorted(each.name for each in first.kept) == ["Finding.pdf", "a", "b", "large"]
    left = {each.path.name: each.why for each in first.left}
    assert left.keys() == {"start.exe", "readme.txt"}
    assert left["start.exe"] == "is a program"
    assert left["readme.txt"] == "is text"
    assert (len(again.kept), len(again.there)) == (0, 4)
    assert (len(sent_ones(fetched.new)), fetched.there, fetched.failed) == (4, [], [])
    assert (len(sent_ones(anew.new)), len(sent_ones(anew.there))) == (0, 4)
    sent = {hashlib.sha256(each.read_bytes()).digest() for each in first.kept}
    back = {hashlib.sha256(each.read_bytes()).digest() for each in sent_ones(fetched.new)}
    assert back == sent
    assert any(each.name.startswith("2026-03-12 CT head") for each in archive.rglob("*"))


async def test_a_photo_is_kept_when_it_is_named_and_not_as_decoration_of_a_disc(
    world: World, server: str, disc: Path, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    token, archive = await token_of(erika), tmp_path / "archive"
    logo = disc / "viewer" / "logo.png"
    Image.new("RGB", (40, 30), "teal").save(logo)

    def there_and_back() -> tuple[Outcome, Outcome, Any]:
        with_line = lined(server, token)
        beside = upload(with_line, [disc], quiet())
        named = upload(with_line, [logo], quiet())
        return beside, named, download(with_line, archive, quiet(), with_dicom=False)

    beside, named, fetched = await asyncio.to_thread(there_and_back)

    [left] = [each.why for each in beside.left if each.path == logo]
    assert left.startswith("is a picture beside DICOM files")
    assert (named.kept, named.left) == ([logo], [])
    assert sorted(each.suffix for each in sent_ones(fetched.new)) == [".pdf", ".png"]
    [picture] = [each for each in fetched.new if each.suffix == ".png"]
    assert picture.read_bytes() == logo.read_bytes()


async def test_an_upload_that_was_cut_goes_on_with_the_same_upload(
    world: World, server: str, disc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in another process, as nothing is remembered here: pieces that arrived stay."""
    erika = await world.patient("Erika Beispiel")
    token, sent = await token_of(erika), list[str]()
    real = Line.send

    def send(self: Line, path: str, body: bytes) -> Any:
        sent.append(path)
        if len(sent) == 2:
            raise KeyboardInterrupt
        return real(self, path, body)

    monkeypatch.setattr(Line, "send", send)
    with pytest.raises(KeyboardInterrupt):
        await asyncio.to_thread(upload, lined(server, token), [disc / "DICOM"], quiet())
    done = await asyncio.to_thread(upload, lined(server, token), [disc / "DICOM"], quiet())

    assert sorted(each.name for each in done.kept + done.there) == ["a", "b", "large"]
    assert done.left == []
    first, cut, *later = sent
    assert first not in later, "what was acknowledged is not sent again"
    assert later[0] == cut
    assert first.rpartition("/")[0] == cut.rpartition("/")[0] == later[-1].rpartition("/")[0]
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    [study] = await studies.my_studies(shelf, erika.actor)
    assert study.instances == 3


async def test_a_download_that_was_cut_goes_on_where_it_was(
    world: World, server: str, disc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erika = await world.patient("Erika Beispiel")
    token, archive = await token_of(erika), tmp_path / "archive"
    await asyncio.to_thread(upload, lined(server, token), [disc / "DICOM/large"], quiet())
    asked: list[str | None] = []
    real = Line._asked

    def ask(self: Line, method: str, path: str, body: Any, headers: Any) -> Any:
        answer = real(self, method, path, body, headers)
        if "/files/" in path:
            asked.append(headers.get("Range"))
            if len(asked) == 1:
                pieces = [answer.read(100_000), b""]
                monkeypatch.setattr(answer, "read", lambda _most=None: pieces.pop(0))
        return answer

    monkeypatch.setattr(Line, "_asked", ask)
    with_line = lined(server, token, sleep=lambda _seconds: None)
    fetched = await asyncio.to_thread(
        lambda: download(with_line, archive, quiet(), with_dicom=True)
    )

    assert asked == [None, "bytes=100000-"]
    [path] = sent_ones(fetched.new)
    assert path.read_bytes() == (disc / "DICOM/large").read_bytes()
    assert list(archive.rglob("*.part")) == []


async def test_a_token_that_is_not_good_ends_it_at_once(
    world: World, server: str, disc: Path, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    only_read = await token_of(erika, "read")
    for token in (NOBODY, only_read):
        with pytest.raises(NotLetIn):
            await asyncio.to_thread(upload, lined(server, token), [disc], quiet())
    fetched = await asyncio.to_thread(
        lambda: download(lined(server, only_read), tmp_path / "x", quiet(), with_dicom=True)
    )
    assert fetched.failed == []


async def test_what_does_not_fit_is_not_sent_in_part(world: World, server: str, disc: Path) -> None:
    erika = await world.patient("Erika Beispiel")
    shelf: studies.Shelf = world.app.extensions["hds"]["shelf"]
    object.__setattr__(shelf, "free_quota", 100_000)

    with pytest.raises(NoSpace):
        token = await token_of(erika)
        await asyncio.to_thread(upload, lined(server, token), [disc / "DICOM"], quiet())
    assert await studies.my_studies(shelf, erika.actor) == []


def test_a_portal_that_is_away_is_tried_again_and_then_given_up() -> None:
    waits: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = lined(f"http://127.0.0.1:{port}", NOBODY, sleep=waits.append)

    with pytest.raises(Unreachable):
        away.ask("GET", "/api/space")

    assert len(waits) == line.TRIES - 1
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(waits) <= line.LONGEST_WAIT


@pytest.mark.parametrize(
    "address",
    [
        "",
        "portal.example",
        "http://portal.example",
        "ftp://portal.example",
        "https://",
        "https://h/x",
    ],
)
def test_a_token_goes_to_no_address_where_others_hear_it(address: str) -> None:
    with pytest.raises(BadUse):
        lined(address, NOBODY)


@POSIX
def test_a_token_is_read_where_nobody_else_looks(tmp_path: Path) -> None:
    file = tmp_path / "hds" / "token"
    file.parent.mkdir()
    file.write_text(f"{NOBODY}\n")
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    file.chmod(0o644)
    with pytest.raises(BadUse, match="others can read"):
        kept_token(env, None)
    file.chmod(0o600)
    by_env, by_name = kept_token(env, None), kept_token({}, str(file))
    assert by_env is not None
    assert (by_env, by_env.token) == (by_name, NOBODY)
    assert kept_token({"HDS_TOKEN": "hds_other"}, str(file)) == Kept("hds_other")
    file.write_text("a password")
    with pytest.raises(BadUse, match="no token"):
        kept_token(env, None)
    assert kept_token({"XDG_CONFIG_HOME": str(tmp_path / "nothing")}, None) is None


async def test_a_watched_folder_sends_what_stopped_growing(
    world: World, server: str, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    token, folder = await token_of(erika, "add"), tmp_path / "incoming"
    (folder / "sub").mkdir(parents=True)
    (folder / "whole").write_bytes(image(1))
    (folder / "text.txt").write_bytes(b"No image." * 40)
    grows, told = folder / "sub" / "grows", list[Outcome]()
    grows.write_bytes(image(2)[:500])
    looks = iter([image(2)[:900], image(2), None, None])

    def meanwhile(_seconds: float) -> None:
        more = next(looks, None)
        if more is not None:
            grows.write_bytes(more)
            os.utime(grows, ns=(0, len(more)))

    def work(watched: Watch, rounds: int) -> None:
        watch(lined(server, token), watched, quiet(), told.append, rounds=rounds, sleep=meanwhile)

    await asyncio.to_thread(work, Watch(folder, 1.0), 5)
    await asyncio.to_thread(work, Watch(folder, 1.0, folder / "sent"), 3)
    assert [[each.name for each in one.kept] for one in told] == [["whole"], ["grows"]]
    assert [each.path.name for one in told for each in one.left] == ["text.txt"]
    assert (folder / STATE).exists()
    (folder / "next").write_bytes(image(3))
    await asyncio.to_thread(work, Watch(folder, 1.0, folder / "sent"), 3)
    assert (folder / "sent" / "next").exists()
    assert not (folder / "next").exists()


async def test_the_command_says_honestly_how_it_ended(
    world: World, server: str, disc: Path, tmp_path: Path
) -> None:
    """A process with nothing but Python's own library; the token is not in its words."""
    erika = await world.patient("Erika Beispiel")
    token = await token_of(erika)
    env = {"PATH": os.environ["PATH"], "HDS_PORTAL": server, "HDS_TOKEN": token}

    async def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run, [sys.executable, "-S", "-m", "portal", *words], env=env | more,
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    some, whole, wrong, nothing = await asyncio.gather(
        run("upload", str(disc)),
        run("upload", str(disc / "DICOM" / "a")),
        run("upload", str(disc), HDS_TOKEN=NOBODY),
        run("upload", str(tmp_path / "nothing")),
    )

    assert [each.returncode for each in (some, whole, wrong, nothing)] == [1, 0, 3, 2]
    assert "left out" in some.stdout
    assert f"{disc / 'readme.txt'}: is text" in some.stdout
    assert "opens nothing" in wrong.stderr
    for each in (some, whole, wrong, nothing):
        assert "Traceback" not in each.stderr
        assert token not in each.stdout + each.stderr


def _interrupted(process: subprocess.Popen[str]) -> str:
    """
    What it says to Ctrl-C.

    Pressed once more when nothing happens: a read that begins in the very moment of the first does
    not notice it.
    """
    for _ in range(6):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)[1]
    raise AssertionError("it does not end")


@POSIX
def test_an_interrupted_command_says_that_it_goes_on(disc: Path) -> None:
    """Whoever presses Ctrl-C while the portal is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {"PATH": os.environ["PATH"], "HDS_TOKEN": NOBODY,
               "HDS_PORTAL": f"http://127.0.0.1:{silent.getsockname()[1]}"}  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-S", "-m", "portal", "upload", str(disc)], env=env, cwd=ROOT,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with process:
            silent.settimeout(60)
            line_, _ = silent.accept()
            with line_:
                said = _interrupted(process)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; run it again, and it goes on"
    assert "Traceback" not in said


def test_every_reason_has_words() -> None:
    assert {each.value for each in Reason} <= words.WHY.keys()
    assert words.why("something new") == "is not taken (something new)"


def test_progress_is_plain_lines_where_nobody_watches() -> None:
    moment = [0.0]
    told = io.StringIO()
    show = Progress(told, lambda: moment[0])
    show.begins(10_000_000)
    for _ in range(100):
        moment[0] += 1.0
        show.sent(100_000)
    lines = told.getvalue().splitlines()
    assert "\r" not in told.getvalue()
    assert len(lines) <= 13
    assert lines[-1] == "10.0 MB of 10.0 MB"
    assert "min left" in told.getvalue() or "s left" in told.getvalue()
    assert [size(each) for each in (0, 999, 1000, 1_500_000)] == [
        "0 bytes", "999 bytes", "1.0 kB", "1.5 MB",
    ]  # fmt: skip


def test_the_portals_own_command_line_lists_them() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "portal", "--help"], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    for name in carrying.COMMANDS:
        assert name in shown.stdout


async def test_the_downloads_are_explained_in_both_languages(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    for language, words_ in (
        ("en", "Nothing needs to be installed"),
        ("de", "nichts installieren"),
    ):
        await erika.browser.post("/preferences", form={"language": language})
        answer = await erika.browser.get("/downloads")
        page = await answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert words_ in page
        assert f"export HDS_PORTAL={world.settings.origin}" in page
        assert "%APPDATA%" in page
        for name in carrying.COMMANDS:
            assert f"python -m portal {name} " in page
        assert '<a href="/downloads" aria-current="page">' in page, "in the navigation"
