import asyncio
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import LoginPassword
from tortoise.connection import get_connection

from portal import mailing
from portal.core.db import Database, now, transaction
from portal.core.settings import Settings
from portal.mailing import PostOffice, read_address
from portal.mailing.models import Undelivered, Waiting
from tests.mailing.certificates import certificate
from tests.mailing.conftest import MailServer, mail_server

ERIKA = read_address("erika@example.test")


@pytest.fixture
def office(settings: Settings, post: MailServer) -> PostOffice:
    return PostOffice(by_smtp(settings, post))


def by_smtp(settings: Settings, post: MailServer, **more: Any) -> Settings:
    plain: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_tls": "none"}
    return replace(
        settings, mail="smtp", mail_from="HealthDataSpace <hds@portal.test>", **plain | more
    )


async def later(by: timedelta) -> None:
    """Time passes: what waits was written that much earlier."""
    for row in await Waiting.all():
        row.due_at -= by
        row.expires_at -= by
        row.lease_until = row.lease_until and row.lease_until - by
        await row.save()


async def test_a_mail_arrives_once_in_the_language_of_its_reader(
    database: Database, office: PostOffice, post: MailServer
) -> None:
    await mailing.send("activation", ERIKA, "de", path="/activate/abc", days=28)

    assert await office.deliver_due() == 1
    assert await office.deliver_due() == 0

    (mail,) = post.received
    assert post.recipients == ["erika@example.test"]
    assert mail["From"] == "HealthDataSpace <hds@portal.test>"
    assert mail["Subject"] == "Aktivieren Sie Ihr Konto"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text = mail.get_body(("plain",))
    assert text is not None
    assert "/activate/abc" in text.get_content()
    assert "öffnen" in text.get_content()


async def test_what_was_rolled_back_is_never_mailed(
    database: Database, office: PostOffice, post: MailServer
) -> None:
    with pytest.raises(PowerCut):
        async with transaction():
            await mailing.send("password_changed", ERIKA, "en")
            raise PowerCut
    await mailing.send("already_registered", ERIKA, "en")

    await office.deliver_due()

    assert [mail["Subject"] for mail in post.received] == ["You already have an account"]


