"""Mails of what a member has not read in the app: everything that is due in one, each notice once."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workspaces.models import Member, Notice, SystemMail
from workspaces.notices.reading import Group, groups_of
from workspaces.notices.wishes import way_out
from workspaces.systemmail import Letter, post

KEPT = timedelta(days=180)
"""How long a notice can be looked up; what happened stays in the history of its object."""

LETTER = "workspaces.notices"


def mail_due(now: datetime) -> int:
    """Put what is due into one mail for each member. Returns the number of mails.

    Safe to run in parallel and to repeat: what is in a mail is never put into another.
    """
    waiting = Notice.objects.due(now).order_by("member_id").values_list("member_id", flat=True).distinct()
    return sum(_mail(member_id, now) for member_id in waiting)


@transaction.atomic
def _mail(member_id: int, now: datetime) -> bool:
    locked = Member.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).select_related("user")
    member = locked.filter(pk=member_id).first()
    if member is None:  # another worker writes this very mail
        return False
    due = Notice.objects.due(now).filter(member=member)
    if member.left_at is not None or not member.user.is_active:
        due.update(mail_at=None)
        return False
    taken = list(due.values_list("pk", flat=True))
    if not taken:
        return False
    mail = post(LETTER, workspace=member.workspace, object_id=member.pk, to=member.user.email, now=now)
    Notice.objects.filter(pk__in=taken).update(mail=mail)
    return True


def forget_old(now: datetime) -> int:
    """Delete notices of long ago. Returns how many it were."""
    count, _by_model = Notice.objects.filter(at__lt=now - KEPT).delete()
    return count


def letter(mail: SystemMail, now: datetime) -> Letter | None:
    """What happened, object by object, with links; None when all of it was read meanwhile."""
    member = Member.objects.select_related("user", "workspace").get(pk=mail.object_id)
    notices = Notice.objects.filter(mail=mail).for_member(member).unread()
    with translation.override(member.user.language):
        groups = groups_of(member, notices) if member.left_at is None else []
        if not groups:
            return None
        subject = _subject(groups, member)
    out = settings.BASE_URL + reverse("workspaces:notices_off", args=[way_out(member)])
    context = {
        "groups": groups,
        "member": member,
        "out": out,
        "settings_link": settings.BASE_URL
        + reverse("workspaces:notice_settings", kwargs={"workspace": member.workspace.slug}),
    }
    headers = {"List-Unsubscribe": f"<{out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # RFC 8058
    return Letter(subject, "emails/notices", context, member.user.language, headers)


def _subject(groups: list[Group], member: Member) -> str:
    if len(groups) == 1 and groups[0].total == 1:
        line = groups[0].latest
        return _("%(name)s, “%(what)s”: %(words)s") % {
            "name": line.notice.by or _("The system"),
            "what": groups[0].place.label,
            "words": line.told.words,
        }
    count = sum(group.total for group in groups)
    words = ngettext("%(count)d piece of news from %(workspace)s", "%(count)d pieces of news from %(workspace)s", count)
    return words % {"count": count, "workspace": member.workspace}
