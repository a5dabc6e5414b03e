"""The data sets of instances as DICOM JSON, without their large values (PS3.18 10.4.1.1.2)."""

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from portal.core.actor import Actor
from portal.core.errors import Unknown
from portal.dicomweb.holdings import Held, Named, Service, held_in, open_named
from portal.dicomweb.sheets import Name, Packing

AHEAD: Final = 4
"""Instances that are described at once."""
STRETCH: Final = 512 * 1024
"""Bytes of a remembered description that are unpacked at a time."""
PER_INSTANCE: Final = 64 * 1024
"""Bytes of metadata that are expected of an instance, for the time its answer may take."""


async def described(
    service: Service, actor: Actor, named: Named
) -> tuple[AsyncGenerator[bytes, None], int]:
    """
    A JSON list (RFC 8259) of the data sets of what is *named*, in pieces, and how many bytes are
    expected; that of a series or study is remembered.  Raises `Unknown`.
    """
    study = await (await open_named(service.shelf, actor, named.study)).settled()
    name = None if named.instance else Name.of(study, named.series)
    packed = None if name is None else await asyncio.to_thread(service.sheets.get, name)
    if packed is not None:
        return unpacked(packed), PER_INSTANCE + 64 * len(packed)
    found = await held_in(service, study, named)
    return _written(service, found, name), PER_INSTANCE * len(found)


async def unpacked(packed: bytes) -> AsyncGenerator[bytes, None]:
    """What was packed, in stretches."""
    unpacker, rest = zlib.decompressobj(), packed
    while not unpacker.eof:
        yield await asyncio.to_thread(unpacker.decompress, rest, STRETCH)
        rest = unpacker.unconsumed_tail


async def _written(
    service: Service, instances: Sequence[Held], name: Name | None
) -> AsyncGenerator[bytes, None]:
    packing, is_whole = Packing(), name is not None
    for start in range(0, len(instances), AHEAD):
        found = await asyncio.gather(*map(_data_set, instances[start : start + AHEAD]))
        # What cannot be read now may be so for a passing reason, and is tried again.
        is_whole = is_whole and None not in found
        some = zip(found, instances[start : start + AHEAD], strict=True)
        listed = [each if each is not None else instance.listed() for each, instance in some]
        piece = await asyncio.to_thread(_text, listed, ",\n" if start else "[", packing)
        yield piece
    last = b"]"
    packing.add(last)
    if is_whole and name is not None:
        await asyncio.to_thread(_remember, service, name, packing)
    yield last


def _remember(service: Service, name: Name, packing: Packing) -> None:
    if packed := packing.done():
        service.sheets.put(name, packed)


def _text(found: Sequence[dict[str, Any]], before: str, packing: Packing) -> bytes:
    texts = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in found]
    piece = (before + ",\n".join(texts)).encode()
    packing.add(piece)
    return piece


async def _data_set(instance: Held) -> dict[str, Any] | None:
    """One data set; None of a file that nobody can read."""
    try:
        found: dict[str, Any] = (await instance.described())["dataset"]
    except Unknown:
        return None
    return _addressed(found, f"{instance.address}/bulkdata/")


def _addressed(items: dict[str, Any], address: str) -> dict[str, Any]:
    """The same with whole addresses of what is not in it."""
    for element in items.values():
        if "BulkDataURI" in element:
            element["BulkDataURI"] = address + element["BulkDataURI"]
        elif element["vr"] == "SQ":
            for item in element.get("Value", ()):
                _addressed(item, address)
    return items
