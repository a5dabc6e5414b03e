"""What the composition root hands to this room: the opened key files and the rules for sessions."""

from dataclasses import dataclass, field
from datetime import timedelta

from portal import vault
from portal.core.actor import Secret
from portal.core.settings import Settings
from portal.vault import Cost, KeyFiles

FIRST_PEPPER = 1
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Custody:
    """The key files, and what the settings say about passwords and sessions."""

    files: KeyFiles = field(repr=False)
    cost: Cost
    idle: timedelta
    longest: timedelta


class _Desk:
    """Where the composition root leaves the custody of this process."""

    custody: Custody | None = None


def configure(files: KeyFiles, settings: Settings) -> None:
    """
    Use these key files from now on.  `portal.app` calls this once, before anything is served.

    Raises `vault.Tampered` when the settings ask for passwords cheaper or dearer than allowed.
    """
    _Desk.custody = Custody(
        files=files,
        cost=Cost(settings.password_memory_mib * KIB_PER_MIB, settings.password_rounds),
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(hours=settings.session_hours),
    )


def custody() -> Custody:
    """What was configured."""
    if _Desk.custody is None:
        raise RuntimeError("keys.configure() comes first")
    return _Desk.custody


def configured() -> bool:
    """Whether this process has the key files."""
    return _Desk.custody is not None


def pepper_key(purpose: str) -> Secret:
    """
    The portal's own key for *purpose*, derived from the first pepper.

    For what must be readable or findable while nobody is signed in (mail addresses, throttles).
    Always the first pepper: such rows do not say which one they are under.
    """
    return vault.sub_key(custody().files.pepper(FIRST_PEPPER), purpose)


def outer_key(pepper_id: int) -> Secret:
    """The key of the outer boxes under a pepper.  Raises `vault.Tampered` for an unknown one."""
    return vault.sub_key(custody().files.pepper(pepper_id), "outer")


def push_identity() -> vault.PushIdentity | None:
    """By what push services know this portal; None where `push-key` was never made."""
    seed = custody().files.push
    return None if seed is None else vault.push_identity(seed)
