"""Closed lists a person chooses from.  The code is stored and searched, the label is shown."""

from typing import Final, Literal

from portal.core.language import N_

Role = Literal["owner", "member"]
ROLES: Final[dict[str, str]] = {"owner": N_("Owner"), "member": N_("Member")}

MODALITIES: Final[dict[str, str]] = {
    "CT": N_("CT"),
    "MR": N_("MRI"),
    "XR": N_("X-ray"),
    "US": N_("Ultrasound"),
    "MG": N_("Mammography"),
    "XA": N_("Angiography"),
    "PT": N_("PET"),
    "NM": N_("Nuclear medicine"),
    "OT": N_("Other"),
}

REGIONS: Final[dict[str, str]] = {
    "head": N_("Head"),
    "neck": N_("Neck"),
    "spine": N_("Spine"),
    "chest": N_("Chest"),
    "heart": N_("Heart and vessels"),
    "breast": N_("Breast"),
    "abdomen": N_("Abdomen"),
    "pelvis": N_("Pelvis"),
    "arm": N_("Shoulder, arm, hand"),
    "leg": N_("Hip, leg, foot"),
    "body": N_("Whole body"),
}

AGE_BANDS: Final[tuple[str, ...]] = (
    *(f"{first}–{first + 4}" for first in range(0, 90, 5)),
    "90+",
)
"""Five years each: enough for the question, too little to find a person."""

URGENCIES: Final[dict[str, str]] = {
    "routine": N_("No hurry"),
    "week": N_("This week"),
    "today": N_("Today"),
    "now": N_("At once"),
}
"""How soon an answer is needed, the least pressing first."""
PRESSING: Final = frozenset({"today", "now"})
"""Those that break quiet hours and stand above the others."""

STATUSES: Final[dict[str, str]] = {"open": N_("Open"), "closed": N_("Closed")}

REACTIONS: Final[dict[str, tuple[str, str]]] = {
    "agree": ("thumb", N_("Agree")),
    "doubt": ("help", N_("Not sure")),
    "seen": ("eye", N_("Seen")),
    "thanks": ("heart", N_("Thank you")),
}

YEARS: Final = range(1900, 2201)
"""Of days and times that somebody types; far enough from where calendars end."""
