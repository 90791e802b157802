"""The mails of a form in a frame beside it: as they are kept, and as they stand in the editor."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from audience.form_mails import FormMail, sample_mail
from audience.forms.signup import new_form
from audience.models import SignupForm
from audience.views.signup import edit_form
from workspaces.http import MemberRequest, page
from workspaces.mailframe import framed_mail
from workspaces.permissions import Can

KINDS = {kind.value: kind for kind in FormMail}
WORDS = ("consent_wording", "is_double_opt_in", "title")
"""What else the mails say, or whether they go out."""


@framed_mail
@page(Can.SEE_AUDIENCE)
def form_mail(request: MemberRequest, pk: int, which: str) -> HttpResponse:
    """A mail of a form as it goes out now."""
    forms = SignupForm.objects.for_workspace(request.workspace).select_related("workspace")
    return _shown(request, get_object_or_404(forms, pk=pk), which)


@framed_mail
@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def form_mail_draft(request: MemberRequest, which: str) -> HttpResponse:
    """A mail of what stands in the editor, which is sent by POST; else of a new form. Keeps nothing."""
    signup = new_form(request.workspace)
    if request.method == "POST":
        _write(request, signup)
    return _shown(request, signup, which)


def _write(request: MemberRequest, signup: SignupForm) -> None:
    form = edit_form(request, signup, request.POST, is_bound=True)
    form.is_valid()
    signup.language = form.cleaned_data.get("language", signup.language)
    for name in form.fields:
        if name in WORDS or name.startswith(("confirm_", "welcome_")):
            setattr(signup, name, form.cleaned_data.get(name, ""))


def _shown(request: MemberRequest, signup: SignupForm, which: str) -> HttpResponse:
    if which not in KINDS:
        raise Http404
    mail = sample_mail(signup, KINDS[which])
    if mail is None:
        return render(request, "audience/no_form_mail.html", {"which": which})
    return HttpResponse(mail.html)
