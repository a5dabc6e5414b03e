"""The limited process that reads hostile documents: `python -m viewer.pdf.child <parent pid>`.

It is another process than the one that reads diagnostic images, and it serves one person and one
document, or one part of an upload: a document that took it over meets no diagnostic image, no file,
no network, no secret and nothing of anybody else's.  What it can still do is lie about itself and
what came in that part.
"""

from __future__ import annotations

import sys

from viewer.children import limits

if __name__ == "__main__":
    limits.before_imports(int(sys.argv[1]))

import encodings.utf_16_le  # noqa: F401 - PDFium speaks it, and no file can be opened later
from collections.abc import Iterator
from typing import Any, BinaryIO

from viewer.children import serving
from viewer.pdf import reading
from viewer.photos import drawing, kind_of


def main() -> None:
    """Serve tasks until standard input ends, then leave without a word."""
    serving.serve(_answers, _warm_up)


def _warm_up() -> None:
    reading.warm_up()
    drawing.warm_up()


def _answers(
    task: dict[str, Any], sizes: list[int], reader: BinaryIO
) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    limits.Budget(task["seconds"])
    data = bytes(serving.blob_of(reader, sum(sizes)))
    try:
        yield _of_photo(task, data) if kind_of(data) else _of_pdf(task, data)
    except reading.Unreadable as fault:
        yield {"kind": "unshown", "why": fault.why}, []
    except MemoryError:
        yield {"kind": "unshown", "why": "memory"}, []
    except Exception:  # noqa: BLE001 - hostile bytes; the message may quote them
        yield {"kind": "unshown", "why": "damaged"}, []


def _of_pdf(task: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    match task["do"]:
        case "look":
            facts, preview = reading.look(data)
            return {"kind": "look", **facts}, [preview]
        case "words":
            return {"kind": "words"}, [reading.words(data).encode(errors="replace")]
        case "outline":
            return {"kind": "outline", **reading.outline(data, task["first"], task["count"])}, []
        case "page":
            return {"kind": "page"}, [reading.page(data, task["number"], task["width"])]
        case _:
            return {"kind": "unknown"}, []


def _of_photo(task: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    match task["do"]:
        case "look":
            facts, picture = drawing.look(data)
            return {"kind": "look", **facts}, [reading.small(picture)]
        case "outline":
            return {"kind": "outline", **drawing.outline(data)}, []
        case "page" if task["number"] == 1:
            return {"kind": "page"}, [drawing.page(data, task["width"])]
        case "clean":
            return {"kind": "clean"}, [drawing.cleaned(data)]
        case _:
            return {"kind": "unshown", "why": "damaged"}, []


if __name__ == "__main__":
    main()
