"""The page on which somebody without a session says that a condition is met. A GET changes nothing, however often."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sprints.forms.owners import TickForm
from sprints.services.approval_links import ApprovalLinkInvalid
from sprints.services.condition_links import open_condition, tick_by_link
from sprints.views.links import as_the_holder_reads, unlisted


@never_cache
@csrf_exempt  # the token is the authority, and it works where a mail program's browser keeps no cookies
@require_http_methods(["GET", "HEAD", "POST"])
def condition_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the condition; POST ticks it, or takes the tick back."""
    now = timezone.now()
    try:
        opened = open_condition(token, now)
    except ApprovalLinkInvalid as refusal:
        return unlisted(render(request, "sprints/approval_gone.html", {"refusal": refusal}, status=refusal.status))
    if request.method == "POST":
        form = TickForm(request.POST)
        form.is_valid()
        tick_by_link(opened, is_met=form.cleaned_data["is_met"], now=now)
        return redirect(request.path)
    language = opened.holder.user.language
    context = {"condition": opened.condition, "asked": opened.condition.request, "LANGUAGE_CODE": language}
    with as_the_holder_reads(opened.holder):
        return unlisted(render(request, "sprints/condition_by_link.html", context))
