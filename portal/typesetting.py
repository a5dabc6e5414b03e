"""
Paper: a PDF that is tagged (PDF/UA-1) and brings its fonts, made in memory by typst.

Words arrive in the source as data and are never read as markup.  The fonts are those inside the
package, loaded once, so every machine prints the same.

One paper is made at a time, in a thread of its own: whoever prints much keeps others waiting who
print, and nobody else.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

Unprintable: Final = typst.TypstError
"""What `typeset` raises, for a letter too that the fonts lack: PDF/UA allows none."""


def typeset(source: Path, words: dict[str, Any]) -> bytes:
    """The PDF of *source*, which reads *words* as JSON in `sys.inputs.data`; takes a thread."""
    made = typst.compile(
        source,
        format="pdf",
        sys_inputs={"data": json.dumps(words)},
        font_paths=_fonts(),
        pdf_standards=["ua-1"],
    )
    assert isinstance(made, bytes)  # noqa: S101 -- one file, because no output is named
    return made


async def at_the_press(make: Callable[[], bytes]) -> bytes:
    """What *make* makes with `typeset`, when the papers before it are done."""
    return await asyncio.get_running_loop().run_in_executor(_press(), make)


@cache
def _press() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="press")


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)
