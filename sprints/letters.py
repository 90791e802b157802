"""The mails of this app: the request to the owner, and the owner's answer to the team."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sprints.models import ApprovalRequest, ApprovalState
from sprints.services.approvals import approval_token
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def approval(mail: SystemMail, now: datetime) -> Letter | None:
    """What is asked, what it costs, what it should bring, and the link on which the owner decides."""
    request = ApprovalRequest.objects.with_people().get(pk=mail.object_id)
    if not request.link_works(now):
        return None
    language = request.approver.user.language
    link = settings.BASE_URL + reverse("sprints:approve", args=[approval_token(request)])
    with translation.override(language):
        subject = _("For your decision: %(what)s") % {"what": request.sprint or request.story}
    return Letter(subject, "emails/approval", {"request": request, "link": link}, language)


def decision(mail: SystemMail, now: datetime) -> Letter | None:
    """What the owner said, to the one who asked."""
    request = ApprovalRequest.objects.with_people().get(pk=mail.object_id)
    if request.state != ApprovalState.DECIDED:
        return None
    language = request.requested_by.user.language
    with translation.override(language):
        subject = _("%(name)s answered: %(verdict)s") % {
            "name": request.decided_by,
            "verdict": request.get_verdict_display(),
        }
    decisions = request.decisions.select_related("story").order_by("pk")
    link = settings.BASE_URL + reverse(
        "sprints:approval_detail", kwargs={"workspace": request.workspace.slug, "pk": request.pk}
    )
    return Letter(subject, "emails/decision", {"request": request, "decisions": decisions, "link": link}, language)
