"""
Who can open what, now: principals, wraps, sessions, seals and study keys.

The composition root calls `configure(key_files, settings)` once, before anything is served; the
key files stay in this room (a single slot, replaced as a whole), because every verb here needs
them and nobody else may.  Importing reads nothing.

A *principal* owns a root and the key pair derived from it.  A root is reached through a *wrap*
(password, code), a *session* (cookie) or a *seal*; whoever has the root has everything under it.
"""

from portal.keys.custody import configure, configured, pepper_key, push_identity
from portal.keys.events import SessionsEnded
from portal.keys.forgetting import delete_principal, retire
from portal.keys.generations import unseal_generations
from portal.keys.guards import guard_of, mark_first, raise_guard, unmarked
from portal.keys.halves import (
    Arriving,
    Half,
    Stage,
    end_half,
    half_by_cookie,
    start_half,
    start_locked,
)
from portal.keys.holders import Holder, PrincipalKind, PublicKey, Target
from portal.keys.passkeys import (
    drop_passkey,
    drop_passkeys,
    keep_passkey,
    unwrap_by_passkey,
)
from portal.keys.principals import (
    FIRST_EPOCH,
    check_own_key,
    create_principal,
    hold,
    hold_user,
    open_chain,
    public_key,
    public_keys,
    rotate_root,
)
from portal.keys.renewing import renew_root
from portal.keys.rewrapping import renew_password
from portal.keys.seals import (
    blind_key,
    drop_seals,
    drop_study_keys,
    handed,
    keep_study_key,
    open_study_key,
    open_study_keys,
    opened,
    seal_root,
    seal_study_key,
    sealed,
    unseal_study_key,
    unseal_study_keys,
)
from portal.keys.session_notes import OwnSession, keep_note, note_of, sessions_of
from portal.keys.sessions import (
    actor_by_cookie,
    alive,
    csrf_token,
    end_own_session,
    end_session,
    end_sessions,
    forget_expired,
    start_session,
)
from portal.keys.slowness import PLACES, slow
from portal.keys.strays import stray_keys
from portal.keys.texts import Text
from portal.keys.tokens import (
    SCOPES,
    Allowed,
    ByToken,
    OwnToken,
    Scope,
    TooManyTokens,
    by_token,
    end_own_token,
    end_tokens,
    forget_expired_tokens,
    make_token,
    tokens_of,
)
from portal.keys.wraps import (
    Found,
    TypedHow,
    Wrap,
    drop_wrap,
    has_wrap,
    keep_wrap,
    must_still_open,
    shared_salt,
    unwrap_one_of,
    unwrap_root,
    wrap_root,
)

__all__ = [
    "FIRST_EPOCH",
    "PLACES",
    "SCOPES",
    "Allowed",
    "Arriving",
    "ByToken",
    "Found",
    "Half",
    "Holder",
    "OwnSession",
    "OwnToken",
    "PrincipalKind",
    "PublicKey",
    "Scope",
    "SessionsEnded",
    "Stage",
    "Target",
    "Text",
    "TooManyTokens",
    "TypedHow",
    "Wrap",
    "actor_by_cookie",
    "alive",
    "blind_key",
    "by_token",
    "check_own_key",
    "configure",
    "configured",
    "create_principal",
    "csrf_token",
    "delete_principal",
    "drop_passkey",
    "drop_passkeys",
    "drop_seals",
    "drop_study_keys",
    "drop_wrap",
    "end_half",
    "end_own_session",
    "end_own_token",
    "end_session",
    "end_sessions",
    "end_tokens",
    "forget_expired",
    "forget_expired_tokens",
    "guard_of",
    "half_by_cookie",
    "handed",
    "has_wrap",
    "hold",
    "hold_user",
    "keep_note",
    "keep_passkey",
    "keep_study_key",
    "keep_wrap",
    "make_token",
    "mark_first",
    "must_still_open",
    "note_of",
    "open_chain",
    "open_study_key",
    "open_study_keys",
    "opened",
    "pepper_key",
    "public_key",
    "public_keys",
    "push_identity",
    "raise_guard",
    "renew_password",
    "renew_root",
    "retire",
    "rotate_root",
    "seal_root",
    "seal_study_key",
    "sealed",
    "sessions_of",
    "shared_salt",
    "slow",
    "start_half",
    "start_locked",
    "start_session",
    "stray_keys",
    "tokens_of",
    "unmarked",
    "unseal_generations",
    "unseal_study_key",
    "unseal_study_keys",
    "unwrap_by_passkey",
    "unwrap_one_of",
    "unwrap_root",
    "wrap_root",
]
