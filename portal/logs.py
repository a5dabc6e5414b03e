"""
Logs that tell where a fault is and never what was being handled (T29).

An exception's text may quote a patient's name or a post, so the class and the frames are printed
and the text is not.
"""

import logging
import traceback
from types import TracebackType
from typing import Final

FORMAT: Final = "%(levelname)s %(name)s: %(message)s"
QUOTES: Final = frozenset({"asyncio"})
"""Loggers whose messages hold a task or a call with the exception or the arguments in it."""

QUIET: Final = {
    "tortoise": logging.WARNING,
    "aiosqlite": logging.INFO,
    "uvicorn": logging.INFO,
    "websockets": logging.INFO,
}
"""At DEBUG these quote rows, requests and their cookies."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Prints of an exception, and of what it came from, the class and the frames alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The whole entry; another handler's rendering of the exception is not taken over."""
        record.exc_text = None
        return super().format(record)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 -- logging's own name
        """The traceback without source lines and without any exception's text."""
        error, lines = ei[1], list[str]()
        while error is not None:
            lines += [f"{type(error).__module__}.{type(error).__qualname__}"]
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"  {each.filename}:{each.lineno} in {each.name}" for each in frames]
            shown = None if error.__suppress_context__ else error.__context__
            error = error.__cause__ or shown
        return "\n".join(lines)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's own name
        """The line; of loggers that quote, only what kind of fault it is."""
        if record.name in QUOTES:
            record.message = record.message.partition("\n")[0].partition("(")[0]
        return super().formatMessage(record)


def to_standard_error(level: int = logging.INFO) -> None:
    """Log like this from now on, whatever was set up before."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hush()


def hush() -> None:
    """Keep those quiet that log what is stored or sent, whatever level the others have."""
    for name, lowest in QUIET.items():
        logging.getLogger(name).setLevel(lowest)
