"""
What programs may ask, as an OpenAPI 3.1 document in the reader's language.

The addresses stand here once more, in words; `tests/api` compares them with the routes both ways
and every answer with its schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from portal.api import schemas
from portal.api.schemas import Schema
from portal.core.language import N_, gettext
from portal.keys import Scope

VERSION: Final = "1.0"
TOKEN: Final = "token"  # noqa: S105 -- the name of the way to sign in, not a token
TITLE: Final = N_("HealthDataSpace for programs")
ABOUT: Final = N_(
    "What a program may do for the person whose token it shows. Make a token in the profile under "
    "“Access for programs”, and send it with each request: Authorization: Bearer hds_…"
)

PROBLEMS: Final[Mapping[int, str]] = {
    401: N_("The token is unknown, revoked or past its end."),
    403: N_("The token is for something else."),
    404: N_("There is no such thing, or it is not yours: the answer is the same."),
    409: N_("Something else was sent under this number before."),
    410: N_("The upload has ended. What was acknowledged stays; begin another one."),
    413: N_("More bytes than a part may have."),
    416: N_("The file has no such bytes."),
    422: N_("What was sent is not understood."),
    429: N_("Too much at once: come again after the seconds in Retry-After."),
    503: N_("Something the portal needs is away: come again later."),
    507: N_("No space is left, of the account or of the portal."),
}
EVERYWHERE: Final = (401, 403, 429, 503)
NOT_LET_IN: Final = N_(
    "Address, password or code is not right: “title” says what to do. Where “error” is "
    "second_step, send the same once more with a code; “app” says whether there is an "
    "authenticator app."
)
"""403 where no token is shown."""
SIGNING_IN: Final[Mapping[int, str]] = {
    403: NOT_LET_IN,
    409: N_("The account has as many tokens as it may, or its password was changed meanwhile."),
    410: N_("That took too long. Please sign in once more."),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something in the path or the query."""

    name: str
    words: str
    place: Literal["path", "query"] = "path"
    schema: Schema = field(default_factory=lambda: schemas.ID)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to ask."""

    method: Literal["get", "post", "put", "delete"]
    path: str
    name: str
    """`operationId`."""
    words: str
    scope: Scope | Literal["any", "none"]
    """What the token must be allowed; "none": no token is shown."""
    answer: str
    """What the answer says, in words."""
    schema: Schema | None = None
    """Of an answer in JSON; an answer with neither this nor `media` is empty."""
    media: str = ""
    """Of an answer that is a file."""
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    binary: str = ""
    """What is sent, in words, where it is no JSON."""
    problems: tuple[int, ...] = ()


PART: Final = N_(
    "“HDP1”, the number of records (32 bits), then for each record: number of the file (32), its "
    "size (64), where this piece begins (64), length of the piece (32), its SHA-256 (32 bytes) and "
    "its bytes. Integers are big-endian. A file of more than 4 MiB is cut into pieces of 4 MiB; a "
    "part has at most 8 MiB and 1024 records. The same part may be sent again at any time."
)

STUDY: Final = Parameter("study_id", N_("An examination."))
UPLOAD: Final = Parameter("upload_id", N_("An upload."))
PAGES: Final = (
    Parameter("from", N_("How many to skip."), "query", schemas.WHOLE),
    Parameter("limit", N_("How many to give, 1 to 1000; 100 if nothing is said."), "query",
              schemas.WHOLE),
)  # fmt: skip

OPERATIONS: Final = (
    Operation("post", "/api/token", "signIn", N_("Sign in for a token"), "none",
              N_("The token, for the only time; the owner of the account is told by mail."),
              schemas.TOKEN, status=201, body=schemas.SIGN_IN, problems=(409, 410, 422)),
    Operation("delete", "/api/token", "end", N_("Revoke the token that asks"), "any",
              N_("It opens nothing any more."), status=204, problems=(404,)),
    Operation("get", "/api/space", "space", N_("Space used and left"), "read",
              N_("Bytes that are used, allowed on the whole, and left."), schemas.SPACE),
    Operation("get", "/api/studies", "studies", N_("Examinations, the latest first"), "read",
              N_("One page of them."), schemas.page_of(schemas.STUDY), parameters=PAGES),
    Operation("get", "/api/studies/{study_id}/files", "files", N_("Files of an examination"),
              "read", N_("Every file as it was uploaded."), schemas.items_of(schemas.FILE),
              parameters=(STUDY,), problems=(404, 410)),
    Operation("get", "/api/studies/{study_id}/files/{instance}", "file",
              N_("One file, bit for bit as it was uploaded"), "read",
              N_("The file; Range is answered with 206."), media="application/dicom",
              parameters=(STUDY, Parameter("instance", N_("A file of the examination."))),
              problems=(404, 410, 416)),
    Operation("get", "/api/documents", "documents", N_("Documents, the latest first"), "read",
              N_("One page of them."), schemas.page_of(schemas.DOCUMENT), parameters=PAGES),
    Operation("get", "/d/{document_id}/original", "document",
              N_("One document, bit for bit as it was uploaded"), "read",
              N_("The file; Range is answered with 206."), media="*/*",
              parameters=(Parameter("document_id", N_("A document.")),), problems=(404, 410, 416)),
    Operation("post", "/uploads/known", "known", N_("What need not be sent again"), "add",
              N_("Places in the list of those that are kept already."), schemas.KNOWN,
              body=schemas.FINGERPRINTS, problems=(422,)),
    Operation("post", "/uploads", "begin", N_("Begin an upload, or go on with one"), "add",
              N_("The upload: with the parts that have arrived, and the space."), schemas.UPLOAD,
              status=201, body=schemas.BEGIN, problems=(422,)),
    Operation("get", "/uploads/{upload_id}", "state", N_("How far an upload is"), "add",
              N_("The upload: with the parts that have arrived, and the space."), schemas.UPLOAD,
              parameters=(UPLOAD,), problems=(410,)),
    Operation("put", "/uploads/{upload_id}/parts/{number}", "part", N_("Send one part"), "add",
              N_("What became of each file; what is called kept survives a power cut."),
              schemas.RECEIPT,
              parameters=(UPLOAD, Parameter("number", N_("Of the part, from 0."), "path",
                                            schemas.WHOLE)),
              binary=PART,
              problems=(409, 410, 413, 422, 507)),
    Operation("post", "/uploads/{upload_id}/finish", "finish", N_("End an upload"), "add",
              N_("Bytes that are used, allowed on the whole, and left."), schemas.SPACE,
              parameters=(UPLOAD,), problems=(410,)),
)  # fmt: skip
"""Everything, in the order of the page."""


def document(origin: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the portal at *origin*."""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = _described(each)
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "hds_…"}
    return {
        "openapi": "3.1.0",
        "info": {"title": gettext(TITLE), "version": VERSION, "description": gettext(ABOUT)},
        "servers": [{"url": origin}],
        "security": [{TOKEN: []}],
        "paths": paths,
        "components": {
            "securitySchemes": {TOKEN: bearer},
            "schemas": {"Problem": schemas.PROBLEM},
        },
    }


