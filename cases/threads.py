"""Threads and posts: what members write.  Every send may be repeated and counts once."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from cases import access, mentions, reactions, telling
from cases.errors import CaseClosed, NotYours, Outdated, PostDeleted
from cases.events import ReadFurther
from cases.forms import NewPost, NewThread, PostEdit
from cases.ids import CaseId, PostId, ThreadId
from cases.models import (
    CaseStudy,
    Mention,
    PinImage,
    Post,
    PostRevision,
    Reaction,
    ReadMark,
    Thread,
)
from cases.opened import Document, OpenCommunity
from cases.pins import BadPin, Pin, box_image
from cases.vocabulary import REACTIONS
from cases.writing import Writing, writing
from portal.core.actor import Actor
from portal.core.db import announce, transaction
from portal.core.errors import Invalid, Unknown


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a post is.  The same for the first send and every repeat of it."""

    id: PostId
    seq: int
    thread: ThreadId
    case: CaseId


async def start_thread(actor: Actor, new: NewThread) -> ThreadId:
    """Open a titled thread in a case.  The same client id again gives the first thread."""
    case = await access.case_for(actor, new.case)
    async with writing(actor, case.community) as write:
        known = await Thread.get_or_none(author=actor.id, client_id=new.client_id)
        if known is not None:
            await write.nothing()
            return ThreadId(known.id)
        await _must_be_open(write, new.case)
        thread_id = ThreadId(uuid4())
        await Thread.create(
            id=thread_id,
            case_id=new.case,
            author=actor.id,
            client_id=new.client_id,
            epoch=write.community.epoch,
            title=write.community.box("thread", "title", thread_id, 1, {"title": new.title}),
            started_at=write.at,
        )
        await write.changed("thread", case=new.case, thread=thread_id)
    return thread_id


async def post(actor: Actor, new: NewPost) -> Posted:
    """
    Write into a thread, with or without a pin.

    Sending the same client id again returns the first post and tells nobody, so a browser that lost
    its connection may simply send again.
    """
    known = await Post.get_or_none(author=actor.id, client_id=new.client_id)
    if known is not None:
        return _posted(known)
    thread, community = await access.thread_for(actor, new.thread)
    called = await mentions.called_in(community.id, new.text)
    async with writing(actor, community) as write:
        known = await Post.get_or_none(author=actor.id, client_id=new.client_id)
        if known is not None:
            await write.nothing()
            return _posted(known)
        await _must_be_open(write, thread.case.id)
        await _check_references(thread, new)
        body: Document = {"text": new.text, "mentions": [each.hex for each in called]}
        if new.pin is not None:
            body["pin"] = dict(new.pin.view)
        row = await _create(write, actor, thread, new, body)
        await Mention.bulk_create(
            [Mention(id=uuid4(), post_id=row.id, account=each) for each in called]
        )
        await write.changed("post", case=thread.case.id, thread=thread.id, post=row.id)
        await telling.posted(write, row, called)
    return _posted(row)


async def _check_references(thread: Thread, new: NewPost) -> None:
    """A reply stays in its thread, a pin in its case."""
    if new.reply_to is not None and not await Post.exists(id=new.reply_to, thread_id=thread.id):
        raise Unknown
    if new.pin is not None and not await CaseStudy.exists(
        case_id=thread.case.id, study=new.pin.study
    ):
        raise BadPin


async def _create(
    write: Writing, actor: Actor, thread: Thread, new: NewPost, body: Document
) -> Post:
    post_id = uuid4()
    row = await Post.create(
        id=post_id,
        community_id=write.community.id,
        case_id=thread.case.id,
        thread_id=thread.id,
        seq=write.seq,
        author=actor.id,
        client_id=new.client_id,
        reply_to=new.reply_to,
        epoch=write.community.epoch,
        body=write.community.box("post", "body", post_id, 1, body),
        posted_at=write.at,
    )
    if new.pin is not None and new.pin.image is not None:
        await _keep_image(write.community, PostId(post_id), new.pin)
    return row


async def _keep_image(community: OpenCommunity, post_id: PostId, pin: Pin) -> None:
    await PinImage.create(
        id=uuid4(),
        post_id=post_id,
        epoch=community.epoch,
        image=box_image(community.root, community.id, community.epoch, post_id, pin),
    )


def _posted(row: Post) -> Posted:
    return Posted(PostId(row.id), row.seq, ThreadId(row.thread_id), CaseId(row.case_id))


