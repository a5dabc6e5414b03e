"""The table of T36: for every address, who may, and what a right request sends."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from quart import Quart

from cases import communities
from portal import mailing
from tests.proof.stage import (
    ACTORS,
    Stage,
    begun,
    case_form,
    entry_form,
    fresh_invitation,
    pinned,
    plan_copy,
    plan_form,
    told,
    trusts_a_program,
    upload_paper,
    written_entry,
    written_plan,
)

Sends = Callable[[Stage], dict[str, Any]]
Fresh = Callable[[Stage, str], Awaitable[Mapping[str, str]]]

ALL: Final = frozenset(ACTORS)
OUTSIDE: Final = frozenset({"stranger", "ended", "half"})
SIGNED_IN: Final = ALL - OUTSIDE
CONFIRMED: Final = SIGNED_IN - {"unconfirmed"}
PROFESSIONALS: Final = CONFIRMED - {"patient"}
ADMINISTRATOR: Final = frozenset({"administrator"})
INSIDE: Final = frozenset({"member", "author", "owner"})
AUTHOR: Final = frozenset({"author"})
OWNER: Final = frozenset({"owner"})
INVITED: Final = frozenset({"invited"})
NOBODY: Final = frozenset[str]()

AGAIN: Final = {"client_id": str(uuid4()), "l-0-id": "0123456789abcdef"}
"""Of a form whose answer repeats what came, so that two answers can be compared."""


def nothing(_stage: Stage) -> dict[str, Any]:
    return {}


def form(**values: str) -> Sends:
    return lambda _stage: {"form": values | {"client_id": str(uuid4())}}


def js(**values: Any) -> Sends:
    return lambda _stage: {"json": values}


def everything(_stage: Stage) -> dict[str, Any]:
    """Of one's own."""
    return {"query_string": {"all": "1"}}


@dataclass(frozen=True)
class Right:
    """Who may; who may not but sees that it is there; what is sent; what is made anew for it."""

    may: frozenset[str]
    sees: frozenset[str] = NOBODY
    sends: Sends = nothing
    fresh: Fresh | None = None
    fine: frozenset[int] = frozenset()
    """What else whoever may is answered here, because nothing real was sent."""
    unlike: int = 403
    """What whoever only sees it is answered."""


async def a_post(stage: Stage, _actor: str) -> Mapping[str, str]:
    posted = await stage.people["author"].posts("Once more", thread=stage.ids["thread"])
    return {"post_id": str(posted.id)}


async def an_invitation(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"invitation": await fresh_invitation(stage, actor)}


async def a_mailed_invitation(stage: Stage, actor: str) -> Mapping[str, str]:
    guest = mailing.read_address(f"{uuid4().hex}@example.test")
    asked = await communities.invite(stage.people[actor].actor, stage.community, guest)
    return {"invitation": str(asked)}


async def a_guest(stage: Stage, actor: str) -> Mapping[str, str]:
    guest = await stage.world.physician(f"Guest {uuid4().hex[:6]}")
    await stage.people[actor].invites(guest, stage.community)
    return {"account": str(guest.actor.id)}


async def a_community(stage: Stage, actor: str) -> Mapping[str, str]:
    host = "member" if actor == "owner" else "owner"
    other = await stage.people[host].founds("Another board")
    await stage.people[host].invites(stage.people[actor], other)
    return {"community": str(other)}


async def a_study(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"study_id": str(await stage.people[actor].keeps_a_study())}


async def a_document(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"document_id": await upload_paper(stage, actor, f"Finding {uuid4().hex}")}


async def a_binned_study(stage: Stage, actor: str) -> Mapping[str, str]:
    made = await a_study(stage, actor)
    await stage.browsers[actor].post(f"/documents/{made['study_id']}/bin")
    return made


async def a_binned_document(stage: Stage, actor: str) -> Mapping[str, str]:
    made = await a_document(stage, actor)
    await stage.browsers[actor].post(f"/d/{made['document_id']}/bin")
    return made


async def a_plan(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"record_id": await written_plan(stage, actor)}


async def a_binned_plan(stage: Stage, actor: str) -> Mapping[str, str]:
    made = await a_plan(stage, actor)
    await stage.browsers[actor].post(f"/records/{made['record_id']}/bin")
    return made