def _described(each: Operation) -> dict[str, Any]:
    scopes = [] if each.scope == "any" else [each.scope]
    found: dict[str, Any] = {
        "operationId": each.name,
        "summary": gettext(each.words),
        "security": [] if each.scope == "none" else [{TOKEN: scopes}],
        "responses": {str(each.status): _answer(each)} | _problems(each),
    }
    if each.parameters:
        found["parameters"] = [_parameter(one) for one in each.parameters]
    if each.body is not None:
        content = {"application/json": {"schema": each.body}}
        found["requestBody"] = {"required": True, "content": content}
    if each.binary:
        content = {"application/octet-stream": {}}
        words = gettext(each.binary)
        found["requestBody"] = {"required": True, "description": words, "content": content}
    return found


def _answer(each: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {"description": gettext(each.answer)}
    if each.media:
        said["content"] = {each.media: {}}
    elif each.schema is not None:
        said["content"] = {"application/json": {"schema": each.schema}}
    return said


def _problems(each: Operation) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    words, known = dict(PROBLEMS), {*EVERYWHERE, *each.problems}
    if each.scope == "none":
        words |= SIGNING_IN
        known.remove(401)
    return {
        str(status): {"description": gettext(words[status]), "content": content}
        for status in sorted(known)
    }


def _parameter(each: Parameter) -> dict[str, Any]:
    return {
        "name": each.name,
        "in": each.place,
        "required": each.place == "path",
        "description": gettext(each.words),
        "schema": each.schema,
    }
