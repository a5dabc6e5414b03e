"""`upload`, `download` and `watch`, as they are typed."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from portal.carrying.downloading import Fetched, download
from portal.carrying.line import BadUse, Line, NotLetIn, Stop
from portal.carrying.showing import Progress
from portal.carrying.signing import Terminal, Wish, admission, password_for
from portal.carrying.uploading import Outcome, upload
from portal.carrying.watching import Watch, watch

PORTAL: Final = "HDS_PORTAL"
COMMANDS: Final = {
    "upload": "send files, folders and ZIPs to a portal: what it has already is not sent again",
    "download": "fetch documents and pictures, and DICOM files --with-dicom, into a folder",
    "watch": "send whatever comes into a folder, as soon as it stopped growing",
}
EPILOG: Final = """\
A token that lies ready is used: from the variable HDS_TOKEN, or from --token-file (by itself
~/.config/hds/token, readable by you alone). Without one, or with --sign-in, you are asked for
e-mail address, password and second step; the token made for that run is revoked when it ends,
unless you say that it is to be kept. Nothing secret is read from the command itself.
Ends with 0 when everything is done, 1 when files were left out (each is named with the reason), 2
for a mistake in the command, 3 when token, password or code is not taken, 4 when the portal could
not be reached or has no space, 130 when it was interrupted. Whatever the reason: run it again, and
it goes on.
"""
SOME_LEFT: Final = 1
INTERRUPTED: Final = 130


def main(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one of the three; what the process ends with."""
    chosen = _parser().parse_args(arguments)
    show = Progress(sys.stderr)
    try:
        return _admitted(chosen, env, show)
    except NotLetIn as refusal:
        by_token = refusal.error.startswith("token_")
        hint = " (--sign-in asks for e-mail address and password)" if by_token else ""
        _print(f"{refusal}{hint}", sys.stderr)
        return refusal.code
    except Stop as stop:
        _print(f"{stop}", sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        _print("interrupted; run it again, and it goes on", sys.stderr)
        return INTERRUPTED


def _admitted(chosen: argparse.Namespace, env: Mapping[str, str], show: Progress) -> int:
    _check(chosen)
    origin = chosen.portal or env.get(PORTAL, "")
    wish = Wish(origin, chosen.what, chosen.token_file, anew=chosen.sign_in)
    admitted = admission(wish, env, Terminal(), show.say)
    try:
        line = Line(admitted.origin, admitted.token, show.say)
        try:
            return _run(chosen, line, show)
        finally:
            show.done()
            line.close()
    finally:
        admitted.over(show.say)


def _check(chosen: argparse.Namespace) -> None:
    """What can be wrong without asking anybody.  Raises `BadUse`."""
    if chosen.what == "upload":
        missing = [each for each in chosen.paths if not each.exists()]
        if missing:
            raise BadUse(f"there is no {missing[0]}")
    if chosen.what == "watch" and not chosen.folder.is_dir():
        raise BadUse(f"{chosen.folder} is no folder")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal")
    named = parser.add_subparsers(dest="what", required=True, metavar="command")
    for name, words in COMMANDS.items():
        each = named.add_parser(
            name, help=words, description=words, epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        each.add_argument("--portal", help=f"its address, https://…; by itself ${PORTAL}")
        each.add_argument("--token-file", help="a file with the token, readable by you alone")
        each.add_argument(
            "--sign-in", action="store_true", help="by e-mail address and password, token or not"
        )
        _own(each, name)
    return parser


def _own(parser: argparse.ArgumentParser, name: str) -> None:
    match name:
        case "upload":
            parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        case "download":
            parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER")
            parser.add_argument(
                "--with-dicom",
                action="store_true",
                help="the files of examinations, too, bit for bit",
            )
        case _:
            parser.add_argument("folder", type=Path, metavar="FOLDER")
            parser.add_argument("--move-to", type=Path, metavar="FOLDER", help="for what is sent")
            parser.add_argument(
                "--every", type=_seconds, default=10.0, metavar="SECONDS", help="between two looks"
            )


def _seconds(typed: str) -> float:
    if not 0 < float(typed) <= 86_400:  # noqa: PLR2004 -- a day
        raise ValueError
    return float(typed)


def _run(chosen: argparse.Namespace, line: Line, show: Progress) -> int:
    match chosen.what:
        case "upload":
            ask = password_for(Terminal(), show.say) if sys.stdin.isatty() else None
            return _told(upload(line, chosen.paths, show, ask), show)
        case "download":
            return _fetched(download(line, chosen.to, show, with_dicom=chosen.with_dicom), show)
        case _:
            folder = chosen.folder.resolve()
            target = None if chosen.move_to is None else chosen.move_to.resolve()
            watched = Watch(folder, chosen.every, target)
            show.say(f"watching {folder}; Ctrl-C ends it")
            watch(line, watched, show, lambda outcome: _told(outcome, show))
            return 0


def _told(outcome: Outcome, show: Progress) -> int:
    show.done()
    for each in outcome.left:
        _print(f"left out: {each.path}: {each.why}")
    _print(
        f"kept {len(outcome.kept):,}, there already {len(outcome.there):,}, "
        f"left out {len(outcome.left):,}"
    )
    return SOME_LEFT if outcome.left else 0


def _fetched(fetched: Fetched, show: Progress) -> int:
    show.done()
    for what, why in fetched.failed:
        _print(f"not fetched: {what}: {why}")
    _print(
        f"fetched {len(fetched.new):,}, there already {len(fetched.there):,}, "
        f"not fetched {len(fetched.failed):,}"
    )
    return SOME_LEFT if fetched.failed else 0


def _print(words: str, to: TextIO | None = None) -> None:
    """A line, also where the terminal lacks some of its letters."""
    out = to or sys.stdout
    encoding = out.encoding or "utf-8"
    out.write(words.encode(encoding, "replace").decode(encoding) + "\n")
    out.flush()
