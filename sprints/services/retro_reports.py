"""Verbs on the report of a retrospective: mail it to the owners, take their answer, open it again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from sprints.models import STARS, Retro, RetroReportMail, Sprint
from sprints.retro_owners import answers_until, is_fresh, may_reopen, report_readers
from sprints.services.retro_access import RetroRefused, tell
from workspaces.models import Member
from workspaces.systemmail import post

REPORT = "sprints.retro_report"
AGAIN = timedelta(minutes=1)
"""Whoever was mailed less than this ago is not mailed again: a button is pressed twice sooner than meant twice."""


class ReportLinkInvalid(DomainError):
    """The mailed link was never ours, has expired, or belongs to somebody who is no owner any more."""

    code = "report_link_invalid"
    status = 410


def report_token(mail: RetroReportMail) -> str:
    """The token of the link with which an owner answers “worth our time?”."""
    return seal(Kind.RETRO_REPORT, mail.pk)


@transaction.atomic
def mail_report(*, sprint: Sprint, by: Member, now: datetime) -> list[Member]:
    """Mail the report to every business owner; returns to whom. Repeating sends it again, after a minute.

    Raises `RetroRefused` before the retrospective is closed, for what is mailed shall stay true, and without an owner.
    """
    retro = Retro.objects.select_for_update(of=("self",)).select_related("sprint__workspace").filter(sprint=sprint)
    found = retro.first()
    if found is None or found.closed_at is None:
        raise RetroRefused(_("Close the retrospective first: what the owner gets shall not change any more."))
    if not report_readers(sprint.workspace).exists():
        raise RetroRefused(_("There is no business owner in this workspace. Invite one under Settings, Members."))
    return _mail(found, by, now)


def mail_report_if_any(retro: Retro, by: Member, now: datetime) -> list[Member]:
    """The same for one that is being closed; without an owner nothing happens."""
    return _mail(retro, by, now)


def _mail(retro: Retro, by: Member, now: datetime) -> list[Member]:
    lately = retro.report_mails.filter(sent_at__gt=now - AGAIN).values("member")
    readers = list(report_readers(retro.sprint.workspace).exclude(pk__in=lately).select_related("user"))
    for reader in readers:
        told = {"workspace": retro.sprint.workspace, "sent_at": now, "sent_by": by}
        mail, _is_new = RetroReportMail.objects.update_or_create(retro=retro, member=reader, defaults=told)
        post(REPORT, workspace=retro.sprint.workspace, object_id=mail.pk, to=reader.user.email, now=now)
    if readers:
        tell(retro, "retro.report_mailed", by=by, now=now, to=[str(reader) for reader in readers])
    return readers


def open_report_link(token: str, now: datetime) -> RetroReportMail:
    """The mail behind a link. Raises `ReportLinkInvalid`."""
    try:
        [pk] = unseal(Kind.RETRO_REPORT, token)
    except (BadToken, ValueError) as error:
        raise ReportLinkInvalid(_("This link is not valid. Open the newest mail with the report.")) from error
    mails = RetroReportMail.objects.select_related("retro__sprint__workspace", "member__user", "member__workspace")
    mail = mails.filter(pk=pk).first()
    if mail is None or not report_readers(mail.workspace).filter(pk=mail.member_id).exists():
        raise ReportLinkInvalid(_("This link no longer works: only a business owner of the workspace can answer."))
    if now > answers_until(mail):
        raise ReportLinkInvalid(_("This link has expired. What was answered by then is counted."))
    return mail


@transaction.atomic
def answer_report(*, mail: RetroReportMail, stars: int, now: datetime) -> None:
    """Note what an owner thinks the sprint was worth, from one to five.

    A new answer replaces the old one, the same one changes nothing.

    Raises `RetroRefused` for another number.
    """
    if not 1 <= stars <= STARS:
        raise RetroRefused(_("Choose from 1 to 5."), fields={"stars": [_("Not between 1 and 5.")]})
    other = RetroReportMail.objects.filter(pk=mail.pk).filter(Q(stars=None) | ~Q(stars=stars))
    if not other.update(stars=stars, answered_at=now):
        return  # The same answer again, for example from a double click.
    tell(mail.retro, "retro.report_answered", by=mail.member, now=now, stars=stars)


@transaction.atomic
def reopen_retro(*, sprint: Sprint, by: Member, now: datetime) -> None:
    """Open a closed retrospective again, to add to it or to put something right. Repeating changes nothing.

    What was shown stays shown. Raises `RetroRefused` for anybody but the facilitator and whoever plans sprints, two
    weeks after it was closed, and once the next retrospective looks back on it.
    """
    found = Retro.objects.select_for_update(of=("self",)).select_related("sprint__workspace", "facilitator__user")
    retro = found.filter(sprint=sprint).first()
    if retro is None or retro.closed_at is None:
        return
    if not is_fresh(retro, now):
        raise RetroRefused(
            _("It can be opened again for two weeks, and only until the next retrospective looks back on it.")
        )
    if not may_reopen(retro, by, now):
        raise RetroRefused(_("%(name)s led this retrospective and can open it again.") % {"name": retro.facilitator})
    retro.closed_at, retro.reopened_at, retro.facilitator = None, now, by
    retro.save(update_fields=["closed_at", "reopened_at", "facilitator"])
    tell(retro, "retro.reopened", by=by, now=now)
