"""What programs ask: as the document says it, nothing that it does not say, and nobody else's."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
import pytest
from quart import Quart, Response

from portal import keys
from portal.app import FOR_PROGRAMS
from portal.core.db import now
from portal.studies import parts
from tests.accounts.programs import asks
from tests.people import Person, World
from tests.viewer.dicom.making import dataset, written
from tests.viewer.pdf.making import pdf

Json = dict[str, Any]
Read = Callable[[str], UUID]
KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip
FORMATS: Final[Mapping[str, str]] = {
    "uuid": r"[0-9a-f-]{36}", "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
}  # fmt: skip
OTHER_DOCUMENTS: Final = ("dicomweb.", "exporting.")
"""Addresses for programs that a standard, or a page of their own, describes."""


def wrong(value: Any, schema: Json, where: str = "answer") -> list[str]:
    """What of *value* is not as *schema* says; the words of JSON Schema that the document uses."""
    assert set(schema) <= {
        "type", "properties", "required", "additionalProperties", "items", "format", "pattern",
        "minimum",
    }, "a word this test does not know"  # fmt: skip
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is KINDS[each] for each in kinds):
        return [f"{where} is {value!r}"]
    found = []
    if isinstance(value, dict):
        listed = schema.get("properties", {})
        found += [
            f"{where} lacks {each}" for each in schema.get("required", []) if each not in value
        ]
        if not schema.get("additionalProperties", True):
            found += [f"{where} has {each}" for each in value.keys() - listed.keys()]
        for name in value.keys() & listed.keys():
            found += wrong(value[name], listed[name], f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            found += wrong(each, schema["items"], f"{where}[{number}]")
    pattern = schema.get("pattern") or FORMATS.get(schema.get("format", ""))
    if isinstance(value, str) and pattern and not re.fullmatch(pattern, value):
        found.append(f"{where} is {value!r}")
    if type(value) is int and value < schema.get("minimum", value):
        found.append(f"{where} is {value}")
    return found


def test_the_check_of_answers_finds_what_is_wrong() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}},
              "required": ["n"], "additionalProperties": False}  # fmt: skip
    assert wrong({"n": 1}, schema) == []
    unlike: list[Any] = [[], {}, {"n": "1"}, {"n": True}, {"n": -1}, {"n": 1, "m": 2}]
    for value in unlike:
        assert wrong(value, schema), value


async def described(world: World) -> Json:
    answer = await world.app.test_client().get("/api/openapi.json")
    said: Json = await answer.get_json()
    return said


async def program(person: Person, *scopes: keys.Scope) -> str:
    from datetime import timedelta

    until = now() + timedelta(days=2)
    return await keys.make_token(person.actor, "A program", scopes, until)


async def says(said: Json, answer: Response, method: str, path: str) -> Json:
    """The answer, which must be as the document says."""
    told = said["paths"][path][method]["responses"][str(answer.status_code)]["content"]
    body: Json = await answer.get_json()
    schema = told[answer.mimetype]["schema"]
    if "$ref" in schema:
        schema = said["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert wrong(body, schema) == []
    return body


@pytest.mark.one_engine
async def test_every_address_for_programs_is_described_and_every_described_one_is_there(
    app: Quart, world: World
) -> None:
    said = await described(world)
    routes = {
        (
            method.lower(),
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule),
            FOR_PROGRAMS[rule.endpoint],
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint in FOR_PROGRAMS and not rule.endpoint.startswith(OTHER_DOCUMENTS)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {
        (method, path, (each["security"][0]["token"] or ["any"])[0])
        for path, asked in said["paths"].items()
        for method, each in asked.items()
        if each["security"]
    }
    without = [
        (method, path)
        for path, asked in said["paths"].items()
        for method, each in asked.items()
        if not each["security"]
    ]

    assert told == routes
    assert without == [("post", "/api/token")]
    assert said["openapi"] == "3.1.0"
    for asked in said["paths"].values():
        for each in asked.values():
            assert {"401", "403"} - set(each["responses"]) == set(
                () if each["security"] else ["401"]
            )
    names = [each["operationId"] for asked in said["paths"].values() for each in asked.values()]
    assert len(names) == len(set(names))


async def test_a_program_uploads_lists_and_fetches_what_it_sent(world: World) -> None:
    """Every answer is as the document has it, and the files come back bit for bit."""
    said, erika = await described(world), await world.patient("Erika Beispiel")
    token = await program(erika, "read", "add")
    noise = np.random.default_rng(3).integers(0, 4000, (64, 64), dtype=np.uint16)
    image = written(dataset(noise, StudyDescription="CT head", StudyDate="20260312"))
    paper = pdf(["A finding"])
    prints = [parts.fingerprint(parts.digests(each)).hex() for each in (image, paper)]

    async def ask(method: str, path: str, *ids: str, **more: Any) -> Json:
        filled = iter(ids)
        address = re.sub(r"{\w+}", lambda _: next(filled), path)
        answer = await asks(world, token, address, method.upper(), **more)
        return await says(said, answer, method, path)

    asked = {"json": {"fingerprints": prints}}
    assert await ask("post", "/uploads/known", **asked) == {"known": []}
    begun = {"client": str(uuid4()), "documents": [[1, "Letter.pdf", ""]]}
    upload = (await ask("post", "/uploads", json=begun))["id"]
    body = parts.build([(0, image), (1, paper), (2, b"no image at all")])
    sent = await ask("put", "/uploads/{upload_id}/parts/{number}", upload, "0", data=body)
    assert (sorted(sent["kept"]), [file for file, _ in sent["refused"]]) == ([0, 1], [2])
    assert (await ask("get", "/uploads/{upload_id}", upload))["parts"] == [0]
    space = await ask("post", "/uploads/{upload_id}/finish", upload, json={})
    assert (await ask("get", "/api/space"))["used"] >= space["used"] // 2 > 0
    assert await ask("post", "/uploads/known", **asked) == {"known": [0, 1]}

    studies, papers = await ask("get", "/api/studies"), await ask("get", "/api/documents")
    assert (studies["total"], papers["total"]) == (1, 1)
    [study], [document] = studies["items"], papers["items"]
    assert (study["title"], study["date"], study["files"]) == ("CT head", "2026-03-12", 1)
    assert (document["title"], document["sha256"]) == ("Letter", parts.sha256(paper).hex())
    [file] = (await ask("get", "/api/studies/{study_id}/files", study["id"]))["items"]
    address = f"/api/studies/{study['id']}/files/{file['id']}"
    assert file["sha256"] == parts.sha256(image).hex()
    whole = await asks(world, token, address)
    assert await whole.get_data(as_text=False) == image
    tail = await asks(world, token, address, headers={"Range": "bytes=100-"})
    assert (tail.status_code, await tail.get_data(as_text=False)) == (206, image[100:])
    back = await asks(world, token, document["href"])
    assert await back.get_data(as_text=False) == paper


async def test_lists_come_in_pages(world: World) -> None:
    erika = await world.patient("Erika Beispiel")
    token = await program(erika, "read")
    for name in ("One", "Two", "Three"):
        await erika.keeps_a_study(name)

    pages = [
        await (await asks(world, token, f"/api/studies?from={at}&limit=2")).get_json()
        for at in (0, 2, 9)
    ]

    assert [len(each["items"]) for each in pages] == [2, 1, 0]
    assert {each["total"] for each in pages} == {3}
    titles = {study["title"] for each in pages for study in each["items"]}
    assert titles == {"One", "Two", "Three"}
    for question in ("limit=0", "limit=1001", "from=-1"):
        assert (await asks(world, token, f"/api/studies?{question}")).status_code == 422


async def test_what_is_not_ones_own_is_not_there_and_problems_are_as_described(
    world: World,
) -> None:
    said = await described(world)
    erika, max_ = await world.patient("Erika Beispiel"), await world.patient("Max Muster")
    hers = str(await erika.keeps_a_study())
    token, only_add = await program(max_, "read"), await program(max_, "add")
    path = "/api/studies/{study_id}/files"

    foreign = await asks(world, token, path.format(study_id=hers))
    unreal = await asks(world, token, path.format(study_id=uuid4()))
    narrow = await asks(world, only_add, path.format(study_id=hers))
    bare = await world.app.test_client().get("/api/studies", headers={"Accept": "*/*"})

    told = [await says(said, each, "get", path) for each in (foreign, unreal, narrow)]
    assert [each["status"] for each in told] == [404, 404, 403]
    assert told[0] == told[1]
    assert (await says(said, bare, "get", "/api/studies"))["error"] == "sign_in"
    assert bare.headers["WWW-Authenticate"] == 'Bearer realm="HealthDataSpace"'
    assert foreign.content_type == "application/problem+json"


@pytest.mark.one_engine
async def test_the_page_explains_every_address_in_both_languages(world: World) -> None:
    said = await described(world)
    for language, words in (("en", "Try it"), ("de", "Probieren Sie es aus")):
        sent = {"Accept": "text/html", "Accept-Language": language}
        answer = await world.app.test_client().get("/api", headers=sent)
        page = await answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert words in page
        for path, asked in said["paths"].items():
            assert path in page
            for each in asked.values():
                assert (each["summary"] in page) == (language == "en"), each["summary"]
