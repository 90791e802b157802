"""The mails of this app: the request to the owner, and the owner's answer to the team."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sprints.models import ApprovalRequest, ApprovalState
from sprints.services.approvals import approval_token, may_decide
from sprints.shown_plan import shown_plan
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def approval(mail: SystemMail, now: datetime) -> Letter | None:
    """What is asked, what it costs, what it should bring, what is new, and the link on which the owner decides.

    None once the request is answered, replaced or pointless, or its link has lapsed.
    """
    request = ApprovalRequest.objects.with_people().get(pk=mail.object_id)
    if not request.link_works(now) or not may_decide(request, request.approver):
        return None
    reader = request.approver.user
    context = {
        "asked": request,
        "plan": shown_plan(request),
        "due": request.due_at.astimezone(ZoneInfo(reader.time_zone)).date(),
        "until": request.link_expires_at.astimezone(ZoneInfo(reader.time_zone)).date(),
        "link": settings.BASE_URL + reverse("sprints:approve", args=[approval_token(request)]),
    }
    with translation.override(reader.language):
        subject = _("For your decision: %(what)s") % {"what": subject_of(request)}
    return Letter(subject, "emails/approval", context, reader.language)


def decision(mail: SystemMail, now: datetime) -> Letter | None:
    """What the owner said, to the one who asked; None while nothing was said."""
    request = ApprovalRequest.objects.with_people().get(pk=mail.object_id)
    if request.state != ApprovalState.DECIDED:
        return None
    language = request.requested_by.user.language
    place = {"workspace": request.workspace.slug, "pk": request.pk}
    context = {
        "asked": request,
        "plan": shown_plan(request),
        "link": settings.BASE_URL + reverse("sprints:approval_detail", kwargs=place),
    }
    with translation.override(language):
        subject = _("%(verdict)s by %(name)s: %(what)s") % {
            "verdict": request.get_verdict_display(),
            "name": request.decided_by,
            "what": subject_of(request),
        }
    return Letter(subject, "emails/decision", context, language)


def subject_of(request: ApprovalRequest) -> str:
    """What a request is about, in the words of a subject line."""
    if request.sprint:
        return _("sprint %(number)d, %(name)s") % {"number": request.sprint.number, "name": request.sprint.name}
    return _("the mail for “%(story)s”") % {"story": request.story}
