"""The mails of this app: the request to the owner, and the owner's answer to the team."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sprints.deciders import may_decide
from sprints.last_promise import last_promise
from sprints.models import (
    ApprovalCode,
    ApprovalCondition,
    ApprovalMessage,
    ApprovalRequest,
    ApprovalState,
    ApprovalSubject,
)
from sprints.services.approval_codes import CODE_LIFE, is_above, make_code
from sprints.services.approval_links import approval_token
from sprints.services.condition_links import condition_token
from sprints.shown_plan import decided_by_words, shown_plan
from workspaces.models import Member, SystemMail, User
from workspaces.systemmail import Letter


def approval(mail: SystemMail, now: datetime) -> Letter | None:
    """What is asked, what it costs, what it should bring, what is new, and the link on which the owner decides.

    None once the request is answered, replaced or pointless, or its link has lapsed.
    """
    request = ApprovalRequest.objects.with_people().get(pk=mail.object_id)
    holder = _holder(request, mail.to)
    if holder is None or not request.link_works(now) or not may_decide(request, holder, now):
        return None
    reader = holder.user
    context = {
        "asked": request,
        "plan": shown_plan(request),
        "instead_of": request.approver if holder.pk != request.approver_id else None,
        "last": last_promise(request),
        "silence": _local_day(request.silence_at, reader) if request.silence_at else None,
        "needs_code": is_above(request),
        "due": _local_day(request.due_at, reader),
        "until": _local_day(request.link_expires_at, reader),
        "link": settings.BASE_URL + reverse("sprints:approve", args=[approval_token(request, holder)]),
    }
    with translation.override(reader.language):
        subject = _("For your decision: %(what)s") % {"what": subject_of(request)}
    return Letter(subject, "emails/approval", context, reader.language)


def _holder(request: ApprovalRequest, address: str) -> Member | None:
    """Whom the mail is for: the approver, or a member who decides instead."""
    people = Member.objects.for_workspace(request.workspace).active().select_related("workspace")
    return people.filter(user__email__iexact=address).first()


def _local_day(moment: datetime, reader: User) -> date:
    return moment.astimezone(ZoneInfo(reader.time_zone)).date()


def approval_code(mail: SystemMail, now: datetime) -> Letter | None:
    """The six digits that confirm a yes to much money, made at this moment; None once nothing waits for them."""
    row = ApprovalCode.objects.select_related("member__user", "request").get(pk=mail.object_id)
    request = ApprovalRequest.objects.with_people().get(pk=row.request_id)
    if not row.works(now) or not may_decide(request, row.member, now):
        return None
    language = row.member.user.language
    context = {"asked": request, "code": make_code(row, now), "minutes": int(CODE_LIFE.total_seconds() // 60)}
    with translation.override(language):
        subject = _("Your code for %(what)s") % {"what": subject_of(request)}
    return Letter(subject, "emails/approval_code", context, language)


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
        "who": decided_by_words(request),
        "conditions": list(request.conditions.select_related("story").order_by("position")),
        "link": settings.BASE_URL + reverse("sprints:approval_detail", kwargs=place),
    }
    with translation.override(language):
        subject = _("%(verdict)s by %(name)s: %(what)s") % {
            "verdict": request.get_verdict_display(),
            "name": decided_by_words(request),
            "what": subject_of(request),
        }
    return Letter(subject, "emails/decision", context, language)


def approval_message(mail: SystemMail, now: datetime) -> Letter | None:
    """What somebody said about a request, with the link of the one who decides; None once that is pointless."""
    message = ApprovalMessage.objects.select_related("author__user").get(pk=mail.object_id)
    request = ApprovalRequest.objects.with_people().get(pk=message.request_id)
    holder = _holder(request, mail.to)
    if holder is None or not request.link_works(now) or not may_decide(request, holder, now):
        return None
    language = holder.user.language
    link = settings.BASE_URL + reverse("sprints:approve", args=[approval_token(request, holder)])
    context = {"asked": request, "message": message, "link": f"{link}#a-talk"}
    with translation.override(language):
        words = {"name": message.author, "what": subject_of(request)}
        subject = _("%(name)s wrote about %(what)s") % words
    return Letter(subject, "emails/approval_message", context, language)


def condition(mail: SystemMail, now: datetime) -> Letter | None:
    """What somebody was named for, with the link to tick it; None once it is met or somebody else is named."""
    found = ApprovalCondition.objects.select_related("named__user", "story", "request").get(pk=mail.object_id)
    if found.named is None or found.named.user.email != mail.to or found.met_at is not None:
        return None
    request = ApprovalRequest.objects.with_people().get(pk=found.request_id)
    language = found.named.user.language
    link = settings.BASE_URL + reverse("sprints:condition_by_link", args=[condition_token(found)])
    context = {"asked": request, "condition": found, "link": link}
    with translation.override(language):
        subject = _("You see to a condition of %(what)s") % {"what": subject_of(request)}
    return Letter(subject, "emails/condition", context, language)


def subject_of(request: ApprovalRequest) -> str:
    """What a request is about, in the words of a subject line."""
    if request.sprint:
        return _("sprint %(number)d, %(name)s") % {"number": request.sprint.number, "name": request.sprint.name}
    if request.subject == ApprovalSubject.LAUNCH:
        return _("the launch of “%(story)s”") % {"story": request.story}
    if request.story:
        return _("the mail for “%(story)s”") % {"story": request.story}
    if request.goal:
        return _("the goal “%(goal)s”") % {"goal": request.goal}
    if request.principle:
        return _("the principle “%(principle)s”") % {"principle": request.principle}
    return _("our goals and principles")
