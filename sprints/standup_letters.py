"""The mails of the stand-up: the reminder to one who has not written, and the digest of a day."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sprints.models import StandUp, StandUpEntry, StandUpReminder
from sprints.services.standups import entry_before, may_write
from sprints.standup_blockers import open_blockers, waiting_approvals
from sprints.standup_days import schedule_of
from sprints.standup_queries import agreed_by, team_of
from workspaces.models import Member, SystemMail, User, Workspace
from workspaces.systemmail import Letter


def reminder(mail: SystemMail, now: datetime) -> Letter | None:
    """That the stand-up is on, with the plan of the last time; None once one has written, left, or the day is over."""
    asked = StandUpReminder.objects.select_related("stand_up__workspace", "member__user").get(pk=mail.object_id)
    stand_up, member = asked.stand_up, asked.member
    has_written = StandUpEntry.objects.filter(stand_up=stand_up, member=member).exists()
    if has_written or member.left_at is not None or not may_write(stand_up, member, now):
        return None
    context = {
        "stand_up": stand_up,
        "before": entry_before(stand_up.workspace, member, stand_up.day),
        "agreed": agreed_by(member),
        "link": _page(stand_up.workspace, "sprints:stand_up_today"),
    }
    with translation.override(member.user.language):
        subject = _("Stand-up: what do you do today?")
    return Letter(subject, "emails/stand_up_reminder", context, member.user.language)


def digest(mail: SystemMail, now: datetime) -> Letter | None:
    """What is in the way, then what everybody said; None for somebody who has left."""
    stand_up = StandUp.objects.select_related("workspace").get(pk=mail.object_id)
    reader = _reader(stand_up.workspace, mail.to)
    if reader is None:
        return None
    with translation.override(reader.language):
        team = team_of(stand_up, schedule_of(stand_up.workspace))
        subject = _("Stand-up of %(day)s: %(written)d of %(expected)d wrote") % {
            "day": date_format(stand_up.day, "MONTH_DAY_FORMAT"),
            "written": len(team.cards),
            "expected": team.expected,
        }
    context = {
        "stand_up": stand_up,
        "team": team,
        "now": now,
        "blockers": open_blockers(stand_up.workspace),
        "approvals": waiting_approvals(stand_up.workspace),
        "link": settings.BASE_URL
        + reverse("sprints:stand_up_detail", kwargs={"workspace": stand_up.workspace.slug, "pk": stand_up.pk}),
    }
    return Letter(subject, "emails/stand_up_digest", context, reader.language)


def _reader(workspace: Workspace, address: str) -> User | None:
    member = Member.objects.for_workspace(workspace).active().filter(user__email=address).first()
    return member.user if member else None


def _page(workspace: Workspace, name: str) -> str:
    return settings.BASE_URL + reverse(name, kwargs={"workspace": workspace.slug})
