"""The mails of planning poker: the invitation to vote until a deadline, and the reminder of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from sprints.models import PokerSeat
from sprints.services.poker.windows import owing
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def poker_invitation(mail: SystemMail, now: datetime) -> Letter | None:
    """What is to be estimated and until when; None once the window is closed or nothing is owed."""
    return _letter(mail, now, is_reminder=False)


def poker_reminder(mail: SystemMail, now: datetime) -> Letter | None:
    """How many stories still wait for this person's vote; None once none does."""
    return _letter(mail, now, is_reminder=True)


def _letter(mail: SystemMail, now: datetime, *, is_reminder: bool) -> Letter | None:
    seats = PokerSeat.objects.select_related("member__user", "session__workspace", "session__leader__user")
    seat = seats.filter(pk=mail.object_id, left_at=None).first()
    if seat is None or seat.member is None:
        return None
    session, reader, deadline_at = seat.session, seat.member.user, seat.session.deadline_at
    count = owing(session).get(seat.pk, 0)
    if deadline_at is None or not (count and session.is_open and session.window_is_open(now)):
        return None
    place = {"workspace": session.workspace.slug, "pk": session.pk}
    context = {
        "session": session,
        "count": count,
        "is_reminder": is_reminder,
        "until": deadline_at.astimezone(ZoneInfo(reader.time_zone)),
        "link": settings.BASE_URL + reverse("sprints:poker_detail", kwargs=place),
    }
    with translation.override(reader.language):
        subject = _subject(session.name, count, is_reminder=is_reminder)
    return Letter(subject, "emails/poker", context, reader.language)


def _subject(name: str, count: int, *, is_reminder: bool) -> str:
    words = (
        ngettext(
            "%(count)d story still waits for your vote: %(name)s",
            "%(count)d stories still wait for your vote: %(name)s",
            count,
        )
        if is_reminder
        else ngettext("%(count)d story to estimate: %(name)s", "%(count)d stories to estimate: %(name)s", count)
    )
    return words % {"count": count, "name": name}
