"""A test mail to oneself."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign
from campaigns.readers import reader_for, readers_offered
from delivery import services
from delivery.queries import last_test
from workspaces.forms import StyledForm
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.permissions import Can


class SampleForm(StyledForm):
    """As whom one wants to get it."""

    reader = forms.CharField(
        label=gettext_lazy("As which contact"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("Name or e-mail of somebody in the segment. You get what this person would get."),
        widget=forms.TextInput(attrs={"list": "readers", "autocomplete": "off"}),
    )


@page(Can.EDIT_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_test(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask for a test, and see what became of the last one."""
    campaign = get_object_or_404(Campaign.objects.for_workspace(request.workspace).with_parts(), pk=pk)
    if request.htmx and request.method == "GET":
        return render(request, "delivery/_last_test.html", {"campaign": campaign, "test": last_test(campaign)})
    first = reader_for(campaign, request.member, "", request.now).contact
    form = SampleForm(
        request.POST if request.method == "POST" else None, initial={"reader": first.email if first.pk else ""}
    )
    if request.method == "POST" and form.is_valid() and _asked(request, campaign, form):
        messages.success(request, _("A test is on its way to %(to)s") % {"to": request.user.email})
        return redirect(request.path)
    context = {
        "campaign": campaign,
        "form": form,
        "readers": readers_offered(campaign, request.member, request.now),
        "test": last_test(campaign),
    }
    return render(request, "delivery/campaign_test.html", context, status=UNPROCESSABLE if form.errors else 200)


def _asked(request: MemberRequest, campaign: Campaign, form: SampleForm) -> bool:
    """Whether a test is on its way; otherwise the form says why not."""
    wanted = form.cleaned_data["reader"]
    reader = reader_for(campaign, request.member, wanted, request.now)
    if wanted and reader.note:
        form.add_error("reader", reader.note)
        return False
    with shown_on(form):
        contact = reader.contact if reader.contact.pk else None
        services.ask_for_test(campaign=campaign, contact=contact, by=request.member, now=request.now)
    return not form.errors
