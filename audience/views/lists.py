"""Lists: all of them with their size, a new one, what one is called, out of use and back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.forms import ListForm, current_lists
from audience.models import ContactList
from audience.own_figures import with_sizes
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def list_list(request: MemberRequest) -> HttpResponse:
    """The lists with their size, a new one, and those that were put away."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.create_list(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("List created"))
            return redirect(request.path)
    lists, figures = with_sizes(current_lists(request.workspace), request.workspace, request.now)
    archived = ContactList.objects.for_workspace(request.workspace).exclude(archived_at=None)
    context = {
        "form": form,
        "lists": lists,
        "archived": archived.order_by("name", "pk"),
        "counted_at": figures.counted_at,
    }
    return render(request, "audience/list_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def list_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """What a list is called and for, and what uses it."""
    contact_list = _list(request, pk)
    initial = {"name": contact_list.name, "description": contact_list.description}
    form = ListForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_list(contact_list=contact_list, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("List saved"))
            return _back(request)
    context = {"form": form, "contact_list": contact_list, "uses": services.uses_of(contact_list)}
    return render(request, "audience/list_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_AUDIENCE)
def list_archive(request: MemberRequest, pk: int) -> HttpResponse:
    contact_list = _list(request, pk)
    services.archive_list(contact_list=contact_list, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is no longer used") % {"name": contact_list})
    return _back(request)


@action(Can.EDIT_AUDIENCE)
def list_return(request: MemberRequest, pk: int) -> HttpResponse:
    contact_list = _list(request, pk)
    services.return_list(contact_list=contact_list, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is in use again") % {"name": contact_list})
    return _back(request)


def _list(request: MemberRequest, pk: int) -> ContactList:
    rows = ContactList.objects.for_workspace(request.workspace).select_related("workspace")
    return get_object_or_404(rows, pk=pk)


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("audience:list_list", workspace=request.workspace.slug)
