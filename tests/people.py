"""People for stories.  Each has a name, a browser, and verbs; a new room adds its verbs here."""

import asyncio
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

from quart import Quart, Response
from quart.typing import TestClientProtocol

from cases import casework, communities, reading, threads
from cases.forms import CaseWords, NewCase, NewCommunity, NewPost, NewThread
from cases.ids import CaseId, CommunityId, ThreadId
from cases.threads import Posted
from portal import accounts, keys, mailing, storing, studies, vault
from portal.core.actor import AccountId, AccountKind, Actor, Secret
from portal.core.db import now
from portal.core.events import listening
from portal.core.settings import Settings
from portal.core.web import cookie_name
from portal.mailing.models import Waiting
from portal.studies.models import Study
from portal.studies.summaries import sealed_summary

PASSWORD = "four unrelated Words, 81 of them"


class Browser:
    """A test client that sends with every write what browsers send: origin and form token."""

    def __init__(self, client: TestClientProtocol, origin: str) -> None:
        self.client = client
        self.origin = origin
        self.csrf = ""

    def cookie(self, name: str) -> str | None:
        """What the browser keeps under *name*."""
        jar = self.client.cookie_jar or ()
        return next((each.value for each in jar if each.name == name), None)

    async def get(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="GET", **more)

    async def post(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="POST", **more)

    async def put(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="PUT", **more)

    async def delete(self, path: str, **more: Any) -> Response:
        return await self.request(path, method="DELETE", **more)

    async def request(self, path: str, *, method: str, **more: Any) -> Response:
        """Like the test client's; `headers` given here overrule ours, and None leaves one out."""
        headers = {"Accept": "text/html"}
        if method not in {"GET", "HEAD", "OPTIONS"}:
            headers |= {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
            headers |= {"X-HDS-CSRF": self.csrf} if self.csrf else {}
        headers |= more.pop("headers", {})
        sent = {name: value for name, value in headers.items() if value is not None}
        answer = await self.client.open(path, method=method, headers=sent, **more)
        assert isinstance(answer, Response)
        return answer


@dataclass
class Person:
    """Somebody with an active account, signed in."""

    actor: Actor
    browser: Browser
    name: str
    mail: str
    code: str = field(repr=False)
    """The activation code on their Pass."""

    async def founds(self, name: str) -> CommunityId:
        about = NewCommunity(name, "Neuroradiology", "Kiel")
        return await communities.found(self.actor, about)

    async def invites(self, guest: "Person", into: CommunityId) -> None:
        """Asks *guest* in, who accepts at once."""
        asked = await communities.invite(self.actor, into, guest.actor.id)
        await communities.accept(guest.actor, asked)

    async def keeps_a_study(self, description: str = "CT head") -> UUID:
        """An examination without pictures, for stories that look at none."""
        study, key = uuid4(), vault.new_secret()
        header = {
            "modality": "CT", "series_instance_uid": "2.25.1", "study_date": "20260301",
            "study_time": "101500", "study_description": description, "body_part": "HEAD",
            "patient_name": "Beispiel, Erika", "birth_date": "19560401", "sex": "F",
            "frames": 1, "kind": "other", "instance_number": 1,
        }  # fmt: skip
        summary = sealed_summary(study, key, {uuid4().hex: {"header": header, "size": 0}})
        mark = uuid4().hex
        await Study.create(
            id=study, owner=self.actor.id, uid_mark=mark, created_at=now(), summary=summary
        )
        await keys.keep_study_key(self.actor, study, key)
        return study

    async def keeps_an_object(self, shelf: studies.Shelf) -> Secret:
        """A study with one stored object that says `pixels`; the study's key."""
        study = await self.keeps_a_study()
        key = await keys.open_study_key(self.actor, study)
        assert key is not None
        by = storing.Payer(self.actor.id, None)
        object_id, size = await shelf.boxes.write(by, study, key, "pack", b"pixels")
        await storing.keep(self.actor.id, study, {object_id: size}, None)
        return key

    async def opens(
        self, title: str, *, in_: CommunityId, about: Sequence[UUID] = (), **more: Any
    ) -> CaseId:
        """Puts a case before a community, about a study of her own unless others are named."""
        words: dict[str, Any] = {
            "question": "What is it?",
            "modality": "CT",
            "region": "head",
            "age_band": "65–69",
        } | more
        studies = tuple(about) or (await self.keeps_a_study(),)
        new = NewCase(in_, uuid4(), CaseWords(title, **words), studies)
        return await casework.open_case(self.actor, new)

    async def starts(self, title: str, *, in_: CaseId) -> ThreadId:
        return await threads.start_thread(self.actor, NewThread(in_, uuid4(), title))

    async def first_thread(self, case: CaseId) -> ThreadId:
        return (await reading.case_page(self.actor, case)).threads[0].id

    async def posts(self, text: str, *, on: CaseId | None = None, **more: Any) -> Posted:
        """Writes into the first thread of a case, or into `thread=`."""
        thread = more.pop("thread", None) or await self.first_thread(CaseId(on or uuid4()))
        return await threads.post(self.actor, NewPost(thread, uuid4(), text, **more))

    async def replies(self, text: str, *, to: Posted) -> Posted:
        return await self.posts(text, thread=to.thread, reply_to=to.id)

    async def reads(self, case: CaseId) -> str:
        """The case page as it arrives."""
        answer = await self.browser.get(f"/cases/{case}")
        assert answer.status_code == 200
        return str(await answer.get_data(as_text=True))


@dataclass
class World:
    """The portal as people meet it."""

    app: Quart
    settings: Settings
    devices: dict[str, str] = field(default_factory=dict)
    """By address: the cookie of a browser that has signed in before."""

    def browser(self) -> Browser:
        """A browser in which nobody has signed in yet."""
        return Browser(self.app.test_client(), self.settings.origin)

    async def physician(self, name: str, **more: Any) -> Person:
        """A confirmed professional whom colleagues can find, signed in through the front door."""
        return await self._person(name, "professional", {"findable": True} | more)

    async def patient(self, name: str, **more: Any) -> Person:
        """A patient, signed in through the front door."""
        return await self._person(name, "patient", more)

    async def signs_in(self, mail: str, password: str = PASSWORD) -> tuple[Actor, Browser]:
        """One more session of somebody who has an account, with a browser the portal knows."""
        browser = self.browser()
        name = f"{cookie_name(self.settings)}-device"
        if mail in self.devices:
            browser.client.set_cookie("localhost", name, self.devices[mail])
        answer = await browser.post("/sign-in", form={"mail": mail, "password": password})
        assert answer.status_code == 303, await answer.get_data(as_text=True)
        cookie = browser.cookie(cookie_name(self.settings))
        assert cookie is not None
        actor = await keys.actor_by_cookie(cookie)
        assert actor is not None
        browser.csrf = keys.csrf_token(cookie)
        self.devices[mail] = browser.cookie(name) or ""
        return actor, browser

    async def mails_to(self, mail: str) -> list[mailing.Mail]:
        """What the postman has brought to an address by now, newest first."""
        office = mailing.PostOffice(replace(self.settings, mail="mailbox"))
        await office.deliver_due()
        with suppress(TimeoutError):  # the portal's own postman may be on the way with one
            async with asyncio.timeout(5):
                while await Waiting.exists():
                    await asyncio.sleep(0.01)
        return [each for each in await mailing.newest() if each.to == mail]

    async def link_for(self, mail: str) -> str:
        """The path of the newest activation link that was mailed to an address."""
        link = re.compile(rf"{re.escape(self.settings.origin)}(/activate/\S+)")
        found = [link.search(each.text) for each in await self.mails_to(mail)]
        newest = next(filter(None, found), None)
        assert newest, "no mail with a link"
        return newest.group(1)

    async def _person(self, name: str, kind: AccountKind, more: dict[str, Any]) -> Person:
        confirmed = more.pop("confirmed", True)
        about: dict[str, Any] = {
            "birth_date": date(1970, 5, 17),
            "sex": "O",
            "language": "en",
        } | more
        new = accounts.Registration(
            mail=mailing.read_address(mail_of(name)), name=name, kind=kind, **about | more
        )
        issued = await accounts.admit(new, PASSWORD)
        if kind == "professional" and confirmed:
            await accounts.confirm(AccountId(issued.account), accounts.OPERATOR)
        actor, browser = await self.signs_in(new.mail.text)
        return Person(actor, browser, name, new.mail.text, issued.code)


def mail_of(name: str) -> str:
    """The address somebody has in our stories: Dr. Ada Lindqvist is ada.lindqvist@example.test."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = [each for each in re.split(r"[^a-z0-9]+", plain) if each not in {"", "dr", "prof"}]
    return f"{'.'.join(words)}@example.test"


E = TypeVar("E")


@contextmanager
def hearing(kind: type[E]) -> Iterator[list[E]]:
    """Collect what listeners would be told."""
    heard: list[E] = []

    async def hear(event: E) -> None:
        heard.append(event)

    with listening(kind, hear):
        yield heard
