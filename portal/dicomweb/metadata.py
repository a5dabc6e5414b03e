"""The data sets of instances as DICOM JSON, without their large values (PS3.18 10.4.1.1.2)."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from portal.core.errors import Unknown
from portal.dicomweb.holdings import Held

AHEAD: Final = 4
"""Instances that are described at once."""


async def written(instances: Sequence[Held]) -> AsyncGenerator[bytes, None]:
    """A JSON list (RFC 8259) with the data set of each, in pieces."""
    for start in range(0, len(instances), AHEAD):
        some = instances[start : start + AHEAD]
        found = await asyncio.gather(*map(data_set, some))
        texts = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in found]
        yield ((",\n" if start else "[") + ",\n".join(texts)).encode()
    yield b"]"


async def data_set(instance: Held) -> dict[str, Any]:
    """One data set; of a file that nobody can read any more, what was read when it came."""
    try:
        found: dict[str, Any] = (await instance.described())["dataset"]
    except Unknown:
        return instance.listed()
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
