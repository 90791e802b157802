"""Who gets the report of a retrospective, and what was answered to it."""

from datetime import datetime, timedelta

from sprints.models import Retro, RetroHabit, RetroReportMail, Sprint
from workspaces.models import Member, MemberQuerySet, Workspace
from workspaces.permissions import Can

REOPEN_WITHIN = timedelta(days=14)
"""Later than a usual sprint after its end nobody remembers enough to add to what was said."""

ANSWER_WITHIN = timedelta(days=60)
"""So long the link in the mail takes an answer to “worth our time?”."""


def wants_report(workspace: Workspace) -> bool:
    """Whether the report is mailed by itself when a retrospective closes."""
    return RetroHabit.objects.filter(workspace=workspace, mails_report=True).exists()


def report_readers(workspace: Workspace) -> MemberQuerySet:
    """The business owners, by name."""
    return Member.objects.for_workspace(workspace).deciders().order_by("user__name", "pk")


def mails_of(retro: Retro) -> list[RetroReportMail]:
    """To whom the report went, and what each answered. One query; none for one that nobody has touched."""
    found = RetroReportMail.objects.filter(retro=retro.pk or 0).select_related("member__user", "sent_by__user")
    return list(found.order_by("member__user__name", "pk"))


def answers_until(mail: RetroReportMail) -> datetime:
    return mail.sent_at + ANSWER_WITHIN


def may_reopen(retro: Retro, by: Member, now: datetime) -> bool:
    """Whether a closed retrospective can be opened again, and by this member.

    By its facilitator or whoever plans sprints, for two weeks, and not once the next one has begun, which looks back on
    what was agreed.
    """
    is_theirs = retro.facilitator_id == by.pk or by.may(Can.PLAN_SPRINTS)
    return is_theirs and retro.closed_at is not None and is_fresh(retro, now)


def is_fresh(retro: Retro, now: datetime) -> bool:
    """Whether it was closed lately and no later retrospective has begun. One query."""
    if retro.closed_at is None or now - retro.closed_at > REOPEN_WITHIN:
        return False
    later = Sprint.objects.for_workspace(retro.workspace).filter(number__gt=retro.sprint.number)
    return not Retro.objects.filter(sprint__in=later, begun_at__isnull=False).exists()
