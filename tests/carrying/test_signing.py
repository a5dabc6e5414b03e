"""Whoever sits before a terminal signs in there, and nothing secret is left behind."""

import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from portal import keys
from portal.carrying.line import BadUse
from portal.carrying.signing import Wish, admission
from portal.carrying.tokens import Kept, keep_token, kept_token, only_for_owner
from tests.accounts.factors.stories import sets_up_an_app
from tests.carrying.terminal import sits
from tests.people import PASSWORD, World
from tests.viewer.pdf.making import pdf

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a terminal is POSIX's")
MAIL, SECRET, KEEP = "E-mail address", "Password: ", "[y/N]"
ELSEWHERE = "https://elsewhere.example"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file = tmp_path / "Finding.pdf"
    file.write_bytes(pdf(["Nothing conspicuous"]))
    return file


async def test_password_and_code_lead_in_and_the_token_may_be_kept(
    world: World, server: str, paper: Path, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    phone, _ = await sets_up_an_app(erika.browser)
    env, home = {"HDS_PORTAL": server}, tmp_path / "home"

    shown_codes = list[str]()

    def code() -> str:
        shown_codes.append(phone.shows())
        return shown_codes[-1]

    first = await sits(
        env, ["upload", str(paper)],
        (MAIL, erika.mail), (SECRET, "not this one"), (KEEP, "y"), (SECRET, PASSWORD),
        ("authenticator app", "000000"), ("Code: ", code),
        home=home,
    )  # fmt: skip
    again = await sits(env, ["upload", str(paper)], home=home)

    assert (first.status, again.status) == (0, 0), first.shown + again.shown
    for sentence in (
        "E-mail address or password is not right.",
        "Your account asks for one thing more.",
        "That is not right. Please try again.",
        "kept 1, there already 0",
    ):
        assert sentence in first.shown
    assert "kept 0, there already 1" in again.shown
    file = home / "hds" / "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token, origin = file.read_text().split()
    assert origin == server
    for secret in (PASSWORD, "not this one", "000000", *shown_codes, token):
        assert secret not in first.shown + first.arguments + again.shown
    assert erika.mail not in first.arguments
    [own] = await keys.tokens_of(erika.actor)
    assert own.label.startswith("Command line on ")


async def test_a_token_for_one_run_ends_with_it(
    world: World, server: str, paper: Path, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    sat = await sits(
        {"HDS_PORTAL": server}, ["upload", str(paper)],
        (MAIL, erika.mail), (SECRET, PASSWORD), (KEEP, ""), home=tmp_path / "home",
    )  # fmt: skip
    assert sat.status == 0, sat.shown
    assert "kept 1" in sat.shown
    assert await keys.tokens_of(erika.actor) == []
    assert not (tmp_path / "home").exists()


async def test_three_wrong_passwords_end_it(
    world: World, server: str, paper: Path, tmp_path: Path
) -> None:
    erika = await world.patient("Erika Beispiel")
    wrong = (SECRET, "not this one")
    sat = await sits(
        {"HDS_PORTAL": server}, ["upload", str(paper)],
        (MAIL, erika.mail), wrong, (KEEP, ""), wrong, wrong, home=tmp_path / "home",
    )  # fmt: skip
    assert sat.status == 3
    assert sat.shown.count("E-mail address or password is not right.") == 3


def test_a_kept_token_goes_to_its_own_portal_only(tmp_path: Path) -> None:
    token, file = "hds_" + "A" * 64, tmp_path / "token"
    keep_token(file, token, "https://portal.example")
    assert kept_token({}, str(file)) == Kept(token, "https://portal.example", file)

    def admitted(origin: str) -> str:
        wish = Wish(origin, "upload", str(file))
        return admission(wish, {}, _Nobody(), lambda _words: None).origin

    assert admitted("") == "https://portal.example"
    assert admitted("https://Portal.example/") == "https://Portal.example/"
    with pytest.raises(BadUse, match="is for https"):
        admitted(ELSEWHERE)


def test_on_windows_the_file_is_its_owners_before_anything_is_in_it(tmp_path: Path) -> None:
    file, told = tmp_path / "hds" / "token", list[Sequence[str]]()

    def icacls(command: Sequence[str]) -> None:
        assert Path(command[1]).read_bytes() == b""
        told.append(command)

    keep_token(file, "hds_secret", ELSEWHERE, icacls)

    assert [each[2] for each in told] == ["/inheritance:r"]
    assert kept_token({}, str(file)) == Kept("hds_secret", ELSEWHERE, file)
    env = {"SYSTEMROOT": r"D:\Win", "USERDOMAIN": "CLINIC"}
    assert only_for_owner(Path("t"), "erika", env) == [
        r"D:\Win\System32\icacls.exe", "t", "/inheritance:r", "/grant:r", r"CLINIC\erika:F",
    ]  # fmt: skip

    def fails(command: Sequence[str]) -> None:
        raise subprocess.CalledProcessError(5, list(command))

    with pytest.raises(BadUse, match="cannot be kept"):
        keep_token(tmp_path / "other", "hds_secret", ELSEWHERE, fails)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["hds"]


class _Nobody:
    def line(self, asked: str) -> str:
        raise AssertionError(asked)

    secret = line
