"""How long data is kept, and the record of processing."""

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from audience.forms.privacy import PrivacySettingsForm, RetentionForm
from audience.models import Handling, RetentionRun
from audience.processing import processing_record, record_csv, record_pdf
from audience.retention import keeping
from audience.services.privacy import change_privacy_settings, privacy_settings
from audience.services.retention import RetentionRefused, outlook, rule_of, rules_of, set_rule
from workspaces.http import UNPROCESSABLE, MemberRequest, csv_download, page, shown_on
from workspaces.permissions import Can

PRIVACY = Can.MANAGE_PRIVACY
ROUNDS = 30


@page(PRIVACY)
def privacy_retention(request: MemberRequest) -> HttpResponse:
    """All rules, and what went lately."""
    rounds = RetentionRun.objects.for_workspace(request.workspace).order_by("-started_at", "-pk")[:ROUNDS]
    named = [(keeping(each.kind), each) for each in rounds]
    context = {"states": rules_of(request.workspace), "rounds": [pair for pair in named if pair[0] is not None]}
    return render(request, "audience/privacy_retention.html", context)


@page(PRIVACY, PRIVACY)
def privacy_rule(request: MemberRequest, kind: str) -> HttpResponse:
    """One rule: first what it would let go, then switched on. `days` previews another age."""
    try:
        state = rule_of(request.workspace, kind)
    except RetentionRefused as error:
        raise Http404 from error
    rule = state.rule
    days = _days(request, rule.days)
    first = {"days": days, "handling": rule.handling, "is_on": rule.is_on}
    form = RetentionForm(request.POST or None, keeping=state.keeping, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        handling = Handling(given["handling"])
        with shown_on(form):
            set_rule(
                workspace=request.workspace,
                kind=kind,
                days=given["days"],
                handling=handling,
                is_on=given["is_on"],
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Saved. It holds from the coming night on."))
            return redirect("audience:privacy_retention", workspace=request.workspace.slug)
    days = max(days, state.keeping.least_days)
    seen = outlook(workspace=request.workspace, kind=kind, days=days, now=request.now)
    context = {"state": state, "form": form, "outlook": seen, "days": days}
    return render(request, "audience/privacy_rule.html", context, status=UNPROCESSABLE if form.errors else 200)


def _days(request: MemberRequest, usual: int) -> int:
    asked = (request.POST or request.GET).get("days", "")
    return min(int(asked), 36_500) if asked.isdecimal() and len(asked) <= len("36500") else usual


@page(PRIVACY, PRIVACY)
def privacy_record(request: MemberRequest) -> HttpResponse:
    """The record of processing; a POST changes what only people can say."""
    said = privacy_settings(request.workspace)
    form = PrivacySettingsForm(request.POST or None, instance=said)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            change_privacy_settings(
                workspace=request.workspace, said=form.cleaned_data, by=request.member, now=request.now
            )
            messages.success(request, _("Saved"))
            return redirect(request.path)
    context = {"form": form, "chapters": processing_record(request.workspace)}
    return render(request, "audience/privacy_record.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(PRIVACY)
def privacy_record_pdf(request: MemberRequest) -> HttpResponse:
    disposition = 'attachment; filename="record-of-processing.pdf"'
    paper = record_pdf(request.workspace, request.now)
    return HttpResponse(paper, content_type="application/pdf", headers={"Content-Disposition": disposition})


@page(PRIVACY)
def privacy_record_csv(request: MemberRequest) -> StreamingHttpResponse:
    return csv_download("record-of-processing.csv", record_csv(request.workspace))
