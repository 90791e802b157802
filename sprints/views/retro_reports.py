"""The owner's report: the page, the file, sending it, the owner's answer, and opening a retrospective again."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emailops.lib.clock import server_now
from sprints.forms.retro_rooms import WorthForm
from sprints.models import STARS, Sprint
from sprints.retro_owners import answers_until, mails_of
from sprints.retro_pdf import report_pdf
from sprints.retro_report import report_of
from sprints.retro_room import room_of
from sprints.services.retro_reports import (
    ReportLinkInvalid,
    answer_report,
    mail_report,
    open_report_link,
    reopen_retro,
)
from sprints.views.retro_pages import back_to_room, begun_sprints
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page
from workspaces.permissions import Can


def _sprint(request: MemberRequest, pk: int) -> Sprint:
    return get_object_or_404(begun_sprints(request.workspace), pk=pk)


@page(Can.SEE_SPRINTS)
def retro_report(request: MemberRequest, pk: int) -> HttpResponse:
    """What the owner reads: data, decisions, actions, and the notes that the team lets out."""
    sprint = _sprint(request, pk)
    room = room_of(sprint, request.member, request.now)
    context = {"sprint": sprint, "report": report_of(sprint, request.now), "mails": mails_of(room.retro)}
    return render(request, "sprints/retro_report.html", context)


@page(Can.SEE_SPRINTS)
def retro_pdf(request: MemberRequest, pk: int) -> HttpResponse:
    """The same as a file to send on or to keep."""
    sprint = _sprint(request, pk)
    response = HttpResponse(report_pdf(report_of(sprint, request.now)), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="retrospective-{sprint.number}.pdf"'
    return response


@action(Can.EDIT_STORIES)
def retro_report_mail(request: MemberRequest, pk: int) -> HttpResponse:
    """Mail the report to the business owners, or mail it again."""
    sprint = _sprint(request, pk)
    told = mail_report(sprint=sprint, by=request.member, now=request.now)
    names = ", ".join(str(member) for member in told)
    messages.success(request, _("Sent to %(names)s") % {"names": names} if told else _("It was sent a moment ago"))
    return redirect("sprints:retro_report", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_STORIES)
def retro_reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Open a closed retrospective again."""
    sprint = _sprint(request, pk)
    reopen_retro(sprint=sprint, by=request.member, now=request.now)
    messages.success(request, _("The retrospective is open again; you lead it"))
    return back_to_room(request, sprint)


LinkView = Callable[[HttpRequest, str], HttpResponse]


def _by_link(view: LinkView) -> LinkView:
    """Never kept, never listed; a link that no longer works says so."""

    @never_cache
    @csrf_exempt  # the token is the authority, and it works where a browser keeps no cookies
    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token)
        except ReportLinkInvalid as refusal:
            response = render(request, "sprints/retro_answer_gone.html", {"refusal": refusal}, status=refusal.status)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return opened


@_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def retro_answer(request: HttpRequest, token: str) -> HttpResponse:
    """“Was it worth it?”, from the mail. Opening the link answers nothing: mail scanners open every one."""
    now = server_now()
    mail = open_report_link(token, now)
    form = WorthForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer_report(mail=mail, stars=form.cleaned_data["stars"], now=now)
        return redirect("sprints:retro_answer", token=token)
    chosen = request.GET.get("stars", "")
    context = {
        "mail": mail,
        "token": token,
        "sprint": mail.retro.sprint,
        "stars": range(1, STARS + 1),
        "chosen": int(chosen) if chosen.isascii() and chosen.isdigit() else mail.stars,
        "until": answers_until(mail),
        "form": form,
    }
    return render(request, "sprints/retro_answer.html", context, status=UNPROCESSABLE if form.errors else 200)
