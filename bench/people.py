"""People for a run: signed in without a form each, and a community as large as wanted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from bench.portal import Portal
from cases import access, communities, epochs
from cases.forms import NewCommunity
from cases.models import Case, Change, Member, Post, Thread
from cases.opened import OpenCommunity
from portal import accounts, keys, vault
from portal.accounts.models import Account
from portal.core.actor import AccountId, Actor
from portal.core.db import now, transaction
from portal.core.web import cookie_name

PASSWORD = "grey kettle, northern 93 paths"  # noqa: S105 -- nobody's, in a folder that is deleted
ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in, with what their browser would send."""

    actor: Actor
    headers: dict[str, str] = field(repr=False)


async def physician(portal: Portal, name: str) -> Visitor:
    """A professional with an account and a session."""
    mail = f"{name.lower()}@example.test"
    form = {
        "mail": mail,
        "name": f"Dr. {name} Bench",
        "birth_date": "1970-05-17",
        "sex": "O",
        "kind": "professional",
        "language": "en",
        "specialty": "Radiology",
        "place": "Kiel",
    }
    issued = await accounts.admit(accounts.Registration.parse(form), PASSWORD)
    await accounts.confirm(AccountId(issued.account), accounts.OPERATOR)
    typed = accounts.SigningIn.parse({"mail": mail, "password": PASSWORD})
    cookie = (await accounts.sign_in(typed, accounts.Visit("bench"), "offered")).cookie
    actor = await keys.actor_by_cookie(cookie)
    assert actor is not None
    headers = sent_by(portal, cookie) | {"X-HDS-CSRF": keys.csrf_token(cookie)}
    return Visitor(actor, headers)


def sent_by(portal: Portal, cookie: str) -> dict[str, str]:
    """The headers of a browser that holds *cookie*, on one of our own pages."""
    return {
        "Cookie": f"{cookie_name(portal.settings)}={cookie}",
        "Origin": portal.settings.origin,
        "Sec-Fetch-Site": "same-origin",
        "Accept": "application/json",
    }


async def community(owner: Actor, name: str) -> OpenCommunity:
    """A new community, open for its owner."""
    found = await communities.found(owner, NewCommunity(name, "Radiology", "Kiel"))
    return await access.community_for(owner, found)


async def crowd(into: OpenCommunity, count: int) -> list[str]:
    """The session cookies of *count* new confirmed members, each with the keys of a member."""
    cookies, members, publics = [], [], []
    async with transaction():
        for _ in range(count):
            account, root = AccountId(uuid4()), vault.new_secret()
            await _account(account).save(force_create=True)
            await accounts.confirm(account, accounts.OPERATOR)
            public = await keys.create_principal(account, "user", root)
            cookies.append(await keys.start_session(account, "professional", "en", root))
            publics.append(public)
            mac = epochs.membership_mark(into.root, into.id, public, "member", into.epoch)
            members.append(
                Member(
                    id=uuid4(),
                    community_id=into.id,
                    account=account,
                    role="member",
                    mac=mac,
                    joined_at=now(),
                    joined_seq=into.seq,
                )
            )
        await Member.bulk_create(members, batch_size=ROWS_AT_ONCE)
        await epochs.seal_root(into.id, into.epoch, into.root, publics)
    return cookies


def _account(account: AccountId) -> Account:
    """A professional's row without a person in it: nobody signs in, writes to them or asks who."""
    return Account(
        id=account,
        kind="professional",
        state="active",
        language="en",
        theme="system",
        mail=b"",
        profile=b"",
        profile_rev=1,
        card_rev=1,
        findable=False,
        created_at=now(),
    )


async def discussion(into: OpenCommunity, texts: Sequence[str], cases: int = 1) -> UUID:
    """Cases without images and these posts, written as rows at once; the last case's thread."""
    opened, threads = [], []
    for number in range(cases):
        opened.append(_case(into, number))
        threads.append(_thread(into, opened[-1]))
    posts = [_post(into, threads[n % cases], n + cases + 1, text) for n, text in enumerate(texts)]
    changes = [
        Change(community_id=into.id, seq=n, kind="case", case=each.id, at=now())
        for n, each in enumerate(opened, start=1)
    ]
    changes += [
        Change(
            community_id=into.id,
            seq=each.seq,
            kind="post",
            case=each.case_id,
            thread=each.thread_id,
            post=each.id,
            at=each.posted_at,
        )
        for each in posts
    ]
    async with transaction():
        await access.community_row(into.id).update(next_seq=len(changes))
        await Case.bulk_create(opened, batch_size=ROWS_AT_ONCE)
        await Thread.bulk_create(threads, batch_size=ROWS_AT_ONCE)
        await Post.bulk_create(posts, batch_size=ROWS_AT_ONCE)
        await Change.bulk_create(changes, batch_size=ROWS_AT_ONCE)
    return UUID(str(threads[-1].id))


def _case(into: OpenCommunity, number: int) -> Case:
    case_id, moment = uuid4(), now()
    words = {
        "title": f"Case {number}",
        "question": "What is it?",
        "modality": ("CT", "MR", "US", "CR")[number % 4],
        "region": ("head", "chest", "abdomen", "leg")[number % 4],
        "age_band": "65–69",
    }
    return Case(
        id=case_id,
        community_id=into.id,
        author=into.actor,
        client_id=uuid4(),
        status="open",
        epoch=into.epoch,
        rev=1,
        document=into.box("discussion_case", "document", case_id, 1, words),
        opened_at=moment,
        changed_at=moment,
    )


def _thread(into: OpenCommunity, case: Case) -> Thread:
    thread_id = uuid4()
    return Thread(
        id=thread_id,
        case_id=case.id,
        author=into.actor,
        client_id=uuid4(),
        epoch=into.epoch,
        rev=1,
        title=into.box("thread", "title", thread_id, 1, {"title": ""}),
        started_at=now(),
    )


def _post(into: OpenCommunity, thread: Thread, seq: int, text: str) -> Post:
    post_id = uuid4()
    return Post(
        id=post_id,
        community_id=into.id,
        case_id=thread.case_id,
        thread_id=thread.id,
        seq=seq,
        author=into.actor,
        client_id=uuid4(),
        epoch=into.epoch,
        rev=1,
        body=into.box("post", "body", post_id, 1, {"text": text, "mentions": []}),
        posted_at=now() - timedelta(days=300) + timedelta(minutes=seq),
    )
