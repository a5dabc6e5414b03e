"""The shapes of what travels, in JSON Schema (2020-12), as OpenAPI 3.1 has them."""

from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final[Schema] = {"type": "integer", "minimum": 0}
TRUTH: Final[Schema] = {"type": "boolean"}
ID: Final[Schema] = {"type": "string", "format": "uuid"}
DAY: Final[Schema] = {"type": ["string", "null"], "format": "date"}
SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def exactly(**properties: Schema) -> Schema:
    """An object with all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def list_of(schema: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": schema}


def items_of(schema: Schema) -> Schema:
    """A whole list, as an object."""
    return exactly(items=list_of(schema))


def page_of(schema: Schema) -> Schema:
    """Part of a list, and how long the whole is."""
    return exactly(items=list_of(schema), total=WHOLE)


SPACE: Final = exactly(used=WHOLE, allowed=WHOLE, free=WHOLE)
STUDY: Final = exactly(
    id=ID, date=DAY, title=TEXT, modalities=list_of(TEXT), body_part=TEXT, patient_name=TEXT,
    birth_date=DAY, sex=TEXT, series=WHOLE, files=WHOLE, images=WHOLE, size=WHOLE,
    prepared=TRUTH, damaged=TRUTH,
)  # fmt: skip
FILE: Final = exactly(
    id=ID, sop_instance_uid=TEXT, series_instance_uid=TEXT, modality=TEXT, kind=TEXT, size=WHOLE,
    sha256=SHA256,
)  # fmt: skip
DOCUMENT: Final = exactly(
    id=ID, study={"type": ["string", "null"], "format": "uuid"}, date=DAY, title=TEXT, pages=WHOLE,
    size=WHOLE, sha256=TEXT, damaged=TRUTH, media_type=TEXT, href=TEXT,
)  # fmt: skip
SIGN_IN: Final[Schema] = {
    "type": "object",
    "properties": {
        "mail": TEXT,
        "password": TEXT,
        "code": TEXT,
        "label": TEXT,
        "scopes": list_of({"type": "string", "enum": ["read", "add"]}),
        "days": WHOLE,
    },
    "required": ["mail", "password", "label", "scopes", "days"],
}
TOKEN: Final = exactly(token=TEXT, until={"type": "string", "format": "date-time"})
FINGERPRINTS: Final = exactly(fingerprints=list_of(SHA256))
KNOWN: Final = exactly(known=list_of(WHOLE))
BEGIN: Final[Schema] = {
    "type": "object",
    "properties": {"client": ID},
    "required": ["client"],
}
UPLOAD: Final[Schema] = {
    "type": "object",
    "properties": {"id": ID, "parts": list_of(WHOLE)} | SPACE["properties"],
    "required": ["id", "parts", "used", "allowed", "free"],
}
RECEIPT: Final[Schema] = {
    "type": "object",
    "properties": {
        "kept": list_of(WHOLE),
        "duplicates": list_of(WHOLE),
        "refused": list_of({"type": "array"}),
        "waiting": list_of(WHOLE),
        "studies": list_of(ID),
    },
    "required": ["kept", "duplicates", "refused", "waiting", "studies"],
}
PROBLEM: Final[Schema] = {
    "type": "object",
    "properties": {"type": TEXT, "status": WHOLE, "title": TEXT, "error": TEXT},
    "required": ["type", "status", "title", "error"],
}
