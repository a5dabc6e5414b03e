"""
Reading a message of several parts as it comes (RFC 2046 5.1, RFC 2387), whoever wrote it.

Nothing of it is kept but the few bytes in which a boundary may begin.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from portal.dicomweb.accepting import MULTIPART
from portal.dicomweb.errors import BadMessage, NotSupported

LONGEST_HEAD: Final = 8 * 1024
LONGEST_PREAMBLE: Final = 64 * 1024
"""Bytes before the first part, and behind the last, which mean nothing."""
_PADDING: Final = 128
"""Blanks behind a boundary."""
_LINE: Final = b"\r\n"
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}(?<! )")
_FIELD: Final = re.compile(r';\s*([A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^;\s]*)\s*')


@dataclass(frozen=True, slots=True)
class Begin:
    """A part begins; *media* is its type in lower case, *plain* that it is encoded in no way."""

    media: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Content:
    """Some bytes of the part."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The part is complete."""


Event = Begin | Content | End


def boundary_of(content_type: str) -> str:
    """
    What parts the message, by its Content-Type.

    Raises `NotSupported` for anything but DICOM files in `multipart/related`, `BadMessage` when no
    boundary is said.
    """
    media, semicolon, rest = content_type.partition(";")
    said = {name.lower(): value.strip('"') for name, value in _FIELD.findall(semicolon + rest)}
    kind = said.get("type", "application/dicom").lower()
    if media.strip().lower() != MULTIPART or kind != "application/dicom":
        raise NotSupported
    boundary: str = said.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadMessage
    return boundary


class Parser:
    """Feed it what comes; it says what that is.  Raises `BadMessage`."""

    def __init__(self, boundary: str) -> None:
        self._delimiter = f"\r\n--{boundary}".encode()
        self._data = bytearray(_LINE)  # the first boundary may begin the message
        self._state = self._preamble
        self._idle = 0
        self.parts = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events in what came so far."""
        self._data += data
        goes_on = True
        while goes_on:
            event, goes_on = self._state()
            if event is not None:
                yield event

    def close(self) -> None:
        """Nothing more comes."""
        if self._state != self._epilogue or not self.parts:
            raise BadMessage

    def _preamble(self) -> tuple[Event | None, bool]:
        at = self._data.find(self._delimiter)
        if at < 0:
            self._skip(max(0, len(self._data) - len(self._delimiter) + 1))
            return None, False
        self._skip(at)
        del self._data[: len(self._delimiter)]
        self._state = self._after_boundary
        return None, True

    def _after_boundary(self) -> tuple[Event | None, bool]:
        if len(self._data) < len(b"--"):
            return None, False
        if self._data[:2] == b"--":
            self._state, self._idle = self._epilogue, 0
            return None, True
        at = self._data.find(_LINE, 0, _PADDING)
        if at < 0 and len(self._data) < _PADDING:
            return None, False
        if at < 0 or self._data[:at].strip(b" \t"):
            raise BadMessage
        # The line's end stays: a head without a field is that end and the next.
        del self._data[:at]
        self._state = self._head
        return None, True

    def _head(self) -> tuple[Event | None, bool]:
        at = self._data.find(_LINE * 2, 0, LONGEST_HEAD)
        if at < 0:
            if len(self._data) >= LONGEST_HEAD:
                raise BadMessage
            return None, False
        head = bytes(self._data[:at])
        del self._data[: at + 2]  # a line's end may begin the next boundary
        self._state = self._first
        self.parts += 1
        return _begun(head), True

    def _first(self) -> tuple[Event | None, bool]:
        """The first bytes of a part, before which stands the end of its head."""
        if len(self._data) < len(self._delimiter):
            return None, False
        if not self._data.startswith(self._delimiter):
            del self._data[:2]
        self._state = self._content
        return None, True

    def _content(self) -> tuple[Event | None, bool]:
        at = self._data.find(self._delimiter)
        if at == 0:
            del self._data[: len(self._delimiter)]
            self._state = self._after_boundary
            return End(), True
        stop = at if at > 0 else len(self._data) - len(self._delimiter) + 1
        if stop <= 0:
            return None, False
        content = bytes(self._data[:stop])
        del self._data[:stop]
        return Content(content), at > 0

    def _epilogue(self) -> tuple[Event | None, bool]:
        self._skip(len(self._data))
        return None, False

    def _skip(self, number: int) -> None:
        self._idle += number
        if self._idle > LONGEST_PREAMBLE:
            raise BadMessage
        del self._data[:number]


def _begun(head: bytes) -> Begin:
    fields = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if line and not colon:
            raise BadMessage
        fields[name.strip().lower()] = value.strip().lower()
    media = fields.get("content-type", "").partition(";")[0].strip()
    codings = {fields.get("content-encoding", ""), fields.get("content-transfer-encoding", "")}
    return Begin(media, codings <= {"", "binary", "identity", "8bit"})
