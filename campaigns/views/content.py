"""What the mail says: the editor with its live preview, the mail as a reader, the versions."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from campaigns import services
from campaigns.documents import mail_document, message_document
from campaigns.forms import ContentForm
from campaigns.models import Campaign, ContentFormat, ContentVersion
from campaigns.personal_parts import PersonalPart, personal_parts
from campaigns.readers import SAMPLE_UNSUBSCRIBE, Reader, reader_for, readers_offered
from campaigns.rendering import CompiledContent, RenderedMail, personal_context
from campaigns.starter_texts import starter_text, starter_texts
from campaigns.steps import steps_of
from campaigns.survey_parts import survey_parts
from campaigns.views.campaigns import campaign_of
from emailops.lib.errors import DomainError
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SHOWN_VERSIONS = 20


@page(Can.SEE_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_content(request: MemberRequest, pk: int) -> HttpResponse:
    """The editor; for those who may not write, or once the mail is on its way, the mail as it is."""
    campaign = campaign_of(request, pk)
    form = ContentForm(request.POST or None, initial=_initial(request, campaign))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            version = services.write_content(campaign=campaign, **form.content, by=request.member, now=request.now)
            messages.success(request, _("Saved as version %(number)d") % {"number": version.number})
            return redirect("campaigns:campaign_content", workspace=request.workspace.slug, pk=pk)
    can_write = campaign.is_editable and request.member.may(Can.EDIT_CAMPAIGNS)
    context = _page_context(request, campaign, form, can_write=can_write)
    return render(request, "campaigns/campaign_content.html", context, status=UNPROCESSABLE if form.errors else 200)


def _initial(request: MemberRequest, campaign: Campaign) -> dict[str, Any]:
    version, reader = campaign.content, {"reader": request.GET.get("reader", "")}
    if version is not None:
        fields = {"subject": version.subject, "preheader": version.preheader, "source": version.source}
        return reader | fields | {"written_as": version.format}
    start = request.GET.get("start", "")
    starter = starter_text(start, request.workspace.language)
    if starter is None:
        return reader | {"written_as": ContentFormat.HTML if start == "html" else ContentFormat.MARKDOWN}
    return reader | {"subject": starter.subject, "preheader": starter.preheader, "source": starter.source}


def _page_context(request: MemberRequest, campaign: Campaign, form: ContentForm, *, can_write: bool) -> dict[str, Any]:
    context = {
        "campaign": campaign,
        "steps": steps_of(campaign),
        "form": form,
        "can_write": can_write,
        "versions": _versions(campaign),
        "readers": readers_offered(campaign, request.member, request.now),
        "starters": starter_texts(request.workspace.language),
        "has_started": bool(campaign.content or form.is_bound or request.GET.get("start")),
        "parts": _parts(request, form) if can_write else [],
    }
    if campaign.content is not None:
        context |= _shown(request, campaign, campaign.content)
    return context


def _parts(request: MemberRequest, form: ContentForm) -> list[PersonalPart]:
    surveys = survey_parts(request.workspace, str(form["written_as"].value()))
    return [*personal_parts(request.workspace), *surveys]


def _versions(campaign: Campaign) -> list[ContentVersion]:
    return list(campaign.versions.select_related("created_by__user").order_by("-number")[:SHOWN_VERSIONS])


def _shown(request: MemberRequest, campaign: Campaign, version: ContentVersion) -> dict[str, Any]:
    """The mail as one reader gets it, or why it cannot be shown."""
    reader = _reader(request, campaign)
    try:
        return {"reader": reader, "mail": _rendered(version, reader)}
    except DomainError as refusal:
        return {"reader": reader, "refusal": refusal}


def _reader(request: MemberRequest, campaign: Campaign) -> Reader:
    wanted = request.POST.get("reader") or request.GET.get("reader") or request.GET.get("contact", "")
    return reader_for(campaign, request.member, wanted, request.now)


def _rendered(version: ContentVersion, reader: Reader) -> RenderedMail:
    context = personal_context(reader.contact, version.workspace, unsubscribe_url=SAMPLE_UNSUBSCRIBE)
    return CompiledContent(version).render(context)


@action(Can.EDIT_CAMPAIGNS)
def campaign_draft_preview(request: MemberRequest, pk: int) -> HttpResponse:
    """What stands in the editor, as a reader gets it; nothing is saved.

    htmx gets what surrounds the mail (subject line, text part, errors), the frame beside it the mail itself.
    """
    campaign = campaign_of(request, pk)
    form = ContentForm(request.POST)
    context: dict[str, Any] = {"campaign": campaign, "form": form}
    if form.is_valid():
        with shown_on(form):
            context |= _shown(request, campaign, services.draft_version(campaign=campaign, **form.content))
    if request.htmx:
        return render(request, "campaigns/_draft.html", context)
    if "mail" in context:
        return mail_document(context["mail"].html)
    return message_document(request, "campaigns/no_preview.html", context)


@page(Can.SEE_CAMPAIGNS)
def campaign_preview(request: MemberRequest, pk: int) -> HttpResponse:
    """The mail itself, as the reader named in `contact` or `reader` gets it; `version` shows an earlier one."""
    campaign = campaign_of(request, pk)
    version = campaign.content
    if request.GET.get("version", "").isdecimal():
        version = get_object_or_404(campaign.versions, number=int(request.GET["version"]))
    context = _shown(request, campaign, version) if version else {}
    if "mail" in context:
        return mail_document(context["mail"].html)
    return message_document(request, "campaigns/no_preview.html", {"campaign": campaign, **context})


@action(Can.EDIT_CAMPAIGNS)
def campaign_content_restore(request: MemberRequest, pk: int, number: int) -> HttpResponse:
    campaign = campaign_of(request, pk)
    earlier = get_object_or_404(campaign.versions.select_related("campaign__workspace"), number=number)
    version = services.restore_content(version=earlier, by=request.member, now=request.now)
    words = {"old": number, "new": version.number}
    messages.success(request, _("Version %(old)d is back, as version %(new)d") % words)
    return redirect("campaigns:campaign_content", workspace=request.workspace.slug, pk=pk)