async def test_a_server_that_is_away_gets_the_mail_when_it_is_back(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server() as gone:
        office = PostOffice(by_smtp(settings, gone))
    await mailing.send("password_changed", ERIKA, "en")

    assert await office.deliver_due() == 0
    assert await office.deliver_due() == 0, "it is not tried again at once"
    assert [row.tries for row in await Waiting.all()] == [1]

    async with mail_server(port=gone.port) as back:
        await later(timedelta(minutes=2))
        assert await office.deliver_due() == 1
    assert len(back.received) == 1
    assert "erika" not in caplog.text


async def test_waiting_times_grow_and_end(database: Database, settings: Settings) -> None:
    async with mail_server() as gone:
        office = PostOffice(by_smtp(settings, gone))
    await mailing.send("password_changed", ERIKA, "en", until=now() + timedelta(days=2))

    waits = []
    for _ in range(12):
        await office.deliver_due()
        row = await Waiting.get()
        waits.append(timedelta(seconds=round((row.due_at - now()).total_seconds())))
        await Waiting.all().update(due_at=now())
    assert waits == sorted(waits)
    assert timedelta(seconds=50) < waits[0] <= timedelta(minutes=1)
    assert timedelta(hours=5, minutes=59) < waits[-1] <= timedelta(hours=6)
    await Waiting.all().update(tries=10_000)
    await office.deliver_due()
    assert (await Waiting.get()).tries == 10_001

    await later(timedelta(days=2))
    assert await office.deliver_due() == 1
    assert not await Waiting.exists()


@pytest.mark.parametrize(("answer", "left"), [("550 no such mailbox", 0), ("450 try later", 1)])
async def test_a_mailbox_that_does_not_exist_is_not_tried_again(
    database: Database, office: PostOffice, post: MailServer, answer: str, left: int
) -> None:
    post.answer = answer
    await mailing.send("password_changed", ERIKA, "en")

    await office.deliver_due()

    assert post.received == []
    assert await Waiting.all().count() == left
    assert (await mailing.outbox()).undelivered == 1 - left


async def test_what_became_of_a_mail_can_be_asked_for_by_its_name(
    database: Database, settings: Settings, post: MailServer
) -> None:
    office = PostOffice(by_smtp(settings, post))
    name = str(await mailing.send("password_changed", ERIKA, "en"))
    said = [await mailing.status_of(name)]
    post.answer = "450 try later"
    await office.deliver_due()
    said.append(await mailing.status_of(name))
    post.answer = "550 no such mailbox"
    await later(timedelta(minutes=2))
    await office.deliver_due()
    said.append(await mailing.status_of(name))

    post.answer = "250 OK"
    taken = str(await mailing.send("password_changed", ERIKA, "en"))
    await office.deliver_due()
    late = str(await mailing.send("password_changed", ERIKA, "en", until=now()))
    await office.deliver_due()

    assert said == ["waiting", "delayed", "refused"]
    assert await mailing.status_of(taken) == "gone"
    assert await mailing.status_of(late) == "late"
    assert await mailing.status_of("made up") == "gone"
    assert await mailing.outbox() == mailing.Outbox(waiting=0, delayed=0, undelivered=2)
    await Undelivered.all().update(at=now() - timedelta(days=1, minutes=1))
    assert await mailing.status_of(late) == "gone", "nobody waits for it any more"
    async with office.working(), asyncio.timeout(5):
        while await Undelivered.exists():
            await asyncio.sleep(0.01)


async def test_a_server_that_is_away_is_asked_once_a_round_and_nothing_is_lost(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server() as gone:
        office = PostOffice(by_smtp(settings, gone))
    for _ in range(30):
        await mailing.send("password_changed", ERIKA, "en")

    for _ in range(2):
        assert await office.deliver_due() == 0
    assert await mailing.outbox() == mailing.Outbox(waiting=30, delayed=2, undelivered=0)
    async with office.working():
        async with asyncio.timeout(5):
            while "3 of 30 mails could not be delivered yet" not in caplog.text:
                await asyncio.sleep(0.01)

    async with mail_server(port=gone.port) as back:
        await later(timedelta(minutes=2))
        assert await office.deliver_due() == 30
    assert len(back.received) == 30


async def test_a_mail_to_nobody_looks_like_any_other_and_is_thrown_away(
    database: Database, office: PostOffice, post: MailServer
) -> None:
    await mailing.send("sign_in_stopped", ERIKA, "en")
    await mailing.send_to_nobody(ERIKA)
    rows = await get_connection("default").execute_query_dict("SELECT * FROM mail_waiting")

    assert await office.deliver_due() == 2

    assert len(post.received) == 1
    assert len({tuple(sorted(row)) for row in rows}) == 1


async def test_a_letter_that_does_not_open_holds_up_no_other(
    database: Database, office: PostOffice, post: MailServer
) -> None:
    for _ in range(3):
        await mailing.send("password_changed", ERIKA, "en")
    first = await Waiting.all().order_by("due_at").first()
    assert first is not None
    await Waiting.filter(id=first.id).update(letter=b"something else")

    assert await office.deliver_due() == 2

    assert len(post.received) == 2
    left = await Waiting.get()
    assert (left.id, left.tries) == (first.id, 1)


async def test_several_postmen_carry_each_mail_once(
    database: Database, settings: Settings, post: MailServer
) -> None:
    post.pause = 0.02
    for _ in range(12):
        await mailing.send("password_changed", ERIKA, "en")
    offices = [PostOffice(by_smtp(settings, post)) for _ in range(3)]

    counts = await asyncio.gather(*(office.deliver_due() for office in offices))

    assert sum(counts) == 12
    assert len({mail["Message-ID"] for mail in post.received}) == len(post.received) == 12


async def test_a_postman_who_died_gives_his_mail_back(
    database: Database, office: PostOffice, post: MailServer
) -> None:
    await mailing.send("password_changed", ERIKA, "en")
    await Waiting.all().update(lease_until=now() + timedelta(seconds=90))

    assert await office.deliver_due() == 0
    await later(timedelta(seconds=91))
    assert await office.deliver_due() == 1


async def test_without_the_demanded_encryption_nothing_is_said(
    database: Database, settings: Settings, post: MailServer
) -> None:
    await mailing.send("password_changed", ERIKA, "en")

    assert await PostOffice(by_smtp(settings, post, smtp_tls="starttls")).deliver_due() == 0

    assert post.received == []
    assert await Waiting.all().count() == 1


async def test_a_server_that_wants_encryption_and_a_password_gets_both(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, secret = certificate(tmp_path, "localhost"), tmp_path / "smtp-password"
    secret.write_text("let the mails through\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(chain)
    await mailing.send("password_changed", ERIKA, "en")

    async with mail_server(
        tls=tls, login=LoginPassword(b"portal", b"let the mails through")
    ) as post:
        safe = {"smtp_host": "localhost", "smtp_tls": "starttls", "smtp_user": "portal"}
        office = PostOffice(by_smtp(settings, post, **safe, smtp_password_file=secret))
        assert await office.deliver_due() == 1

    assert post.encrypted == [True]


async def test_a_mail_leaves_within_moments_of_its_commit(
    database: Database, office: PostOffice, post: MailServer
) -> None:
    async with office.working(), asyncio.timeout(5):
        await mailing.send("password_changed", ERIKA, "en")
        while not post.received:
            await asyncio.sleep(0.01)

    assert len(post.received) == 1


async def test_a_waiting_mail_is_not_readable_in_the_database(database: Database) -> None:
    await mailing.send("activation", ERIKA, "en", path="/activate/canary", days=28)

    rows = await get_connection("default").execute_query_dict("SELECT * FROM mail_waiting")
    stored = b" ".join(
        value if isinstance(value, bytes) else str(value).encode() for value in rows[0].values()
    ).lower()

    assert len(rows) == 1
    for word in (b"erika", b"example.test", b"canary", b"activation"):
        assert word not in stored
        assert word.hex().encode() not in stored


class PowerCut(Exception): ...
