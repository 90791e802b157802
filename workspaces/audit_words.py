"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "workspace.created": _("opened the workspace"),
    "workspace.updated": _("changed the settings"),
    "workspace.brand_changed": _("changed the brand"),
    "member.profile_updated": _("changed the profile"),
    "member.joined": _("joined"),
    "member.role_changed": _("changed the role"),
    "member.removed": _("removed the member"),
    "invitation.sent": _("invited"),
    "invitation.revoked": _("withdrew the invitation"),
    "api_key.created": _("made the API key"),
    "api_key.revoked": _("revoked the API key"),
    "notices.muted": _("muted news"),
    "notices.unmuted": _("wants news again"),
    "notices.settings_changed": _("chose how to be told of news"),
}
