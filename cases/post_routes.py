"""Threads and posts over HTTP: small answers for our scripts, redirects for pages without them."""

from uuid import UUID, uuid4

from quart import Blueprint, Response, make_response, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue

from cases import access, catching_up, paging, reading, threads
from cases.answers import body, fragment, post_html, steady, whole, words
from cases.forms import NewPost, NewThread, PostEdit
from cases.ids import CaseId, PostId, ThreadId
from cases.reading import ThreadView
from cases.threads import Posted
from portal.core.actor import Actor
from portal.core.web import signed_in, wants_html

blueprint = Blueprint("posts", __name__)


async def changes_json(actor: Actor, case: CaseId, since: int) -> ResponseReturnValue:
    """What a page missed: `{seq, more, closed, changes: [{seq, kind, thread, post, html?}]}`."""
    missed = await catching_up.since(actor, case, since)
    lines = []
    for change in missed.changes:
        line = {
            "seq": change.seq,
            "kind": change.kind,
            "thread": change.thread and str(change.thread),
            "post": change.post and str(change.post),
        }
        if change.view is not None:
            line["html"] = await post_html(change.view, closed=missed.closed)
        elif change.started is not None:
            line["html"] = await _thread_html(change.started, closed=missed.closed)
        lines.append(line)
    return {"seq": missed.seq, "more": missed.more, "closed": missed.closed, "changes": lines}


async def _thread_html(view: ThreadView, *, closed: bool) -> str:
    return await fragment(
        "cases/_thread.html",
        thread=view,
        closed=closed,
        may_reopen=False,
        new_id=uuid4,
        words=words(),
    )


@blueprint.post("/cases/<uuid:case>/threads")
async def start_thread(case: UUID) -> ResponseReturnValue:
    """Open a titled thread."""
    actor = signed_in()
    thread = await threads.start_thread(actor, NewThread.parse(case, await body()))
    if not wants_html():
        row, community = await access.thread_for(actor, thread)
        (view,) = await reading.started(community, [row])
        return {"id": str(thread), "html": await _thread_html(view, closed=False)}, 201
    return redirect(f"{url_for('cases.show', case=case)}#thread-{thread}", 303)


@blueprint.post("/threads/<uuid:thread>/posts")
async def post(thread: UUID) -> ResponseReturnValue:
    """Write into a thread; the answer holds the post as the page shows it."""
    actor = signed_in()
    posted = await threads.post(actor, NewPost.parse(thread, await body()))
    return await _answer(actor, posted, 201)


@blueprint.get("/threads/<uuid:thread>/posts")
@steady
async def stretch(thread: UUID) -> ResponseReturnValue:
    """Posts that the page left out: `before` or `after` a change number."""
    actor = signed_in()
    before = request.args.get("before", type=whole)
    after = request.args.get("after", 0, type=whole)
    found = await paging.stretch(actor, ThreadId(thread), before=before, after=after)
    return {
        "html": "".join([await post_html(each, closed=found.closed) for each in found.posts]),
        "more": found.more,
    }


@blueprint.get("/posts/<uuid:post_id>/around")
@steady
async def around(post_id: UUID) -> ResponseReturnValue:
    """A post of a long thread with its neighbours, for whoever came by its address."""
    found = await paging.around(signed_in(), PostId(post_id))
    return {
        "thread": str(found.thread),
        "html": "".join([await post_html(each, closed=found.closed) for each in found.posts]),
        "earlier": found.earlier,
        "later": found.later,
    }


@blueprint.post("/threads/<uuid:thread>/read")
async def mark_read(thread: UUID) -> ResponseReturnValue:
    """Everything up to `seq` has been seen."""
    sent = await body()
    await threads.mark_read(signed_in(), ThreadId(thread), whole(sent.get("seq")))
    return "", 204


@blueprint.get("/posts/<uuid:post_id>")
@steady
async def link(post_id: UUID) -> ResponseReturnValue:
    """A post's own address leads to its place in the case."""
    row, _ = await access.post_for(signed_in(), PostId(post_id))
    return redirect(_place(row.case.id, PostId(row.id)), 303)


@blueprint.post("/posts/<uuid:post_id>")
async def edit(post_id: UUID) -> ResponseReturnValue:
    """Other words for a post."""
    actor = signed_in()
    return await _answer(actor, await threads.edit(actor, PostEdit.parse(post_id, await body())))


@blueprint.post("/posts/<uuid:post_id>/deletion")
async def delete(post_id: UUID) -> ResponseReturnValue:
    """Take a post back."""
    actor = signed_in()
    return await _answer(actor, await threads.delete(actor, PostId(post_id)))


@blueprint.post("/posts/<uuid:post_id>/reactions")
async def react(post_id: UUID) -> ResponseReturnValue:
    """A light answer, or none any more."""
    actor, sent = signed_in(), await body()
    on = str(sent.get("on", "yes")).lower() in {"yes", "true", "1"}
    done = await threads.react(actor, PostId(post_id), str(sent.get("kind", "")), on=on)
    return await _answer(actor, done)


@blueprint.get("/posts/<uuid:post_id>/history")
@steady
async def history(post_id: UUID) -> ResponseReturnValue:
    """Every wording of a post."""
    found = await reading.history(signed_in(), PostId(post_id))
    return await render_template(
        "cases/history.html",
        revisions=found.revisions,
        case=found.case,
        community=found.case.community,
        post=PostId(post_id),
    )


@blueprint.get("/posts/<uuid:post_id>/picture")
@steady
async def picture(post_id: UUID) -> Response:
    """The small picture of a pin (JPEG)."""
    image = await reading.pin_image(signed_in(), PostId(post_id))
    answer: Response = await make_response(image)  # type: ignore[assignment]
    answer.headers["Content-Type"] = "image/jpeg"
    answer.headers["Content-Disposition"] = "inline; filename=pin.jpg"
    return answer


async def _answer(actor: Actor, posted: Posted, status: int = 200) -> ResponseReturnValue:
    if wants_html():
        return redirect(_place(posted.case, posted.id), 303)
    view, closed = await reading.post_view(actor, posted.id)
    html = await post_html(view, closed=closed)
    return {
        "id": str(posted.id),
        "seq": posted.seq,
        "thread": str(posted.thread),
        "html": html,
    }, status


def _place(case: UUID, post: PostId) -> str:
    return f"{url_for('cases.show', case=case)}#post-{post}"
