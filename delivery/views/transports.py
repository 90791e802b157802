"""The mail servers: a part of the settings."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from delivery.models import Transport, TransportKind
from delivery.transports import services
from delivery.transports.catalogue import Provider, providers
from delivery.transports.forms import ProviderForm, SmtpForm, TrialForm
from delivery.transports.queries import last_trial, line_of, overview
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

MANAGE = Can.MANAGE_WORKSPACE
LIST = "delivery:settings_transports"


@page(MANAGE)
def settings_transports(request: MemberRequest) -> HttpResponse:
    """The mail servers with their health and share."""
    return render(request, "delivery/settings_transports.html", {"seen": overview(request.workspace, request.now)})


@page(MANAGE, MANAGE)
def transport_new(request: MemberRequest) -> HttpResponse:
    """A new mail server: first which kind (`?via=smtp`, or a provider's name), then what it needs."""
    via = request.POST.get("via") or request.GET.get("via", "")
    if not via:
        return render(request, "delivery/transport_choose.html", {"providers": providers().values()})
    provider = _provider(via)
    form: Any = ProviderForm(provider, request.POST or None) if provider else SmtpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            kind = TransportKind.PROVIDER if provider else TransportKind.SMTP
            transport = services.add_transport(
                workspace=request.workspace, kind=kind, by=request.member, now=request.now, wanted=form.wanted()
            )
            messages.success(request, _("“%(name)s” was added. Try it now.") % {"name": transport})
            return redirect("delivery:transport_try", workspace=request.workspace.slug, pk=transport.pk)
    context = {"form": form, "provider": provider, "is_smtp": provider is None}
    return render(request, "delivery/transport_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _provider(via: str) -> Provider | None:
    if via == TransportKind.SMTP:
        return None
    if via not in providers():
        raise Http404
    return providers()[via]


def _found(request: MemberRequest, pk: int) -> Transport:
    rows = Transport.objects.for_workspace(request.workspace).select_related("workspace")
    return get_object_or_404(rows, pk=pk)


@page(MANAGE, MANAGE)
def transport_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a mail server."""
    transport = _found(request, pk)
    form = _form_for(request, transport)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_transport(transport=transport, by=request.member, now=request.now, wanted=form.wanted())
            messages.success(request, _("“%(name)s” was saved") % {"name": form.cleaned_data["name"]})
            return redirect(LIST, workspace=request.workspace.slug)
    context = {
        "form": form,
        "transport": transport,
        "line": line_of(transport, request.now),
        "provider": providers().get(transport.provider),
        "is_smtp": transport.is_smtp,
    }
    return render(request, "delivery/transport_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _form_for(request: MemberRequest, transport: Transport) -> Any:
    data = request.POST or None
    if transport.is_smtp:
        return SmtpForm(data, instance=transport)
    provider = providers().get(transport.provider)
    if provider is None:
        raise Http404  # its library was removed from the installation
    initial = {"name": transport.name, "weight": transport.weight}
    return ProviderForm(provider, data, initial=initial, kept=services.options_of(transport))


@action(MANAGE)
def transport_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Switch a mail server on or off."""
    transport, on = _found(request, pk), request.POST.get("on") == "1"
    services.switch_transport(transport=transport, on=on, by=request.member, now=request.now)
    said = _("“%(name)s” is switched on") if on else _("“%(name)s” is switched off")
    messages.success(request, said % {"name": transport})
    return redirect(LIST, workspace=request.workspace.slug)


@action(MANAGE)
def transport_remove(request: MemberRequest, pk: int) -> HttpResponse:
    transport = _found(request, pk)
    services.remove_transport(transport=transport, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” was removed, with its secrets") % {"name": transport})
    return redirect(LIST, workspace=request.workspace.slug)


@page(MANAGE, MANAGE)
def transport_try(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask for a trial, and see how the last one went."""
    transport = _found(request, pk)
    context: dict[str, Any] = {"transport": transport, "trial": last_trial(transport, request.now)}
    if request.htmx and request.method == "GET":
        return render(request, "delivery/_trial.html", context)
    form = TrialForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            with_mail = form.cleaned_data["with_mail"]
            services.ask_to_try(transport=transport, with_mail=with_mail, by=request.member, now=request.now)
            return redirect(request.path)
    context |= {"form": form, "is_sandboxed": settings.MAIL_SANDBOX}
    return render(request, "delivery/transport_try.html", context, status=UNPROCESSABLE if form.errors else 200)
