"""What can go wrong between colleagues."""

from portal.core.errors import Busy, Conflict, Denied, Gone, Invalid
from portal.core.language import N_


class CaseClosed(Conflict):
    code = "case_closed"
    message = N_("This case is closed. Reopen it to go on with the discussion.")


class CaseOpen(Conflict):
    code = "case_open"
    message = N_("The discussion still goes on. Close the case first.")


class PostDeleted(Gone):
    code = "post_deleted"
    message = N_("This post has been deleted.")


class NotYours(Denied):
    code = "not_yours"
    message = N_("Only its author may change this.")


class OwnersOnly(Denied):
    code = "owners_only"
    message = N_("Only an owner of the community may do this.")


class ProfessionalsOnly(Denied):
    code = "professionals_only"
    message = N_("Communities are for physicians and other health professionals.")


class LastOwner(Conflict):
    code = "last_owner"
    message = N_("The community needs an owner. Make another member an owner first.")


class OwnerThere(Conflict):
    code = "owner_there"
    message = N_("The community has an owner already.")


class AlreadyMember(Conflict):
    code = "already_member"
    message = N_("This person is already a member.")


class AskedEnough(Conflict):
    code = "asked_enough"
    message = N_(
        "Nothing was sent: an invitation is sent again once a day, twice in all, and one person "
        "gets three of them a day at most. Please call, or wait."
    )


class AlreadyInvited(Conflict):
    code = "already_invited"
    message = N_("This person is already invited.")


class InvitationOver(Gone):
    code = "invitation_over"
    message = N_("This invitation is no longer valid.")


class Outdated(Conflict):
    code = "outdated"
    message = N_(
        "This was changed in another window meanwhile. Your words are here: decide which stay."
    )


class NoStudy(Invalid):
    code = "no_study"
    message = N_("Choose at least one of your own studies.")


class RootMoved(Busy):
    """The community's root changed while its rows were being read; the next try sees one state."""

    code = "root_moved"
    message = N_("Somebody changed this at the same moment. Please try again.")
