"""Where readers ask for their data or to be forgotten, and where the link in the mail about it leads.

The page of choices is opened by a link that may have been forwarded; the mail about a request goes to the address
itself. So the first shows nothing and erases nothing, and only the second gives a copy.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from audience.models import PrivacyRequest, RequestKind
from audience.services.opt_ins import language_of
from audience.services.preferences import visitor_of
from audience.services.privacy import (
    ask_about_data,
    confirm_erasure,
    fetch_copy,
    privacy_request_of,
    withdraw_request,
)
from audience.views.privacy import zip_answer
from audience.views.public import evidence_of, open_door
from emailops.lib.languages import speaking_to


@open_door
def privacy_ask(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows two buttons; POST takes the request down and writes to the address."""
    visitor = visitor_of(token)
    contact = visitor.contact
    language = language_of(contact.language, contact.workspace)
    with speaking_to(language):
        wanted = request.POST.get("do", "")
        is_asked = request.method == "POST" and wanted in RequestKind.values
        if is_asked:
            kind = RequestKind(wanted)
            ask_about_data(contact=contact, kind=kind, evidence=evidence_of(request), now=timezone.now())
        context = {"business": contact.workspace, "token": token}
        context |= {"is_asked": is_asked, "wanted": wanted}
        return render(request, "public/privacy_ask.html", context)


@open_door
def privacy_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what the mail was about; POST fetches the copy, or says whether the erasure was meant."""
    now = timezone.now()
    asked = privacy_request_of(token, now)
    person = asked.contact
    language = language_of(person.language if person else "", asked.workspace)
    with speaking_to(language):
        if request.method == "POST":
            if asked.kind == RequestKind.COPY:
                return zip_answer(fetch_copy(asked=asked, now=now), "my-data.zip")
            _decide(request, asked)
            asked.refresh_from_db(fields=["state", "confirmed_at"])
        context = {"business": asked.workspace, "asked": asked}
        return render(request, "public/privacy_link.html", context)


def _decide(request: HttpRequest, asked: PrivacyRequest) -> None:
    decide = withdraw_request if request.POST.get("do") == "withdraw" else confirm_erasure
    decide(asked=asked, now=timezone.now())
