"""Who we are: workspaces, the people in them, what everybody did, and what each is told; known by this name."""

from workspaces.models.brand import HEX_COLOUR, Brand
from workspaces.models.notices import DigestPace, Notice, NoticeMute, NoticeQuerySet, NoticeSettings
from workspaces.models.people import (
    ApiKey,
    ApiKeyQuerySet,
    AuditEntry,
    Invitation,
    InvitationQuerySet,
    Language,
    Member,
    MemberQuerySet,
    Owned,
    ScopedQuerySet,
    SystemMail,
    SystemMailState,
    User,
    UserManager,
    Workspace,
    validate_time_zone,
)

__all__ = [
    "HEX_COLOUR",
    "ApiKey",
    "ApiKeyQuerySet",
    "AuditEntry",
    "Brand",
    "DigestPace",
    "Invitation",
    "InvitationQuerySet",
    "Language",
    "Member",
    "MemberQuerySet",
    "Notice",
    "NoticeMute",
    "NoticeQuerySet",
    "NoticeSettings",
    "Owned",
    "ScopedQuerySet",
    "SystemMail",
    "SystemMailState",
    "User",
    "UserManager",
    "Workspace",
    "validate_time_zone",
]
