"""Pages for readers: what they get, and the word by which they agree. No sign-in, no cookie, no script needed.

The token in the address is the whole authority. A GET changes nothing, whoever opens the link.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audience.forms.preference import ReaderForm
from audience.models import Consent
from audience.services import ConsentBasis, current_topics
from audience.services.opt_ins import Ask, ask_to_opt_in, confirm_opt_in, language_of, open_requests, opt_in_of
from audience.services.preferences import (
    Visitor,
    asked_attributes,
    leave_everything,
    preference_page,
    preferences_token,
    visitor_of,
)
from audience.services.wishes import save_wishes
from emailops.lib.errors import DomainError
from emailops.lib.languages import speaking_to
from workspaces.http import UNPROCESSABLE, shown_on

LONGEST_AGENT = 300
SOURCE = "preference page"
P = ParamSpec("P")
PublicView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def open_door(view: PublicView[P]) -> PublicView[P]:
    """Never kept, never listed, never told to other sites; a link that leads nowhere says so."""

    @never_cache
    @csrf_exempt  # whoever has the address may post, so a foreign page that posts gains nothing
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except DomainError as refusal:
            context = {"refusal": refusal, "business": getattr(refusal, "business", None)}
            response = render(request, "public/gone.html", context, status=refusal.status)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return opened


def evidence_of(request: HttpRequest) -> dict[str, Any]:
    """What shows that somebody said it: the network address and the program."""
    return {
        "ip": request.META.get("REMOTE_ADDR", ""),
        "user_agent": request.headers.get("User-Agent", "").replace("\0", "")[:LONGEST_AGENT],
    }


@open_door
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what the reader gets; POST writes down what was chosen, or that the reader leaves."""
    visitor = visitor_of(token)
    language = language_of(visitor.contact.language, visitor.contact.workspace)
    with speaking_to(language):
        if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
            basis = ConsentBasis("one-click unsubscribe", evidence=_evidence(request, visitor))
            leave_everything(visitor=visitor, basis=basis, now=timezone.now())
            return _page(request, visitor, language)
        if request.method == "POST":
            return _answer(request, visitor, language)
        return _page(request, visitor, language)


def _answer(request: HttpRequest, visitor: Visitor, language: str) -> HttpResponse:
    now, evidence = timezone.now(), _evidence(request, visitor)
    if request.POST.get("do") == "leave":
        basis = ConsentBasis(SOURCE, _("Leave everything"), evidence)
        leave_everything(visitor=visitor, basis=basis, now=now)
        return _page(request, visitor, language)
    if request.POST.get("do") == "return":
        wording = _("Yes, write to me again")
        ask = Ask(visitor.contact.email, ConsentBasis(SOURCE, wording, evidence), language)
        ask_to_opt_in(workspace=visitor.contact.workspace, ask=ask, by=None, now=now)
        return _page(request, visitor, language, is_asked=True)
    form = _form(request, visitor, language)
    if form.is_valid():
        with shown_on(form):
            basis = ConsentBasis(SOURCE, evidence=evidence)
            save_wishes(contact=visitor.contact, wishes=form.wishes, basis=basis, by=None, now=now)
            return _page(request, visitor, language, is_saved=True)
    return _page(request, visitor, language, form=form)


def _evidence(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    return evidence_of(request) | ({"mail": visitor.mail} if visitor.mail else {})


def _form(request: HttpRequest | None, visitor: Visitor, language: str) -> ReaderForm:
    page = preference_page(visitor.contact.workspace)
    return ReaderForm(
        request.POST if request else None,
        contact=visitor.contact,
        topics=list(current_topics(visitor.contact.workspace).filter(is_public=True)),
        attributes=asked_attributes(page),
        language=language,
        tracking_wording=page.tracking_wording,
    )


def _page(
    request: HttpRequest, visitor: Visitor, language: str, form: ReaderForm | None = None, **said: bool
) -> HttpResponse:
    contact = visitor.contact
    if form is None:
        contact.refresh_from_db()
    context = {
        "business": contact.workspace,
        "contact": contact,
        "page": preference_page(contact.workspace),
        "has_left": contact.consent == Consent.WITHDRAWN or bool(contact.suppression),
        "may_return": contact.suppression in {"", "unsubscribed"},
        "form": form or _form(None, visitor, language),
        "is_form": True,
        "token": preferences_token(contact.pk, visitor.mail),
        **said,
    }
    status = UNPROCESSABLE if form is not None and form.errors else 200
    return render(request, "public/preferences.html", context, status=status)


@open_door
def opt_in(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows to what one would agree, and a button; POST, from the button, agrees."""
    asked = opt_in_of(token)
    language = language_of(asked.language, asked.workspace)
    with speaking_to(language):
        now = timezone.now()
        waiting = open_requests(asked, now) if asked.confirmed_at is None else []
        if request.method == "POST":
            confirm_opt_in(request=asked, evidence=evidence_of(request), now=now)
        is_done = request.method == "POST" or asked.confirmed_at is not None
        context = {"business": asked.workspace, "asked": asked, "waiting": waiting, "is_done": is_done}
        context |= {"is_late": not is_done and not waiting}
        return render(request, "public/opt_in.html", context, status=410 if context["is_late"] else 200)
