"""What every limited child does: read a task, answer it, and say nothing else anywhere."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from viewer.children import limits, wire

Answer = tuple[dict[str, Any], list[bytes]]
Answers = Callable[[dict[str, Any], list[int], BinaryIO], Iterator[Answer]]
"""A task, the sizes of its blobs and where they come from; what is answered."""


def serve(answers: Answers, warm_up: Callable[[], None]) -> None:
    """
    Answer tasks until standard input ends, then leave without a word.

    *warm_up* loads everything that a task may need, because afterwards no file can be opened.
    """
    try:
        _serve(answers, warm_up)
    except MemoryError:
        os._exit(3)
    except BaseException:  # noqa: BLE001 - nothing about the file may reach a log
        os._exit(4)
    os._exit(0)


def _serve(answers: Answers, warm_up: Callable[[], None]) -> None:
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
        for message, blobs in answers(task, sizes, reader):
            _write(writer, wire.pack(message, [len(blob) for blob in blobs]))
            for blob in blobs:
                _write(writer, blob)


def blob_of(reader: BinaryIO, size: int) -> memoryview:
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
