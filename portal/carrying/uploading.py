"""Sending files: only what the portal lacks, and after a cut only what had not arrived."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from portal.carrying import files, zips
from portal.carrying.files import File, Left
from portal.carrying.line import Line, Refused, Stop
from portal.carrying.showing import Progress
from portal.carrying.words import why
from portal.carrying.zips import AskPassword, Desk, Inside

ASKED: Final = 1000
"""Files in one question about what is there already."""
BATCH_BYTES: Final = 2 * 1024**3
BATCH_FILES: Final = 20_000
NAMES: Final = 1000
"""Documents of which one upload takes the names."""
LONGEST_NAME: Final = 180
GONE: Final = 410
AGAIN: Final = 3
"""How often an upload that ended on the portal's side is begun anew."""


class NoSpace(Stop):
    """Less space is left in the account than the files need."""


@dataclass
class Outcome:
    """What became of the files."""

    kept: list[Path] = field(default_factory=list)
    there: list[Path] = field(default_factory=list)
    """The portal had these already."""
    left: list[Left] = field(default_factory=list)


@dataclass
class _Batch:
    """Files that travel in one upload, and which of them the portal lacks."""

    files: list[File]
    lacking: set[int]
    told: set[int] = field(default_factory=set)
    """Those of which the portal has said what became of them."""

    def client(self) -> str:
        """The same for the same files, so that another try goes on with the same upload."""
        digest = hashlib.sha256("".join(each.fingerprint for each in self.files).encode())
        return str(UUID(bytes=digest.digest()[:16], version=4))

    def needed(self) -> int:
        """Bytes that are to be sent."""
        return sum(self.files[each].size for each in self.lacking)


def upload(
    line: Line, paths: Iterable[Path], show: Progress, ask: AskPassword | None = None
) -> Outcome:
    """
    Send everything in and below *paths* that the portal lacks.  Raises `Stop`.

    *ask*: for the password of a ZIP; without it, what is protected by one is left out.
    """
    outcome, named, desk = Outcome(), list(paths), Desk()
    try:
        good = _looked(named, outcome, show, desk, ask or (lambda _path, _wrong: ""))
        good = _without_decoration(good, set(named), outcome)
        batches = list(_asked(line, good, outcome))
        show.begins(sum(each.needed() for each in batches))
        for number, batch in enumerate(batches):
            if batch.lacking:
                needed = sum(each.needed() for each in batches[number:])
                _send(line, batch, needed, outcome, show, desk)
    finally:
        desk.clear()
    return outcome


def _looked(
    named: Sequence[Path], outcome: Outcome, show: Progress, desk: Desk, ask: AskPassword
) -> list[File]:
    """The files that can be sent; a ZIP stands for those in it."""
    good = list[File]()
    for path in files.found(named):
        for seen in _inside(path, desk, ask) if zips.is_zip(path) else [files.looked_at(path)]:
            if isinstance(seen, Left):
                outcome.left.append(seen)
            else:
                good.append(seen)
            show.looked(len(good) + len(outcome.left))
    return good


def _inside(path: Path, desk: Desk, ask: AskPassword) -> Iterator[File | Left]:
    for each in zips.inside(path, ask):
        if isinstance(each, Inside):
            if not files.is_passed_over(each.info.filename):
                yield files.looked_inside(each, desk)
        else:
            yield Left(*each)


def _without_decoration(
    good: Sequence[File], named: Collection[Path], outcome: Outcome
) -> list[File]:
    """Pictures that lie beside DICOM files belong to a viewer, unless they are named themselves."""
    if all(each.kind for each in good):
        return list(good)
    beside = {each.path for each in good if each.kind == "photo" and each.path not in named}
    why = "is a picture beside DICOM files: name it by itself to keep it"
    outcome.left += [Left(each, why) for each in sorted(beside)]
    return [each for each in good if each.path not in beside]


def _asked(line: Line, good: Sequence[File], outcome: Outcome) -> Iterator[_Batch]:
    """The files in batches; what the portal has already is not sent, and the same not twice."""
    seen = set[str]()
    for batch in _batched(good):
        lacking = set[int]()
        for start in range(0, len(batch), ASKED):
            asked = batch[start : start + ASKED]
            sent = {"fingerprints": [each.fingerprint for each in asked]}
            known = set(line.ask("POST", "/uploads/known", sent)["known"])
            for number, file in enumerate(asked):
                if number in known or file.fingerprint in seen:
                    outcome.there.append(file.path)
                else:
                    lacking.add(start + number)
                seen.add(file.fingerprint)
        yield _Batch(batch, lacking)


def _batched(good: Sequence[File]) -> Iterator[list[File]]:
    batch, size = list[File](), 0
    for file in good:
        if batch and (size + file.size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _send(
    line: Line, batch: _Batch, needed: int, outcome: Outcome, show: Progress, desk: Desk
) -> None:
    for number in range(AGAIN):
        state = line.ask("POST", "/uploads", _begin(batch))
        if needed > int(state["free"]) and not state["parts"]:
            raise NoSpace(f"{needed:,} bytes are to be sent; {int(state['free']):,} are free")
        try:
            _send_parts(line, batch, state, outcome, show, desk)
            line.ask("POST", f"/uploads/{state['id']}/finish", {})
        except Refused as refused:
            if refused.status != GONE or number + 1 == AGAIN:
                raise
            continue
        break
    for each in sorted(batch.lacking - batch.told):
        outcome.left.append(Left(batch.files[each].path, "did not arrive whole: run it again"))


def _begin(batch: _Batch) -> dict[str, Any]:
    named = [
        [number, batch.files[number].path.name[-LONGEST_NAME:], ""]
        for number in sorted(batch.lacking)
        if batch.files[number].kind
    ]
    return {"client": batch.client(), "documents": named[:NAMES]}


def _send_parts(
    line: Line, batch: _Batch, state: dict[str, Any], outcome: Outcome, show: Progress, desk: Desk
) -> None:
    arrived = set(state["parts"])
    for number, slices in enumerate(files.cut(batch.files)):
        wanted = [each for each in slices if each.file in batch.lacking - batch.told]
        if not wanted:
            continue
        if number not in arrived:
            body, left = files.packed(batch.files, wanted, desk)
            _leave(batch, left, outcome)
            if body:
                receipt = line.send(f"/uploads/{state['id']}/parts/{number}", body)
                _note(batch, receipt, outcome)
        show.sent(sum(each.length for each in wanted))


def _leave(batch: _Batch, left: Sequence[Left], outcome: Outcome) -> None:
    paths = {each.path for each in left}
    batch.told |= {number for number in batch.lacking if batch.files[number].path in paths}
    outcome.left += left


def _note(batch: _Batch, receipt: dict[str, Any], outcome: Outcome) -> None:
    kept, there = receipt["kept"], receipt["duplicates"]
    outcome.kept += [batch.files[each].path for each in kept]
    outcome.there += [batch.files[each].path for each in there]
    for number, code in receipt["refused"]:
        outcome.left.append(Left(batch.files[number].path, why(code)))
    batch.told |= {*kept, *there, *(number for number, _ in receipt["refused"])}
