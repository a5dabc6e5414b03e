"""
The other side of T36's table: which object an address is about, and what it does with it.

Twelve actors, the kinds of objects, five verbs: every cell of that grid is either a right that
`rights` gives or nobody's.  Closed: an address or a socket event without a place here fails.
"""

from typing import Final

VERBS: Final = ("list", "read", "create", "change", "end")
READING: Final = frozenset({"list", "read"})

ADDRESSES: Final[dict[str, dict[str, str]]] = {
    "page": {
        "read": "static pages.start pages.help_page pages.signing_in_help notices.push_worker "
        "mailing.show_mailbox api.page api.openapi pages.downloads",
        "change": "accounts.prefer",
    },
    "account": {
        "read": "accounts.ask_registration accounts.ask_short accounts.mail_status "
        "keeping.explain_deletion exporting.account exporting.account_archive",
        "create": "accounts.register accounts.enter accounts.write_again",
        "change": "keeping.keep keeping.still_there exporting.prove",
        "end": "keeping.delete",
    },
    "activation": {
        "read": "accounts.show_activation accounts.ask_activation",
        "create": "accounts.ask_again",
        "change": "accounts.activate accounts.change_address",
    },
    "session": {
        "list": "factors.sessions",
        "read": "accounts.ask_sign_in accounts.signed_in_now factors.session",
        "create": "accounts.sign_in factors.unlock api.make_token",
        "change": "factors.lock",
        "end": "accounts.sign_out factors.end_one factors.end_others",
    },
    "second step": {
        "read": "factors.ask_second factors.ask_set_up",
        "create": "factors.second factors.second_options",
    },
    "program": {
        "list": "programs.programs",
        "create": "programs.make_token",
        "end": "programs.revoke api.end_token",
    },
    "space": {"read": "api.space"},
    "proof": {"create": "factors.confirm factors.confirm_options"},
    "password": {"read": "accounts.ask_password", "change": "accounts.change_password"},
    "paper": {
        "list": "keeping.show_papers",
        "read": "accounts.print_pass",
        "create": "accounts.issue_pass keeping.issue_pass keeping.issue_sheet",
        "end": "keeping.revoke_sheet",
    },
    "root": {"read": "keeping.explain_securing", "change": "keeping.secure"},
    "way back": {
        "read": "recovery.ask_code recovery.explain_loss recovery.show_reset recovery.ask_stop",
        "create": "recovery.ask_reset",
        "change": "recovery.set_password recovery.confirm_reset",
        "end": "recovery.stop",
    },
    "address": {
        "read": "keeping.explain_address recovery.ask_address",
        "create": "keeping.ask_address keeping.write_again",
        "change": "recovery.answer_address",
        "end": "keeping.stop_change",
    },
    "profile": {"read": "accounts.show_profile", "change": "accounts.edit_profile"},
    "app": {
        "read": "factors.first_ask_app factors.more_ask_app",
        "create": "factors.first_set_up_app factors.more_set_up_app",
        "end": "factors.remove_app",
    },
    "passkey": {
        "read": "factors.passkey_options factors.first_create_options factors.more_create_options",
        "create": "factors.passkey_sign_in factors.first_add_passkey factors.more_add_passkey",
        "change": "factors.name_passkey",
        "end": "factors.remove_passkey",
    },
    "factors": {
        "list": "factors.security",
        "read": "factors.ask_review",
        "create": "factors.new_recovery_codes",
        "change": "factors.review",
    },
    "notice": {
        "list": "notices.show notices.count",
        "read": "notices.open_",
        "change": "notices.read notices.read_all",
    },
    "wish": {
        "read": "notices.wishes notices.ask_stop",
        "change": "notices.wish notices.pause notices.want_mails",
        "end": "notices.stop",
    },
    "device": {
        "read": "notices.knows_device",
        "create": "notices.add_device",
        "end": "notices.remove_device",
    },
    "upload": {
        "list": "studies.upload_page",
        "read": "studies.state studies.known studies.named studies.places studies.identity",
        "create": "studies.begin",
        "change": "studies.part studies.pieces",
        "end": "studies.finish studies.abandon",
    },
    "study": {
        "list": "studies.documents api.list_studies exporting.choose",
        "read": "studies.find studies.thumbnail studies.confirm_delete studies.confirm_thin "
        "studies.ask_label exporting.size exporting.archive exporting.picture api.files api.file",
        "change": "studies.throw studies.take_out studies.rename studies.thin",
        "end": "studies.delete",
    },
    "bin": {
        "list": "studies.show_bin",
        "read": "studies.confirm_empty",
        "end": "studies.empty_bin",
    },
    "image": {
        "list": "viewer.page viewer.open_series",
        "read": "viewer.low viewer.frame_bytes viewer.preview viewer.original",
    },
    "image for a program": {
        "list": "dicomweb.search_studies dicomweb.search_series dicomweb.search_instances "
        "dicomweb.series_of dicomweb.instances_of dicomweb.instances_of_series",
        "read": "dicomweb.study_metadata dicomweb.series_metadata dicomweb.instance_metadata "
        "dicomweb.study dicomweb.series dicomweb.instance dicomweb.bulk dicomweb.frames "
        "dicomweb.rendered dicomweb.rendered_frame dicomweb.study_rendered "
        "dicomweb.series_rendered dicomweb.study_thumbnail "
        "dicomweb.series_thumbnail dicomweb.thumbnail dicomweb.frame_thumbnail",
        "create": "dicomweb.store dicomweb.store_within",
    },
    "document": {
        "list": "api.list_documents",
        "read": "documents.show documents.page documents.original documents.preview "
        "documents.confirm_delete",
        "change": "documents.rename documents.throw documents.take_out documents.clean",
        "end": "documents.delete",
    },
    "record": {
        "list": "records.plans records.plan_history",
        "read": "records.new_plan records.show_plan records.plan_version records.print_plan "
        "records.edit_plan records.confirm_delete",
        "create": "records.begin_plan records.bring",
        "change": "records.write_plan records.throw records.take_out",
        "end": "records.delete",
    },
    "diary": {
        "list": "records.show_diary records.show_span records.show_month records.entry_history",
        "read": "records.print_diary records.diary_table records.new_entry records.edit_entry",
        "create": "records.write_entry",
        "change": "records.rewrite_entry",
        "end": "records.throw_entry",
    },
    "enclosed document": {
        "read": "documents.show_enclosed documents.enclosed_page documents.enclosed_original "
        "reports.show",
    },
    "archive": {"list": "search.form", "read": "search.find"},
    "look at images": {"list": "auditing.show"},
    "community": {
        "list": "cases.communities.mine cases.communities.manage",
        "read": "cases.communities.show",
        "create": "cases.communities.found",
        "change": "cases.communities.rename",
    },
    "member": {
        "list": "cases.communities.members",
        "change": "cases.communities.change_role cases.communities.confirm "
        "cases.communities.take_over",
        "end": "cases.communities.remove cases.communities.leave",
    },
    "invitation": {
        "create": "cases.communities.invite cases.communities.resend",
        "change": "cases.communities.vouch cases.communities.accept",
        "end": "cases.communities.withdraw cases.communities.decline",
    },
    "case": {
        "read": "cases.new_case cases.show cases.changes cases.edit_form cases.ask_closing",
        "create": "cases.open_case",
        "change": "cases.edit cases.write_outcome cases.reopen",
        "end": "cases.close",
    },
    "thread": {
        "list": "cases.posts.stretch",
        "create": "cases.posts.start_thread",
        "change": "cases.posts.mark_read",
    },
    "post": {
        "list": "cases.posts.around cases.posts.history",
        "read": "cases.posts.link",
        "create": "cases.posts.post",
        "change": "cases.posts.edit",
        "end": "cases.posts.delete",
    },
    "pin": {"read": "cases.posts.picture"},
    "reaction": {"change": "cases.posts.react"},
    "presence": {"create": "event:present event:connect", "end": "event:disconnect"},
    "typing": {"create": "event:typing"},
    "standing": {
        "list": "administration.professionals",
        "create": "administration.confirm",
        "end": "administration.refuse",
    },
}
"""By object and verb: endpoints, and socket events as `event:name`."""

READ_BY_POST: Final = frozenset({
    "accounts.print_pass", "factors.first_create_options", "factors.more_create_options",
    "factors.passkey_options", "notices.knows_device", "search.find", "studies.identity",
    "studies.find", "studies.known", "studies.named", "studies.places", "records.show_span",
    "records.print_diary", "records.diary_table",
})  # fmt: skip
"""What changes nothing and is asked in a body, as the question itself is nobody's business."""


def places() -> dict[str, list[tuple[str, str]]]:
    """Object and verb of every address and event; more than one place is a mistake."""
    found: dict[str, list[tuple[str, str]]] = {}
    for thing, verbs in ADDRESSES.items():
        for verb, named in verbs.items():
            for name in named.split():
                found.setdefault(name, []).append((thing, verb))
    return found
