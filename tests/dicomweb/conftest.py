"""Somebody with examinations, and a DICOMweb client that signs in with their session."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset

from portal import keys, studies
from portal.core.web import cookie_name
from tests.people import Person, World
from tests.viewer.dicom.making import dataset, written

Client = Callable[[Person], DICOMwebClient]
Keeps = Callable[..., Awaitable[None]]
Made = Callable[..., list[Dataset]]


def uid() -> str:
    return f"2.25.{uuid4().int}"


@pytest.fixture
def made() -> Made:
    """Makes the images of one series of one new study."""

    def make(count: int = 1, **tags: Any) -> list[Dataset]:
        study, series, noise = uid(), uid(), np.random.default_rng(7)
        return [
            dataset(
                noise.integers(0, 4000, (32, 48), dtype=np.uint16),
                **{
                    "SpecificCharacterSet": "ISO_IR 192",
                    "StudyInstanceUID": study,
                    "SeriesInstanceUID": series,
                    "SOPInstanceUID": uid(),
                    "InstanceNumber": number,
                    "SeriesNumber": 3,
                    "StudyDate": "20260312",
                    "StudyTime": "101500",
                    "AccessionNumber": "A-17",
                    "StudyID": "S9",
                    "ReferringPhysicianName": "Ahrens^Uta",
                    "StudyDescription": "CT head",
                }
                | tags,
            )
            for number in range(1, count + 1)
        ]

    return make


@pytest.fixture
def keeps(world: World) -> Keeps:
    """Keeps these images in somebody's account, with their frames made."""

    async def keep(person: Person, images: list[Dataset], *, frames: bool = False) -> None:
        shelf = world.app.extensions["hds"]["shelf"]
        found = await studies.keep_files(shelf, person.actor, [written(each) for each in images])
        assert not found.refused
        await studies.merge_all(shelf, person.actor)
        for each in found.studies if frames else ():
            assert await shelf.preparing.done(each, 30.0)
        await studies.merge_all(shelf, person.actor)

    return keep


@pytest.fixture
def client(world: World, server: str) -> Client:
    """A client as radiology programs use it."""

    def make(person: Person) -> DICOMwebClient:
        session = requests.Session()
        name = cookie_name(world.settings)
        cookie = person.browser.cookie(name)
        assert cookie is not None
        session.cookies.set(name, cookie)
        session.headers.update({"Origin": server, "X-HDS-CSRF": keys.csrf_token(cookie)})
        return DICOMwebClient(f"{server}/dicomweb", session=session)

    return make


async def told(call: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """What a client that waits for its answers is told, while the portal goes on."""
    return await asyncio.to_thread(call, *args, **more)