async def edit(actor: Actor, change: PostEdit) -> Posted:
    """
    Say it better; what was said before stays in the history.  Its author only.

    Raises `Outdated`, with what it says now, when another window edited it meanwhile, and
    `PostDeleted` when it is gone.
    """
    seen, community = await access.post_for(actor, change.post)
    if seen.author != actor.id:
        raise NotYours
    called = await mentions.called_in(community.id, change.text)
    async with writing(actor, community) as write:
        row = await access.post_in(write.community, change.post)
        await _must_be_open(write, row.case.id)
        body = open_body(write.community, row)
        if body["text"] == change.text:
            await write.nothing()
            return _posted(row)
        if row.rev != change.rev:
            raise Outdated(rev=row.rev, now=body["text"])
        await _keep_revision(row)
        before = {UUID(each) for each in body["mentions"]}
        body |= {"text": change.text, "mentions": [each.hex for each in called]}
        row.epoch, row.rev, row.edited_at = write.community.epoch, row.rev + 1, write.at
        row.body = write.community.box("post", "body", row.id, row.rev, body)
        await row.save(update_fields=["epoch", "rev", "edited_at", "body"])
        await Mention.filter(post_id=row.id).delete()
        await Mention.bulk_create(
            [Mention(id=uuid4(), post_id=row.id, account=each) for each in called]
        )
        await write.changed("edit", case=row.case.id, thread=row.thread_id, post=row.id)
        await telling.called(write, row, set(called) - before)
    return _posted(row)


async def _keep_revision(row: Post) -> None:
    await PostRevision.create(
        id=uuid4(),
        post_id=row.id,
        rev=row.rev,
        epoch=row.epoch,
        body=row.body,
        written_at=row.edited_at or row.posted_at,
    )


def open_body(community: OpenCommunity, row: Post) -> Document:
    """What a post says; nothing, so that it can be written anew, when it is damaged."""
    if row.body is None:
        raise PostDeleted
    found = community.shown("post", "body", row.id, row.rev, row.epoch, row.body)
    return found or {"text": "", "mentions": []}


async def delete(actor: Actor, post_id: PostId) -> Posted:
    """Take a post back for good; that there was one stays visible.  Its author or an owner."""
    seen, community = await access.post_for(actor, post_id)
    if actor.id != seen.author and community.role != "owner":
        raise NotYours
    async with writing(actor, community) as write:
        row = await access.post_in(write.community, post_id)
        if row.deleted_at is not None:
            await write.nothing()
            return _posted(row)
        row.body, row.deleted_at, row.deleted_by = None, write.at, actor.id
        await row.save(update_fields=["body", "deleted_at", "deleted_by"])
        for attached in (PostRevision, PinImage, Reaction, Mention):
            await attached.filter(post_id=post_id).delete()
        await write.changed("delete", case=row.case.id, thread=row.thread_id, post=row.id)
    return _posted(row)


async def react(actor: Actor, post_id: PostId, kind: str, *, on: bool) -> Posted:
    """Put a reaction to a post, or take it back; twice is the same as once."""
    if kind not in REACTIONS:
        raise Invalid
    _, community = await access.post_for(actor, post_id)
    async with writing(actor, community) as write:
        row = await access.post_in(write.community, post_id)
        if row.deleted_at is not None:
            raise PostDeleted
        if await reactions.put(write.community, row, kind, on=on, at=write.at):
            await write.changed("reaction", case=row.case.id, thread=row.thread_id, post=row.id)
        else:
            await write.nothing()
    return _posted(row)


async def mark_read(actor: Actor, thread_id: ThreadId, seq: int) -> None:
    """Everything in the thread up to change *seq* has been seen; a mark never goes back."""
    thread, community = await access.thread_for(actor, thread_id)
    seq = min(seq, community.seq)
    async with transaction():
        mine = ReadMark.filter(account=actor.id, thread_id=thread_id)
        if not await mine.filter(seq__gte=seq).exists():
            case = CaseId(thread.case.id)
            announce(ReadFurther(actor.id, community.id, case, thread_id, seq))
        await mine.filter(seq__lt=seq).update(seq=seq)
        mark = ReadMark(
            id=uuid4(), account=actor.id, case_id=thread.case.id, thread_id=thread_id, seq=seq
        )
        await ReadMark.bulk_create([mark], ignore_conflicts=True)
        await telling.seen(actor.id, CaseId(thread.case.id), telling.OF_POSTS)


async def _must_be_open(write: Writing, case_id: UUID) -> None:
    case = await access.case_in(write.community, CaseId(case_id))
    if case.row.status != "open":
        raise CaseClosed
