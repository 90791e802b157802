"""The mail with the report of a retrospective, for a business owner: figures, actions, the PDF, and one question."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sprints.models import STARS, RetroReportMail
from sprints.retro_owners import answers_until
from sprints.retro_pdf import report_pdf
from sprints.retro_report import RetroReport, report_of
from sprints.services.retro_reports import report_token
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def retro_report(mail: SystemMail, now: datetime) -> Letter | None:
    """What was promised, what came and what the team changes; None once it was opened again or the reader has left."""
    found = RetroReportMail.objects.select_related("retro__sprint__workspace", "retro__sprint__goal", "member__user")
    asked = found.get(pk=mail.object_id)
    sprint, member = asked.retro.sprint, asked.member
    if asked.retro.closed_at is None or member.left_at is not None:
        return None
    report, reader = report_of(sprint, now), member.user
    answer = settings.BASE_URL + reverse("sprints:retro_answer", args=[report_token(asked)])
    with translation.override(reader.language):
        subject = _("What came of sprint %(number)d: %(name)s") % {"number": sprint.number, "name": sprint.name}
        file = report_pdf(report)
    context = {
        "report": report,
        "figures": report.figures,
        "sprint": sprint,
        "asked": asked,
        "stars": [(stars, f"{answer}?stars={stars}") for stars in range(1, STARS + 1)],
        "answer": answer,
        "until": answers_until(asked).astimezone(ZoneInfo(reader.time_zone)).date(),
        "link": _page(report),
    }
    name = f"retrospective-{sprint.number}.pdf"
    return Letter(
        subject, "emails/retro_report", context, reader.language, attachments=[(name, file, "application/pdf")]
    )


def _page(report: RetroReport) -> str:
    sprint = report.sprint
    return settings.BASE_URL + reverse(
        "sprints:retro_report", kwargs={"workspace": sprint.workspace.slug, "pk": sprint.pk}
    )
