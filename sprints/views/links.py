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

from sprints.approval_conversation import conversation_of
from sprints.forms.approvals import DecisionForm, MessageForm
from sprints.models import DecidedVia
from sprints.services.approval_links import ApprovalLinkInvalid, OpenedLink, open_approval, open_link
from sprints.services.approval_talk import write_message
from sprints.shown_plan import shown_plan
from sprints.versions import changed_since, plan_by_now
from sprints.views.approvals import decide_by_form, plan_context, shown_mail
from workspaces.http import UNPROCESSABLE, shown_on
from workspaces.mailframe import framed_mail
from workspaces.models import Member

STOP_ASKING = 286  # what htmx takes as the end of asking every few seconds


@never_cache
@csrf_exempt  # the token is the authority, and it works where a mail program's browser keeps no cookies
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the plan; POST, from its buttons, writes down the answer and says what was said."""
    now = timezone.now()
    try:
        opened = open_link(token, now)
    except ApprovalLinkInvalid as refusal:
        return _gone(request, refusal)
    form = DecisionForm(request.POST if request.method == "POST" else None, request=opened.request)
    with as_the_holder_reads(opened.holder):
        if request.method == "POST" and form.is_valid():
            with shown_on(form):
                decide_by_form(opened.request, form, by=opened.holder, now=now, via=DecidedVia.LINK)
                return _answered(request, opened)
        return _plan(request, opened, form, token)


def _gone(request: HttpRequest, refusal: ApprovalLinkInvalid) -> HttpResponse:
    """The link no longer works. Whoever was writing an answer gets the words back; a page that asks by itself stops."""
    if "writing" in request.GET:
        status = STOP_ASKING
        return unlisted(render(request, "sprints/_approval_gone_now.html", {"refusal": refusal}, status=status))
    written = [str(words).strip() for name, words in request.POST.items() if name == "text" or name.endswith("comment")]
    context = {"refusal": refusal, "written": "\n\n".join(filter(None, written))}
    return unlisted(render(request, "sprints/approval_gone.html", context, status=refusal.status))


@never_cache
@csrf_exempt  # as above
@require_http_methods(["POST"])
def approve_say(request: HttpRequest, token: str) -> HttpResponse:
    """Ask something about the plan without deciding. What is written of the answer stays on the page."""
    now = timezone.now()
    try:
        opened = open_link(token, now)
    except ApprovalLinkInvalid as refusal:
        return _gone(request, refusal)
    form = MessageForm(request.POST)
    form.is_valid()
    with as_the_holder_reads(opened.holder):
        text = form.cleaned_data["text"]
        write_message(request=opened.request, text=text, by=opened.holder, now=now, via=DecidedVia.LINK)
        return _plan(request, opened, DecisionForm(request=opened.request, kept=request.POST.dict()), token)


def _plan(request: HttpRequest, opened: OpenedLink, form: DecisionForm, token: str) -> HttpResponse:
    found = opened.request
    plan, now = shown_plan(found), timezone.now()
    by_now = plan_by_now(found, now)
    form.bind(plan)
    context = {
        **plan_context(plan, by_now, now),
        "later": changed_since(found, now, by_now),
        "instead_of": found.approver if opened.holder.pk != found.approver_id else None,
        "form": form,
        "refused": form if form.errors else None,
        "talk": conversation_of(found),
        "may_speak": True,
        "token": token,
        "LANGUAGE_CODE": opened.holder.user.language,
    }
    return unlisted(
        render(request, "sprints/approval_by_link.html", context, status=UNPROCESSABLE if form.errors else 200)
    )


def _answered(request: HttpRequest, opened: OpenedLink) -> HttpResponse:
    found = opened.request
    found.refresh_from_db()
    context = {"plan": shown_plan(found), "asked": found, "LANGUAGE_CODE": opened.holder.user.language}
    return unlisted(render(request, "sprints/approval_answered.html", context))


def unlisted(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@contextmanager
def as_the_holder_reads(holder: Member) -> Iterator[None]:
    """The words and the clock of the person the link was made for, whoever is signed in in this browser."""
    user = holder.user
    with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
        yield


@framed_mail
@require_safe
def approve_mail(request: HttpRequest, token: str) -> HttpResponse:
    """The finished mail that a link asks about, to be shown in a frame."""
    return unlisted(HttpResponse(shown_mail(open_approval(token, timezone.now()))))
