"""Forms that people fill in: a page, a frame for pop-ups, and what a form on another site posts.

No cookie and no session stands behind them, so a foreign page that posts gains nothing; frames show them anywhere.
"""

from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from audience.forms.signup import LONGEST_MARK, PublicSignupForm
from audience.models import SignupForm, SignupKind, Topic
from audience.services import current_attributes
from audience.services.signup import (
    count_shown,
    form_of,
    form_token,
    is_human_pace,
    shown_stamp,
    take_signup,
)
from audience.views.public import evidence_of, open_door
from emailops.lib.languages import speaking_to
from workspaces.http import UNPROCESSABLE, shown_on

ANYWHERE = "*"


@open_door
def signup_page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the form; POST takes it and thanks, with the same words for every address."""
    return _answered(request, form_of(token), is_frame=False)


@csp_replace({"frame-ancestors": [ANYWHERE]})  # type: ignore[arg-type]  # it is typed for views without parameters
@open_door
def signup_frame(request: HttpRequest, token: str) -> HttpResponse:
    """The same without anything around it, for the frame of a pop-up on any site."""
    response = _answered(request, form_of(token), is_frame=True)
    response.xframe_options_exempt = True  # as Django's own decorator marks it
    return response


def _answered(request: HttpRequest, signup: SignupForm, *, is_frame: bool) -> HttpResponse:
    with speaking_to(signup.language):
        if request.method != "POST":
            if request.method == "GET":
                count_shown(signup)
            form = public_form(signup)
            form.initial["visitor"] = request.GET.get("visitor", "")[:LONGEST_MARK]
            return _page(request, signup, form, is_frame=is_frame)
        form = public_form(signup, request.POST)
        if not form.is_valid():
            return _page(request, signup, form, is_frame=is_frame)
        if not _is_stamped(request, signup):
            return _page(request, signup, form, is_frame=is_frame, is_asked_again=True)
        with shown_on(form):
            _take(request, signup, form)
        if form.errors:
            return _page(request, signup, form, is_frame=is_frame)
        return _thanks(request, signup, is_frame=is_frame)


def _take(request: HttpRequest, signup: SignupForm, form: PublicSignupForm) -> None:
    """What fills in the trap is thanked too, and not kept."""
    if not form.is_trapped:
        evidence = evidence_of(request)
        take_signup(form=signup, ask=form.ask(evidence), network=evidence["ip"], now=timezone.now())


def _is_stamped(request: HttpRequest, signup: SignupForm) -> bool:
    """Whether a page of ours was shown for long enough. A form on another site has no stamp, unless it is forged."""
    stamp = request.POST.get("shown", "")
    if not stamp and signup.kind == SignupKind.EMBED and signup.is_double_opt_in:
        return True  # nothing comes of it without the button in the mail
    return is_human_pace(signup, stamp, timezone.now())


def public_form(signup: SignupForm, data: Any = None) -> PublicSignupForm:
    """What people fill in, for a stored form or one that is being made."""
    topics = Topic.objects.for_workspace(signup.workspace).filter(pk__in=signup.topics, archived_at=None)
    attributes = current_attributes(signup.workspace)
    return PublicSignupForm(data, signup=signup, attributes=attributes, topics=list(topics.order_by("position", "pk")))


def _page(
    request: HttpRequest, signup: SignupForm, form: PublicSignupForm, *, is_frame: bool, is_asked_again: bool = False
) -> HttpResponse:
    context = {
        "business": signup.workspace,
        "signup": signup,
        "form": form,
        "token": form_token(signup),
        "shown": shown_stamp(signup, timezone.now()),
        "words_language": signup.language,
        "is_frame": is_frame,
        "is_form": True,
        "is_asked_again": is_asked_again,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "public/signup.html", context, status=status)


def _thanks(request: HttpRequest, signup: SignupForm, *, is_frame: bool) -> HttpResponse:
    # From a page of ours the browser would refuse: our policy lets forms lead to ourselves alone. There a link does it.
    if signup.redirect_url and "shown" not in request.POST:
        return HttpResponseRedirect(signup.redirect_url)
    context = {"business": signup.workspace, "signup": signup, "words_language": signup.language, "is_frame": is_frame}
    return render(request, "public/signup_thanks.html", context)