async def an_entry(stage: Stage, actor: str) -> Mapping[str, str]:
    return await written_entry(stage, actor)


def a_span(_stage: Stage) -> dict[str, Any]:
    return {"form": {"since": "2026-03-01", "until": "2026-03-31", "kind": ""}}


async def an_upload(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"upload_id": await begun(stage.browsers[actor])}


async def a_notice(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"notice": await told(stage, actor)}


async def a_session(stage: Stage, actor: str) -> Mapping[str, str]:
    other, _ = await stage.world.signs_in(stage.people[actor].mail)
    return {"session": other.session.hex()}


async def a_program(stage: Stage, actor: str) -> Mapping[str, str]:
    return {"program": await trusts_a_program(stage.people[actor])}


async def a_device(stage: Stage, actor: str) -> Mapping[str, str]:
    _, stage.browsers[actor] = await stage.world.signs_in(stage.people[actor].mail)
    return {}


async def somebody_unconfirmed(stage: Stage, _actor: str) -> Mapping[str, str]:
    waiting = await stage.world.physician(f"Dr. Waiting {uuid4().hex[:6]}", confirmed=False)
    return {"account": str(waiting.actor.id)}


ABOUT: Final = {"name": "Chest", "department": "Radiology", "location": "Kiel"}

RIGHTS: Final[dict[str, Right]] = {
    "static": Right(ALL, fine=frozenset({404})),  # nothing is built where tests run alone
    "pages.start": Right(ALL),
    "pages.help_page": Right(ALL),
    "pages.downloads": Right(SIGNED_IN),
    "pages.signing_in_help": Right(ALL),
    "mailing.show_mailbox": Right(ALL),
    "accounts.ask_registration": Right(ALL),
    "accounts.register": Right(ALL, sends=form()),
    "accounts.write_again": Right(ALL, sends=form(ticket="made up"), fine=frozenset({410})),
    "accounts.ask_short": Right(ALL),
    "accounts.enter": Right(ALL, sends=form()),
    "accounts.mail_status": Right(ALL),
    "accounts.signed_in_now": Right(ALL),
    # For accounts that are not activated; everybody here is.
    "accounts.show_activation": Right(SIGNED_IN),
    "accounts.ask_again": Right(SIGNED_IN, fine=frozenset({410})),
    "accounts.change_address": Right(SIGNED_IN, sends=form(), fine=frozenset({410})),
    "accounts.issue_pass": Right(SIGNED_IN, fine=frozenset({410})),
    "accounts.print_pass": Right(ALL, sends=form(ticket="made up"), fine=frozenset({410})),
    "accounts.ask_activation": Right(ALL),
    "accounts.activate": Right(ALL, sends=form()),
    "accounts.ask_sign_in": Right(ALL),
    "accounts.sign_in": Right(ALL, sends=form()),
    "accounts.prefer": Right(ALL, sends=form(language="en")),
    "recovery.ask_code": Right(ALL),
    "recovery.set_password": Right(ALL, sends=form()),
    "recovery.explain_loss": Right(ALL),
    "recovery.ask_reset": Right(ALL, sends=form()),
    # Behind a mailed link, whose secret alone decides: a made up one is told so.
    "recovery.show_reset": Right(ALL, fine=frozenset({410})),
    "recovery.confirm_reset": Right(ALL, sends=form(word="DELETE"), fine=frozenset({410})),
    "recovery.ask_stop": Right(ALL, fine=frozenset({410})),
    "recovery.stop": Right(ALL, fine=frozenset({410})),
    "recovery.ask_address": Right(ALL, fine=frozenset({410})),
    "recovery.answer_address": Right(ALL, fine=frozenset({410})),
    "keeping.show_papers": Right(SIGNED_IN),
    "keeping.issue_pass": Right(SIGNED_IN, sends=form()),
    "keeping.issue_sheet": Right(SIGNED_IN, sends=form()),
    "keeping.revoke_sheet": Right(SIGNED_IN, sends=form()),
    "keeping.still_there": Right(SIGNED_IN),
    "keeping.explain_securing": Right(SIGNED_IN),
    "keeping.secure": Right(SIGNED_IN, sends=form()),
    "keeping.explain_address": Right(SIGNED_IN),
    "keeping.ask_address": Right(SIGNED_IN, sends=form()),
    "keeping.write_again": Right(SIGNED_IN),
    "keeping.stop_change": Right(SIGNED_IN),
    "keeping.explain_deletion": Right(SIGNED_IN),
    "keeping.delete": Right(SIGNED_IN, sends=form()),
    "keeping.keep": Right(SIGNED_IN),
    "accounts.show_profile": Right(SIGNED_IN),
    "accounts.edit_profile": Right(SIGNED_IN, sends=form()),
    "accounts.ask_password": Right(SIGNED_IN),
    "accounts.change_password": Right(SIGNED_IN, sends=form()),
    "auditing.show": Right(SIGNED_IN),
    "notices.show": Right(SIGNED_IN),
    "notices.count": Right(SIGNED_IN),
    "notices.open_": Right(AUTHOR, fresh=a_notice),
    "notices.read": Right(AUTHOR),
    "notices.read_all": Right(SIGNED_IN, sends=form(until="2026-01-01T00:00:00+00:00")),
    "notices.wishes": Right(SIGNED_IN),
    "notices.wish": Right(SIGNED_IN, sends=form()),
    "notices.pause": Right(SIGNED_IN, sends=form(hours="1")),
    "notices.want_mails": Right(SIGNED_IN),
    # The address alone decides, for a mail program without cookies: a made-up one is told so.
    "notices.ask_stop": Right(ALL, fine=frozenset({404})),
    "notices.stop": Right(ALL, fine=frozenset({404})),
    "factors.ask_second": Right(ALL),
    "factors.second": Right(ALL, sends=form(), fine=frozenset({403})),  # it is no code
    "factors.second_options": Right(ALL, fine=frozenset({410})),  # nobody here has a passkey
    "factors.passkey_options": Right(ALL),
    "factors.passkey_sign_in": Right(ALL, sends=form(), fine=frozenset({403})),
    "factors.ask_set_up": Right(ALL, fine=frozenset({401})),
    "factors.first_ask_app": Right(ALL, fine=frozenset({401})),
    "factors.first_set_up_app": Right(ALL, sends=form(), fine=frozenset({401})),
    "factors.first_create_options": Right(ALL, fine=frozenset({401})),
    "factors.first_add_passkey": Right(ALL, sends=form(), fine=frozenset({401})),
    "factors.unlock": Right(ALL, sends=js(account=str(uuid4())), fine=frozenset({403})),
    "factors.more_ask_app": Right(SIGNED_IN),
    "factors.more_set_up_app": Right(SIGNED_IN, sends=form(), fine=frozenset({410})),
    "factors.more_create_options": Right(SIGNED_IN),
    "factors.more_add_passkey": Right(SIGNED_IN, sends=form(name="Key")),
    "factors.security": Right(SIGNED_IN),
    "factors.name_passkey": Right(SIGNED_IN, sends=form(name="Key"), fine=frozenset({404})),
    "factors.remove_passkey": Right(SIGNED_IN, sends=form(), fine=frozenset({404})),
    "factors.remove_app": Right(SIGNED_IN, sends=form()),
    "factors.new_recovery_codes": Right(SIGNED_IN, sends=form(), fine=frozenset({404})),
    "factors.ask_review": Right(SIGNED_IN),
    "factors.review": Right(SIGNED_IN, sends=form()),
    "factors.sessions": Right(SIGNED_IN),
    "factors.end_one": Right(SIGNED_IN, sends=form(), fresh=a_session),
    "factors.end_others": Right(SIGNED_IN, sends=form()),
    "programs.programs": Right(SIGNED_IN),
    "programs.make_token": Right(SIGNED_IN, sends=form()),
    "programs.revoke": Right(SIGNED_IN, sends=form(), fresh=a_program),
    "api.page": Right(ALL),
    "api.openapi": Right(ALL),
    "api.make_token": Right(ALL, sends=js(), fine=frozenset({422})),
    "api.end_token": Right(SIGNED_IN, fine=frozenset({404})),
    "api.space": Right(SIGNED_IN),
    "api.list_studies": Right(SIGNED_IN),
    "api.files": Right(AUTHOR),
    "api.file": Right(AUTHOR),
    "api.list_documents": Right(SIGNED_IN),
    "factors.confirm": Right(SIGNED_IN, sends=form(), fine=frozenset({403})),
    "factors.confirm_options": Right(SIGNED_IN),
    "factors.session": Right(SIGNED_IN),
    "notices.push_worker": Right(ALL, fine=frozenset({404})),  # not built where tests run alone
    "notices.add_device": Right(
        SIGNED_IN,
        sends=js(
            endpoint="https://fcm.googleapis.com/fcm/send/x",
            keys={"p256dh": "BA" + "A" * 85, "auth": "A" * 22},
        ),
    ),
    "notices.knows_device": Right(SIGNED_IN, sends=js(endpoint="https://push.test/x")),
    "notices.remove_device": Right(SIGNED_IN, sends=js(endpoint="https://push.test/x")),
    "studies.upload_page": Right(SIGNED_IN),
    "studies.documents": Right(SIGNED_IN),
    "studies.find": Right(SIGNED_IN, sends=form(q="CT")),
    "studies.begin": Right(SIGNED_IN, sends=lambda _: {"json": {"client": str(uuid4())}}),
    "studies.known": Right(SIGNED_IN, sends=js(fingerprints=["00" * 32])),
    "studies.named": Right(SIGNED_IN, sends=js(instances=[["2.25.1", "2.25.2"]])),
    "studies.places": Right(SIGNED_IN, sends=js(studies=["2.25.1"], fingerprints=["00" * 32])),
    "studies.identity": Right(SIGNED_IN, sends=js(name="A", birth_date="19560401", sex="F")),
    "studies.state": Right(AUTHOR),
    "studies.part": Right(AUTHOR, sends=lambda _: {"data": b"HDP1"}),
    "studies.finish": Right(AUTHOR, fresh=an_upload),
    "studies.abandon": Right(AUTHOR, fresh=an_upload, sends=form()),
    "studies.pieces": Right(
        AUTHOR, sends=js(file=0, bytes=5 * 1024 * 1024, first=0, digests=["00" * 32])
    ),
    "studies.thumbnail": Right(AUTHOR),
    "studies.confirm_delete": Right(AUTHOR),
    "studies.delete": Right(AUTHOR, fresh=a_study),
    # Everybody has an archive of what is theirs; single ids in it: `test_foreign_ids`.
    "exporting.choose": Right(SIGNED_IN),
    "exporting.size": Right(SIGNED_IN, sends=everything),
    "exporting.archive": Right(SIGNED_IN, sends=everything),
    "exporting.picture": Right(AUTHOR),
    "exporting.account": Right(SIGNED_IN),
    "exporting.prove": Right(SIGNED_IN, sends=form()),
    "exporting.account_archive": Right(SIGNED_IN),
    "studies.confirm_thin": Right(AUTHOR),
    "studies.thin": Right(AUTHOR, fresh=a_study),
    "studies.ask_label": Right(AUTHOR),
    "studies.rename": Right(AUTHOR, sends=form(label="Knee")),
    "studies.throw": Right(AUTHOR, fresh=a_study),
    "studies.take_out": Right(AUTHOR, fresh=a_binned_study),
    "studies.show_bin": Right(SIGNED_IN),
    "studies.confirm_empty": Right(SIGNED_IN),
    "studies.empty_bin": Right(SIGNED_IN),
    "documents.show": Right(AUTHOR),
    "documents.page": Right(AUTHOR),
    "documents.original": Right(AUTHOR),
    "documents.preview": Right(AUTHOR),
    "documents.rename": Right(AUTHOR, sends=form(label="Finding")),
    "documents.clean": Right(AUTHOR),
    "documents.confirm_delete": Right(AUTHOR),
    "documents.delete": Right(AUTHOR, fresh=a_document),
    "documents.throw": Right(AUTHOR, fresh=a_document),
    "documents.take_out": Right(AUTHOR, fresh=a_binned_document),
    "documents.show_enclosed": Right(INSIDE),
    "documents.enclosed_page": Right(INSIDE),
    "documents.enclosed_original": Right(INSIDE),
    "records.plans": Right(SIGNED_IN),
    "records.new_plan": Right(SIGNED_IN),
    "records.begin_plan": Right(SIGNED_IN, sends=lambda stage: {"form": plan_form(stage)}),
    "records.bring": Right(SIGNED_IN, sends=lambda stage: {"json": plan_copy(stage)}),
    "records.show_plan": Right(AUTHOR),
    "records.plan_history": Right(AUTHOR),
    "records.plan_version": Right(AUTHOR),
    "records.print_plan": Right(AUTHOR),
    "records.edit_plan": Right(AUTHOR),
    "records.write_plan": Right(AUTHOR, sends=lambda stage: {"form": plan_form(stage, 1, **AGAIN)}),
    # Everybody has a diary, in which only what is theirs stands.
    "records.show_diary": Right(SIGNED_IN),
    "records.show_span": Right(SIGNED_IN, sends=a_span),
    "records.print_diary": Right(SIGNED_IN, sends=a_span),
    "records.diary_table": Right(SIGNED_IN, sends=a_span),
    "records.new_entry": Right(SIGNED_IN),
    "records.write_entry": Right(SIGNED_IN, sends=lambda stage: {"form": entry_form(stage)}),
    "records.show_month": Right(AUTHOR),
    "records.entry_history": Right(AUTHOR),
    "records.edit_entry": Right(AUTHOR),
    "records.rewrite_entry": Right(
        AUTHOR, sends=lambda stage: {"form": entry_form(stage, 1, client_id=AGAIN["client_id"])}
    ),
    "records.throw_entry": Right(AUTHOR, fresh=an_entry),
    "records.confirm_delete": Right(AUTHOR),
    "records.delete": Right(AUTHOR, fresh=a_plan),
    "records.throw": Right(AUTHOR, fresh=a_plan),
    "records.take_out": Right(AUTHOR, fresh=a_binned_plan),
    "reports.show": Right(INSIDE),
    "viewer.page": Right(INSIDE),
    "viewer.open_series": Right(INSIDE),
    "viewer.low": Right(INSIDE),
    "viewer.frame_bytes": Right(INSIDE),
    "viewer.preview": Right(INSIDE),
    "viewer.original": Right(INSIDE),
    "dicomweb.search_studies": Right(SIGNED_IN),
    "dicomweb.search_series": Right(SIGNED_IN),
    "dicomweb.search_instances": Right(SIGNED_IN),
    "dicomweb.series_of": Right(AUTHOR),
    "dicomweb.instances_of": Right(AUTHOR),
    "dicomweb.instances_of_series": Right(AUTHOR),
    "dicomweb.study_metadata": Right(AUTHOR),
    "dicomweb.series_metadata": Right(AUTHOR),
    "dicomweb.instance_metadata": Right(AUTHOR),
    "dicomweb.study": Right(AUTHOR),
    "dicomweb.series": Right(AUTHOR),
    "dicomweb.instance": Right(AUTHOR),
    # What is sent is no message of several parts, and everybody with an account is told so.
    "dicomweb.store": Right(SIGNED_IN),
    "dicomweb.store_within": Right(SIGNED_IN),
    "dicomweb.bulk": Right(AUTHOR),
    "dicomweb.frames": Right(AUTHOR),
    "dicomweb.rendered": Right(AUTHOR),
    "dicomweb.rendered_frame": Right(AUTHOR),
    "dicomweb.study_rendered": Right(AUTHOR),
    "dicomweb.series_rendered": Right(AUTHOR),
    "dicomweb.study_thumbnail": Right(AUTHOR),
    "dicomweb.series_thumbnail": Right(AUTHOR),
    "dicomweb.thumbnail": Right(AUTHOR),
    "dicomweb.frame_thumbnail": Right(AUTHOR),
    "search.form": Right(CONFIRMED),
    "search.find": Right(CONFIRMED, sends=form(q="nodule")),
    "cases.communities.mine": Right(CONFIRMED),
    "cases.communities.manage": Right(CONFIRMED),
    "cases.communities.found": Right(
        PROFESSIONALS, sees=frozenset({"patient", "unconfirmed"}), sends=form(**ABOUT)
    ),
    "cases.communities.show": Right(INSIDE),
    "cases.communities.members": Right(INSIDE),
    "cases.communities.rename": Right(OWNER, sees=INSIDE, sends=form(**ABOUT)),
    "cases.communities.invite": Right(
        OWNER, sees=INSIDE, sends=lambda _: {"form": {"mail": f"{uuid4().hex}@example.test"}}
    ),
    "cases.communities.vouch": Right(OWNER, sees=INSIDE, fresh=a_mailed_invitation),
    "cases.communities.withdraw": Right(OWNER, sees=INSIDE, fresh=a_mailed_invitation),
    "cases.communities.resend": Right(OWNER, sees=INSIDE, fresh=a_mailed_invitation),
    "cases.communities.change_role": Right(OWNER, sees=INSIDE, sends=form(role="member")),
    "cases.communities.confirm": Right(OWNER, sees=INSIDE, sends=form(seen="1"), fresh=a_guest),
    "cases.communities.remove": Right(OWNER, sees=INSIDE, fresh=a_guest),
    # It has an owner: every member is told so.
    "cases.communities.take_over": Right(INSIDE, fine=frozenset({409})),
    "cases.communities.leave": Right(INSIDE, fresh=a_community),
    "cases.communities.accept": Right(INVITED, fresh=an_invitation),
    "cases.communities.decline": Right(INVITED, fresh=an_invitation),
    "cases.new_case": Right(INSIDE),
    # A case is about studies of one's own: the others are told that this one is not theirs.
    "cases.open_case": Right(
        AUTHOR, sees=INSIDE, sends=lambda stage: {"form": case_form(stage)}, unlike=422
    ),
    "cases.show": Right(INSIDE),
    "cases.changes": Right(INSIDE),
    "cases.edit_form": Right(INSIDE),
    "cases.edit": Right(
        AUTHOR, sees=INSIDE, sends=lambda stage: {"form": case_form(stage) | {"rev": "1"}}
    ),
    "cases.posts.start_thread": Right(INSIDE, sends=form(title="One more")),
    "cases.posts.post": Right(INSIDE, sends=lambda stage: {"json": pinned(stage)}),
    "cases.posts.stretch": Right(INSIDE),
    "cases.posts.around": Right(INSIDE),
    "cases.posts.mark_read": Right(INSIDE, sends=form(seq="1")),
    "cases.posts.link": Right(INSIDE),
    "cases.posts.edit": Right(AUTHOR, sees=INSIDE, sends=form(text="Other words", rev="1")),
    "cases.posts.delete": Right(AUTHOR | OWNER, sees=INSIDE, fresh=a_post),
    "cases.posts.react": Right(INSIDE, sends=form(kind="agree")),
    "cases.posts.history": Right(INSIDE),
    "cases.posts.picture": Right(INSIDE),
    "cases.ask_closing": Right(AUTHOR | OWNER, sees=INSIDE),
    "cases.close": Right(AUTHOR | OWNER, sees=INSIDE),
    "cases.write_outcome": Right(AUTHOR, sees=INSIDE, sends=form(outcome="A tumour.", rev="0")),
    "cases.reopen": Right(AUTHOR | OWNER, sees=INSIDE),
    # Last, as these end what the others need.
    "administration.professionals": Right(ADMINISTRATOR),
    "administration.confirm": Right(
        ADMINISTRATOR, sends=form(seen="1"), fresh=somebody_unconfirmed
    ),
    "administration.refuse": Right(
        ADMINISTRATOR, sends=form(reason="Which practice?"), fresh=somebody_unconfirmed
    ),
    "factors.lock": Right(SIGNED_IN, fresh=a_device),
    "accounts.sign_out": Right(SIGNED_IN, fresh=a_device),
}

Cell = tuple[str, str]
"""Endpoint and method."""


def cells(app: Quart) -> list[Cell]:
    """Every endpoint with every method it has, in the order of the table."""
    found = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {endpoint for endpoint, _ in found} == set(RIGHTS), "the table is not the portal"
    order = list(RIGHTS)
    return sorted(found, key=lambda cell: (order.index(cell[0]), cell[1]))
