"""The demo world: invented people, synthetic images, a lively case.  No part of a real portal."""

from portal.demo.world import ADMINISTRATORS, PASSWORD, RESIDENTS, UNCONFIRMED, Resident

__all__ = ["sign_ins"]


def sign_ins(url: str) -> str:
    """What the terminal says about who lives in the demo."""
    lines = [f"  {each.mail:<26} {each.name} ({_kind(each)})" for each in RESIDENTS]
    return "\n".join(
        ["", f"The demo is at {url}", f"Sign in with the password: {PASSWORD}", *lines, ""]
    )


def _kind(resident: Resident) -> str:
    said = {"administrator": ADMINISTRATORS, "not confirmed yet": UNCONFIRMED}
    return ", ".join([resident.kind, *(word for word, who in said.items() if resident in who)])
