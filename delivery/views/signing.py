"""Signing keys: a part of the settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from delivery import signing
from delivery.forms import NewKeyForm, RetireKeyForm
from delivery.models import KeyState, SigningKey
from delivery.signing_domains import signing_domains
from delivery.transports.queries import is_signed_by_others
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

MANAGE = Can.MANAGE_WORKSPACE


@page(MANAGE, MANAGE)
def settings_signing(request: MemberRequest) -> HttpResponse:
    """The domains of the senders with their keys, and a new key."""
    domains = signing_domains(request.workspace)
    sending = [domain.name for domain in domains if domain.senders]
    form = NewKeyForm(request.POST or None, domains=sending)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            key = signing.add_key(
                workspace=request.workspace,
                domain=form.cleaned_data["domain"],
                algorithm=form.algorithm_chosen,
                by=request.member,
                now=request.now,
            )
            return _to(key)
    context = {
        "domains": domains,
        "sending": sending,
        "form": form,
        "is_signed_by_others": is_signed_by_others(request.workspace, request.now),
        "now": request.now,
    }
    return render(request, "delivery/settings_signing.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(MANAGE)
def settings_signing_key(request: MemberRequest, pk: int) -> HttpResponse:
    """A key with the record to publish, and what can be done with it."""
    key = _key(request, pk)
    successor = key.successors.living().order_by("pk").first()
    context = {"key": key, "successor": successor, "now": request.now}
    return render(request, "delivery/settings_signing_key.html", context)


@action(MANAGE)
def settings_signing_switch_on(request: MemberRequest, pk: int) -> HttpResponse:
    key = signing.switch_on(key=_key(request, pk), by=request.member, now=request.now)
    messages.success(request, _("Mail from %(domain)s is signed with this key from now on") % {"domain": key.domain})
    return _to(key)


@action(MANAGE)
def settings_signing_replace(request: MemberRequest, pk: int) -> HttpResponse:
    successor = signing.rotate_key(key=_key(request, pk), by=request.member, now=request.now)
    messages.success(request, _("The successor is made. The key before it signs until you switch this one on."))
    return _to(successor)


@page(MANAGE, MANAGE)
def settings_signing_retire(request: MemberRequest, pk: int) -> HttpResponse:
    """What retiring a key means, and the button that does it."""
    key = _key(request, pk)
    if key.state == KeyState.RETIRED:
        return _to(key)
    form = RetireKeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            signing.retire_key(key=key, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("The key is retired"))
            return _to(key)
    context = {"key": key, "form": form, "is_last": signing.is_only_one(key)}
    return render(
        request, "delivery/settings_signing_retire.html", context, status=UNPROCESSABLE if form.errors else 200
    )


def _key(request: MemberRequest, pk: int) -> SigningKey:
    keys = SigningKey.objects.for_workspace(request.workspace).select_related(
        "workspace", "replaces", "created_by__user"
    )
    return get_object_or_404(keys, pk=pk)


def _to(key: SigningKey) -> HttpResponse:
    return redirect("delivery:settings_signing_key", workspace=key.workspace.slug, pk=key.pk)
