"""The mails of this app."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from emailops.lib.languages import speaking_to
from workspaces.models import Invitation, SystemMail
from workspaces.services import invitation_token
from workspaces.systemmail import Letter


def invitation(mail: SystemMail, now: datetime) -> Letter | None:
    """The link by which a person becomes a member."""
    invited = Invitation.objects.select_related("workspace", "invited_by__user").get(pk=mail.object_id)
    if not invited.is_open(now):
        return None
    language = invited.workspace.language
    link = settings.BASE_URL + reverse("workspaces:join", args=[invitation_token(invited)])
    with speaking_to(language):
        subject = _("%(name)s invites you to %(workspace)s") % {
            "name": invited.invited_by,
            "workspace": invited.workspace,
        }
    return Letter(subject, "emails/invitation", {"invitation": invited, "link": link}, language)
