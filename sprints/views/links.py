"""What the owner sees through the link in the mail: no sign-in, no script, and a GET decides nothing however often.

The token in the address is the whole authority, so there is no cookie that a foreign page could misuse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sprints.forms.approvals import DecisionForm
from sprints.mailframe import framed_mail
from sprints.models import ApprovalRequest, Verdict
from sprints.services import approvals
from sprints.services.approvals import ApprovalLinkInvalid
from sprints.shown_plan import shown_plan
from sprints.views.approvals import plan_context, shown_mail
from workspaces.http import UNPROCESSABLE, shown_on


@never_cache
@csrf_exempt  # the token is the authority, and it works where a mail program's browser keeps no cookies
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the plan; POST, from its buttons, writes down the answer and says what was said."""
    now = timezone.now()
    try:
        found = approvals.open_approval(token, now)
    except ApprovalLinkInvalid as refusal:
        return _unlisted(render(request, "sprints/approval_gone.html", {"refusal": refusal}, status=refusal.status))
    form = DecisionForm(request.POST if request.method == "POST" else None, request=found)
    with _as_the_owner_reads(found):
        if request.method == "POST" and form.is_valid():
            with shown_on(form):
                approvals.decide(
                    request=found,
                    shown=form.cleaned_data["fingerprint"],
                    whole=Verdict(form.cleaned_data["verdict"]),
                    each=form.each,
                    comment=form.cleaned_data["comment"],
                    by=found.approver,
                    now=now,
                )
                return _answered(request, found)
        return _plan(request, found, form, token)


def _plan(request: HttpRequest, found: ApprovalRequest, form: DecisionForm, token: str) -> HttpResponse:
    plan = shown_plan(found)
    form.bind(plan)
    context = {
        **plan_context(plan),
        "form": form,
        "refused": form if form.errors else None,
        "token": token,
        "LANGUAGE_CODE": found.approver.user.language,
    }
    return _unlisted(
        render(request, "sprints/approval_by_link.html", context, status=UNPROCESSABLE if form.errors else 200)
    )


def _answered(request: HttpRequest, found: ApprovalRequest) -> HttpResponse:
    found.refresh_from_db()
    context = {"plan": shown_plan(found), "asked": found, "LANGUAGE_CODE": found.approver.user.language}
    return _unlisted(render(request, "sprints/approval_answered.html", context))


def _unlisted(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@contextmanager
def _as_the_owner_reads(found: ApprovalRequest) -> Iterator[None]:
    """The words and the clock of the person the link was made for, whoever is signed in in this browser."""
    user = found.approver.user
    with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
        yield


@framed_mail
@require_safe
def approve_mail(request: HttpRequest, token: str) -> HttpResponse:
    """The finished mail that a link asks about, to be shown in a frame."""
    return _unlisted(HttpResponse(shown_mail(approvals.open_approval(token, timezone.now()))))
