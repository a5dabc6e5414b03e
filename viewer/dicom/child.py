"""The limited process that reads hostile bytes: `python -m viewer.dicom.child <parent pid>`.

It answers tasks on standard input with messages on standard output, and says nothing else
anywhere: warnings and exceptions of the libraries may quote a patient's name.
"""

from __future__ import annotations

import sys

from viewer.dicom import limits

if __name__ == "__main__":
    limits.before_imports(int(sys.argv[1]))

import io
import json
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

from viewer.dicom import wire
from viewer.dicom.canonical import canonical_parts
from viewer.dicom.inspecting import inspect_file
from viewer.dicom.reasons import Refused
from viewer.dicom.rebuilding import NotRebuilt, rebuild
from viewer.dicom.tags import tag_rows
from viewer.dicom.warming import warm_up

Answer = tuple[dict[str, Any], list[bytes]]


def main() -> None:
    """Serve tasks until standard input ends, then leave without a word."""
    try:
        _serve()
    except MemoryError:
        os._exit(3)
    except BaseException:  # noqa: BLE001 - nothing about the file may reach a log
        os._exit(4)
    os._exit(0)


def _serve() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.tracebacklimit = 0
    warm_up()
    source, sink = io.FileIO(0, "rb"), io.FileIO(1, "wb")
    limits.after_imports()
    reader, writer = io.BufferedReader(source, 1 << 16), sink
    while (head := reader.read(wire.HEAD.size)) and len(head) == wire.HEAD.size:
        length, count = wire.unpack_head(head)
        sizes = wire.unpack_sizes(reader.read(wire.SIZE.size * count))
        task = json.loads(reader.read(length))
        for message, blobs in _answers(task, sizes, reader):
            _write(writer, wire.pack(message, [len(blob) for blob in blobs]))
            for blob in blobs:
                _write(writer, blob)


def _answers(task: dict[str, Any], sizes: list[int], reader: BinaryIO) -> Iterator[Answer]:
    budget = limits.Budget()
    match task["do"]:
        case "inspect":
            for size in sizes:
                limits.Budget()
                yield _inspected(_blob(reader, size)), []
        case "canonical":
            for answer in canonical_parts(_blob(reader, sum(sizes))):
                yield answer
                budget.renew()
        case "tags":
            yield _tags(_blob(reader, sum(sizes))), []
        case "rebuild":
            skeleton, *frames = [bytes(_blob(reader, size)) for size in sizes]
            yield _rebuilt(skeleton, frames)
        case _:
            yield {"kind": "unknown"}, []


def _rebuilt(skeleton: bytes, frames: list[bytes]) -> Answer:
    try:
        return {"kind": "rebuilt"}, [rebuild(skeleton, frames)]
    except NotRebuilt:
        return {"kind": "not rebuilt"}, []


def _inspected(data: memoryview) -> dict[str, Any]:
    found = inspect_file(data)
    if isinstance(found, Refused):
        return _refused(found)
    return {"kind": "header", "header": found.to_json()}


def _tags(data: memoryview) -> dict[str, Any]:
    found = tag_rows(data)
    if isinstance(found, Refused):
        return _refused(found)
    return {"kind": "tags", "rows": found}


def _refused(found: Refused) -> dict[str, Any]:
    return {"kind": "refused", "reason": found.reason.value, "detail": found.detail}


def _blob(reader: BinaryIO, size: int) -> memoryview:
    """One blob in a buffer of its own size, so that no second copy of a large file exists."""
    view = memoryview(bytearray(size))
    done = 0
    while done < size:
        got = reader.readinto(view[done:])  # type: ignore[attr-defined]
        if not got:
            raise SystemExit(1)
        done += got
    return view


def _write(sink: io.FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[sink.write(view) :]


if __name__ == "__main__":
    main()
