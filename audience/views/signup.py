"""Forms as members see them: the list with figures, making one with its preview, putting it on a site."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from audience.forms.signup import SignupEditForm, new_form
from audience.models import SignupForm, SignupKind
from audience.own_figures import with_requests
from audience.services import current_attributes, current_topics
from audience.services.signup import archive_form, askable_fields, change_form, create_form, form_token
from audience.views.signup_public import public_form
from emailops.lib.languages import speaking_to
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SCRIPT = "js/signup-popup.js"


def _forms(request: MemberRequest) -> "QuerySet[SignupForm]":
    return SignupForm.objects.for_workspace(request.workspace).select_related("workspace", "contact_list")


@page(Can.SEE_AUDIENCE)
def form_list(request: MemberRequest) -> HttpResponse:
    """The forms in use: how often shown, filled in, confirmed."""
    rows = _forms(request).filter(archived_at=None).order_by("name", "pk")
    forms, figures = with_requests(rows, request.workspace, request.now)
    return render(request, "audience/form_list.html", {"forms": forms, "counted_at": figures.counted_at})


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def form_new(request: MemberRequest) -> HttpResponse:
    return _save(request, new_form(request.workspace))


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def form_edit(request: MemberRequest, pk: int) -> HttpResponse:
    return _save(request, get_object_or_404(_forms(request), pk=pk))


def _save(request: MemberRequest, signup: SignupForm) -> HttpResponse:
    form = edit_form(request, signup, request.POST)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            given: dict[str, Any] = {"content": form.content, "by": request.member, "now": request.now}
            saved = (
                change_form(form=signup, **given) if signup.pk else create_form(workspace=request.workspace, **given)
            )
            messages.success(request, _("Form saved"))
            return redirect("audience:form_detail", workspace=request.workspace.slug, pk=saved.pk)
    context = {"form": form, "signup": signup, **_preview(signup)}
    return render(request, "audience/form_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


def edit_form(request: MemberRequest, signup: SignupForm, data: QueryDict, *, is_bound: bool = False) -> SignupEditForm:
    """What a member decides about this form; bound to data, if there are any."""
    return SignupEditForm(
        data if data or is_bound else None,
        workspace=request.workspace,
        askable=askable_fields(request.workspace),
        attributes=current_attributes(request.workspace),
        topics=list(current_topics(request.workspace)),
        form=signup,
    )


def _preview(signup: SignupForm) -> dict[str, Any]:
    with speaking_to(signup.language):
        return {"drawn": render_to_string("public/_signup_form.html", {"signup": signup, "form": public_form(signup)})}


@page(Can.EDIT_AUDIENCE)
def form_preview(request: MemberRequest) -> HttpResponse:
    """What people would see of what stands in the form; keeps nothing."""
    signup = new_form(request.workspace)
    form = edit_form(request, signup, request.GET, is_bound=True)
    form.is_valid()
    for name, value in form.cleaned_data.items():
        if name in {"language", "title", "intro", "consent_wording", "tracking_wording", "button"}:
            setattr(signup, name, value)
    chosen = {"topics": [], **form.cleaned_data}
    signup.topics = [int(key) for key in chosen["topics"]]
    asked = [key for key in form.askable if chosen.get(f"ask_{key}")]
    asked.sort(key=lambda key: chosen.get(f"place_{key}") or 100)
    signup.fields = [{"key": key, "required": chosen[f"ask_{key}"] == "required"} for key in asked]
    return render(request, "audience/_form_preview.html", {"signup": signup, **_preview(signup)})


@page(Can.SEE_AUDIENCE)
def form_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One form: its figures, where it stands, and what to put on a site."""
    (signup,), figures = with_requests([get_object_or_404(_forms(request), pk=pk)], request.workspace, request.now)
    token = form_token(signup)
    context = {
        "signup": signup,
        "counted_at": figures.counted_at,
        "address": settings.BASE_URL + reverse("audience:signup_page", args=[token]),
        "snippet": snippet(signup),
        "latest": signup.requests.order_by("-asked_at", "-pk")[:20],
        **_preview(signup),
    }
    return render(request, "audience/form_detail.html", context)


def snippet(signup: SignupForm) -> str:
    """The HTML that puts a form on another site: a form of its own, or the pop-up's script."""
    token = form_token(signup)
    if signup.kind == SignupKind.POPUP:
        context = {
            "signup": signup,
            # The name without a fingerprint: the snippet outlives many versions of the script.
            "script": f"{settings.BASE_URL}{settings.STATIC_URL}{SCRIPT}",
            "frame": settings.BASE_URL + reverse("audience:signup_frame", args=[token]),
        }
    else:
        target = settings.BASE_URL + reverse("audience:signup_page", args=[token])
        context = {"signup": signup, "target": target, "form": public_form(signup)}
    with speaking_to(signup.language):
        return render_to_string("audience/signup_snippet.html", context).strip()


@action(Can.EDIT_AUDIENCE)
def form_archive(request: MemberRequest, pk: int) -> HttpResponse:
    signup = get_object_or_404(_forms(request), pk=pk)
    archive_form(form=signup, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” takes nothing more") % {"name": signup.name})
    return redirect("audience:form_list", workspace=request.workspace.slug)
