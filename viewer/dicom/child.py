"""The limited process that reads hostile bytes: `python -m viewer.dicom.child <parent pid>`.

It answers tasks on standard input with messages on standard output, and says nothing else
anywhere: warnings and exceptions of the libraries may quote a patient's name.
"""

from __future__ import annotations

import sys
import time

from viewer.children import limits

if __name__ == "__main__":
    limits.before_imports(int(sys.argv[1]))

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from viewer.children import serving
from viewer.dicom.canonical import canonical_parts
from viewer.dicom.describing import described_file, described_skeleton
from viewer.dicom.embedding import Embedded, embedded_document
from viewer.dicom.inspecting import inspect_file
from viewer.dicom.plain import plain_frame
from viewer.dicom.reasons import Refused, Unreadable
from viewer.dicom.rebuilding import NotRebuilt, rebuild, stored_frame
from viewer.dicom.rendering import rendered_frame
from viewer.dicom.reporting import Report, report_of
from viewer.dicom.warming import warm_up

SPELL_SECONDS: Final = 2.0
"""Of the processor, before others have their turn; the files that are left come again."""


def main() -> None:
    """Serve tasks until standard input ends, then leave without a word."""
    serving.serve(_answers, warm_up)


def _answers(task: dict[str, Any], sizes: list[int], reader: BinaryIO) -> Iterator[serving.Answer]:
    budget = limits.Budget()
    match task["do"]:
        case "inspect":
            began = time.process_time()
            for size in sizes:
                data = serving.blob_of(reader, size)
                if time.process_time() - began > SPELL_SECONDS:
                    yield {"kind": "later"}, []
                    continue
                limits.Budget()
                yield _inspected(data), []
        case "canonical":
            for answer in canonical_parts(serving.blob_of(reader, sum(sizes))):
                yield answer
                budget.renew()
        case "report":
            yield _reported(serving.blob_of(reader, sum(sizes)))
        case "rebuild":
            skeleton, *frames = [bytes(serving.blob_of(reader, size)) for size in sizes]
            yield _rebuilt(skeleton, frames)
        case what if what in _OF_ONE:
            yield _OF_ONE[what](task, serving.blob_of(reader, sum(sizes)))
        case _:
            yield {"kind": "unknown"}, []


def _rebuilt(skeleton: bytes, frames: list[bytes]) -> serving.Answer:
    try:
        return {"kind": "rebuilt"}, [rebuild(skeleton, frames)]
    except NotRebuilt:
        return {"kind": "not rebuilt"}, []


def _stored(task: dict[str, Any], frame: memoryview) -> serving.Answer:
    try:
        return {"kind": "stored"}, [bytes(stored_frame(task["layout"], bytes(frame)))]
    except NotRebuilt:
        return {"kind": "not stored"}, []


def _inspected(data: memoryview) -> dict[str, Any]:
    found = inspect_file(data)
    if isinstance(found, Refused):
        return _refused(found)
    return {"kind": "header", "header": found.to_json()}


def _described(task: dict[str, Any], data: memoryview) -> serving.Answer:
    """Of a file, or with lengths of frames of a skeleton."""
    lengths = task["lengths"]
    found = described_file(data) if lengths is None else described_skeleton(data, lengths)
    return _refused(found) if isinstance(found, Refused) else {"kind": "described", **found}, []


def _decoded(task: dict[str, Any], frame: memoryview) -> serving.Answer:
    try:
        return {"kind": "decoded"}, [plain_frame(task["pixels"], bytes(frame))]
    except Unreadable:
        return {"kind": "not decoded"}, []


def _rendered(task: dict[str, Any], frame: memoryview) -> serving.Answer:
    try:
        return {"kind": "rendered"}, [rendered_frame(task["how"], bytes(frame))]
    except Unreadable:
        return {"kind": "not rendered"}, []


def _embedded(task: dict[str, Any], data: memoryview) -> serving.Answer:
    found = embedded_document(data, task["most"])
    if isinstance(found, Embedded):
        where = {"start": found.start, "packed": found.packed}
        about = {"mime": found.mime, "title": found.title}
        return {"kind": "embedded"} | about | where, [found.data]
    return _refused(found), []


def _reported(data: memoryview) -> serving.Answer:
    found = report_of(data)
    if isinstance(found, Report):
        return {"kind": "report", "report": found.to_json()}, []
    return _refused(found), []


def _refused(found: Refused) -> dict[str, Any]:
    return {"kind": "refused", "reason": found.reason.value, "detail": found.detail}


_OF_ONE: Final[dict[str, Callable[[dict[str, Any], memoryview], serving.Answer]]] = {
    "embedded": _embedded,
    "describe": _described,
    "stored": _stored,
    "decode": _decoded,
    "render": _rendered,
}
"""What is asked of one file, or one frame, and answered once."""


if __name__ == "__main__":
    main()
