"""The mails of this app."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignState
from delivery.halt_words import halt_words, warning_words
from delivery.models import RestoreHold, Run, RunState, Watch
from delivery.queries import run_counts
from delivery.standstill import why_it_stands_still
from workspaces.models import SystemMail, User, Workspace
from workspaces.systemmail import Letter


def held(mail: SystemMail, _now: datetime) -> Letter | None:
    """A campaign was not sent, and why, to the one who made it."""
    campaign = Campaign.objects.with_parts().get(pk=mail.object_id)
    if campaign.state != CampaignState.HELD:
        return None
    language = campaign.created_by.user.language
    with translation.override(language):
        subject = _("“%(name)s” was held back") % {"name": campaign}
    return Letter(subject, "emails/held", {"campaign": campaign, "link": _page_of(campaign)}, language)


def halted(mail: SystemMail, _now: datetime) -> Letter | None:
    """A send has stopped by itself: what was measured, and what to do. Pointless once somebody has decided."""
    run, language = _run(mail), _language_of(mail)
    watch: Watch | None = getattr(run, "watch", None)
    if watch is None or not watch.halt or run.state != RunState.PAUSED:
        return None
    with translation.override(language):
        words = halt_words(watch.halt, watch.facts, run.workspace.zone)
        subject = _("“%(name)s” was stopped: %(why)s") % {"name": run.campaign, "why": words.title}
        return _letter(subject, [words.measured, words.advice], run.campaign, language)


def stopped(mail: SystemMail, _now: datetime) -> Letter | None:
    """A send was paused because its mail cannot be sent, and why. Pointless once somebody has decided."""
    run, language = _run(mail), _language_of(mail)
    if run.state != RunState.PAUSED or not run.trouble:
        return None
    with translation.override(language):
        subject = _("“%(name)s” was stopped: mail cannot be sent") % {"name": run.campaign}
        return _letter(subject, [run.trouble], run.campaign, language)


def warned(mail: SystemMail, _now: datetime) -> Letter | None:
    """More people complain than is good, though not yet so many that the send is stopped."""
    run, language = _run(mail), _language_of(mail)
    watch: Watch | None = getattr(run, "watch", None)
    if watch is None or not watch.warning:
        return None
    with translation.override(language):
        subject = _("People complain about “%(name)s”") % {"name": run.campaign}
        then = _("It goes on for now.") if run.is_moving else _("Ask yourselves who asked for it before the next send.")
        return _letter(subject, [warning_words(watch.warning), then], run.campaign, language)


def stuck(mail: SystemMail, now: datetime) -> Letter | None:
    """Nothing moves in a send, and why. Pointless once it moves again."""
    run, language = _run(mail), _language_of(mail)
    with translation.override(language), timezone.override(run.workspace.zone):
        why = why_it_stands_still(run, run_counts(run, now), now)
        if why is None:
            return None
        subject = _("“%(name)s” does not get on") % {"name": run.campaign}
        return _letter(subject, [why.what, why.advice], run.campaign, language)


def restored(mail: SystemMail, _now: datetime) -> Letter | None:
    """The database may be older than what was sent, so nothing is. Pointless once somebody has confirmed."""
    hold = RestoreHold.objects.open().select_related("workspace").filter(pk=mail.object_id).first()
    if hold is None:
        return None
    language = _language_of(mail)
    link = settings.BASE_URL + reverse("delivery:settings_safety", kwargs={"workspace": hold.workspace.slug})
    with translation.override(language):
        subject = _("Sends of %(workspace)s are held back") % {"workspace": hold.workspace}
        paragraphs = [f"{hold.get_doubt_display()}.", _("Nothing is sent until somebody confirms that it is right.")]
        action = _("Look and confirm")
    context = {"title": subject, "paragraphs": paragraphs, "link": link, "action": action}
    return Letter(subject, "emails/send_notice", context, language)


def _letter(subject: str, paragraphs: list[str], campaign: Campaign, language: str) -> Letter:
    shown = [paragraph for paragraph in paragraphs if paragraph]
    context = {"title": subject, "paragraphs": shown, "link": _page_of(campaign), "action": _("Open the campaign")}
    return Letter(subject, "emails/send_notice", context, language)


def _run(mail: SystemMail) -> Run:
    return Run.objects.with_parts().get(campaign=mail.object_id)


def _language_of(mail: SystemMail) -> str:
    """The reader's own."""
    user = User.objects.filter(email=mail.to).first()
    return user.language if user else mail.workspace.language


def _page_of(campaign: Campaign) -> str:
    return settings.BASE_URL + _path("campaigns:campaign_detail", campaign.workspace, campaign.pk)


def _path(name: str, workspace: Workspace, pk: int) -> str:
    return reverse(name, kwargs={"workspace": workspace.slug, "pk": pk})
