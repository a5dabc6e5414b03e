"""Synthetic studies: small pictures whose every pixel is known, encoded as the server does."""

import gzip
import io
import json
import struct
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from werkzeug.exceptions import NotFound

from viewer import Series, series_of
from viewer.study import ViewedFile, ViewedStudy

Pixels = NDArray[Any]

WINDOWS: Final = (
    {"center": 40.0, "width": 400.0, "explanation": "SOFT", "function": "LINEAR"},
    {"center": -600.0, "width": 1500.0, "explanation": "LUNG", "function": "LINEAR"},
)


def resolution_ends(data: bytes) -> list[int]:
    """Byte ends of the resolutions of an HTJ2K stream with one tile part each (SOT markers)."""
    at, ends = 2, list[int]()
    while at < len(data):
        marker = struct.unpack(">H", data[at : at + 2])[0]
        if marker == 0xFF90:
            at += struct.unpack(">I", data[at + 6 : at + 10])[0]
            ends.append(at)
        elif marker == 0xFFD9:
            break
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return ends


def htj2k(pixels: Pixels) -> bytes:
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True, tlm=True, tilepart=1))


def preview_of(grey: NDArray[np.uint8], size: int) -> bytes:
    picture = Image.fromarray(grey)
    picture.thumbnail((size, size))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=75)
    return held.getvalue()


def window(
    pixels: Pixels, center: float, width: float, *, slope: float = 1, intercept: float = 0
) -> NDArray[np.uint8]:
    """Modality rescale and LINEAR window of DICOM PS3.3 C.11.2.1.2.1 as 8-bit grey."""
    values = pixels.astype("f8") * slope + intercept
    grey = np.clip(((values - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
    result: NDArray[np.uint8] = np.rint(grey).astype("u1")
    return result


def head(count: int, rows: int = 256, columns: int = 256) -> Pixels:
    """A CT-like volume (unsigned, intercept -1024) in which every slice and corner differs."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:rows, 0:columns]
    slices = []
    for k in range(count):
        skull = ((x - columns / 2) / (0.40 * columns)) ** 2 + ((y - rows / 2) / (0.46 * rows)) ** 2
        values = np.where(skull < 1, 1064 + 30 * np.sin(x / 9 + k) + 12 * np.cos(y / 7 - k), 24)
        values = np.where((skull > 0.85) & (skull < 1), 1900, values)
        marker = (abs(x - 60 - 3 * k) < 4) & (abs(y - 80) < 4)
        values = np.where(marker, 1500, values) + rng.integers(0, 6, (rows, columns))
        values[:8, :16] = 1300  # the picture's top left corner, for flips and rotations
        slices.append(values.astype("u2"))
    return np.stack(slices)


def grey_meta(pixels: Pixels, *, k: int = 0, spacing: float | None = 0.7, **more: Any) -> Any:
    """What `viewer.dicom` says about such a frame."""
    return {
        "modality": "CT",
        "samples": 1,
        "bitsAllocated": 16,
        "bitsStored": 12 if pixels.dtype == np.uint16 else 16,
        "signed": pixels.dtype == np.int16,
        "photometric": "MONOCHROME2",
        "rescale": {"slope": 1.0, "intercept": -1024.0, "type": "HU"},
        "windows": list(WINDOWS),
        "spacing": None if spacing is None else [spacing, spacing],
        "position": [-90.0, -90.0, 5.0 * k],
        "orientation": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "frameOfReference": "1.2.3.4",
        "frameTimeMs": None,
        "perFrame": [],
        **more,
    }


@dataclass
class FakeStudy:
    """A study in memory, as the viewer meets it."""

    title: str = "CT head"
    subtitle: str = "1 February 2026"
    id: UUID = field(default_factory=uuid4)
    series: list[dict[str, Any]] = field(default_factory=list)
    frames: dict[tuple[UUID, int], bytes] = field(default_factory=dict)
    previews: dict[UUID, NDArray[np.uint8]] = field(default_factory=dict)

    def add_series(self, description: str, modality: str = "CT") -> dict[str, Any]:
        series: dict[str, Any] = {
            "id": len(self.series),
            "number": len(self.series) + 2,
            "description": description,
            "modality": modality,
            "instances": [],
        }
        self.series.append(series)
        return series

    def add(
        self,
        series: dict[str, Any],
        frames: list[bytes],
        meta: dict[str, Any],
        shape: tuple[int, int],
        *,
        codec: str = "htj2k",
        grey: NDArray[np.uint8] | None = None,
    ) -> UUID:
        """One instance of already encoded *frames*."""
        instance = uuid4()
        for index, data in enumerate(frames):
            self.frames[instance, index] = data
        if grey is not None:
            self.previews[instance] = grey
        number = len(series["instances"]) + 1
        series["instances"].append(
            {
                "id": instance.hex,
                "sop": f"1.2.840.99.{series['id']}.{number}",
                "number": number,
                "rows": shape[0],
                "columns": shape[1],
                "frames": len(frames),
                "codec": codec,
                "why": None,
                "bytes": [len(data) for data in frames],
                "ends": [resolution_ends(data) if codec == "htj2k" else [] for data in frames],
                "meta": meta,
            }
        )
        return instance

    def add_volume(
        self, description: str, volume: Pixels, *, spacing: float | None = 0.7, **meta: Any
    ) -> dict[str, Any]:
        """A series of one instance per slice."""
        series = self.add_series(description, meta.get("modality", "CT"))
        for k, pixels in enumerate(volume):
            described = grey_meta(pixels, k=k, spacing=spacing, **meta)
            grey = window(pixels, 40, 400, intercept=-1024)
            self.add(series, [htj2k(pixels)], described, pixels.shape, grey=grey)
        return series

    def add_without_picture(self, series: dict[str, Any], why: str) -> None:
        number = len(series["instances"]) + 1
        series["instances"].append(
            {
                "id": uuid4().hex,
                "sop": f"1.2.840.98.{series['id']}.{number}",
                "number": number,
                "rows": 0,
                "columns": 0,
                "frames": 0,
                "codec": "none",
                "why": why,
                "bytes": [],
                "ends": [],
                "meta": {},
            }
        )

    @property
    def manifest(self) -> dict[str, Any]:
        return {"study": {"id": self.id.hex}, "series": self.series}

    async def opening(self) -> tuple[bytes, Sequence[Series]]:
        return gzip.compress(json.dumps(self.manifest).encode()), await self.listed()

    async def listed(self) -> Sequence[Series]:
        return series_of(json.dumps(self.manifest).encode())

    async def frame_size(self, instance: UUID, frame: int) -> tuple[str, int]:
        data = await self.frame(instance, frame)
        return ("jpeg" if data.startswith(b"\xff\xd8") else "htj2k"), len(data)

    async def frame(
        self, instance: UUID, frame: int, start: int = 0, stop: int | None = None
    ) -> bytes:
        if (instance, frame) not in self.frames:
            raise NotFound
        return self.frames[instance, frame][start:stop]

    async def preview(self, instance: UUID, size: int) -> bytes | None:
        grey = self.previews.get(instance)
        return None if grey is None else preview_of(grey, size)

    async def original_file(self, instance: UUID) -> ViewedFile:
        return _File(b"DICM" + instance.bytes)


@dataclass(frozen=True)
class _File:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    async def stretches(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        for at in range(start, stop, 8):
            yield self.data[at : min(at + 8, stop)]


def viewed(study: FakeStudy) -> ViewedStudy:
    """mypy's proof that the fake keeps the contract."""
    return study
