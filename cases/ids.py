"""Identifiers with types, so that a thread's id never passes for a case's."""

from typing import NewType
from uuid import UUID

CommunityId = NewType("CommunityId", UUID)
CaseId = NewType("CaseId", UUID)
ThreadId = NewType("ThreadId", UUID)
PostId = NewType("PostId", UUID)
InvitationId = NewType("InvitationId", UUID)
