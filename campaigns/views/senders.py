"""Whom mails are from: a part of the settings."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from campaigns import services
from campaigns.forms import SenderForm
from campaigns.models import Sender
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_senders(request: MemberRequest) -> HttpResponse:
    """The senders in use, and a new one."""
    form = SenderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.add_sender(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Sender added"))
            return redirect(request.path)
    senders = Sender.objects.for_workspace(request.workspace).filter(archived_at=None)
    context = {"form": form, "senders": senders.annotate(campaign_count=Count("campaigns")).order_by("name", "pk")}
    return render(request, "campaigns/settings_senders.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.MANAGE_WORKSPACE)
def sender_archive(request: MemberRequest, pk: int) -> HttpResponse:
    sender = get_object_or_404(Sender.objects.for_workspace(request.workspace), pk=pk)
    services.archive_sender(sender=sender, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is no longer offered") % {"name": sender})
    return redirect("campaigns:settings_senders", workspace=request.workspace.slug)
