"""The registry of attributes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.forms.people import AttributeEditForm, AttributeForm
from audience.models import AttributeDefinition, AttributeKind
from audience.segments import indexes
from audience.services import current_attributes
from audience.services.attributes import CHOOSING
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def attribute_list(request: MemberRequest) -> HttpResponse:
    """What the workspace keeps about its contacts, and a new attribute."""
    form = AttributeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.define_attribute(
                workspace=request.workspace,
                label=form.cleaned_data["label"],
                kind=AttributeKind(form.cleaned_data["kind"]),
                details=form.details,
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Attribute added"))
            return redirect(request.path)
    archived = AttributeDefinition.objects.for_workspace(request.workspace).exclude(archived_at=None)
    context = {
        "form": form,
        "attributes": current_attributes(request.workspace).values(),
        "indexed": indexes.ready(request.workspace),
        "archived": archived.order_by("label", "pk"),
    }
    return render(request, "audience/attribute_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def attribute_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """What one attribute is called in each language, and what one can choose from."""
    definition = get_object_or_404(AttributeDefinition.objects.for_workspace(request.workspace), pk=pk)
    args = (request.POST,) if request.method == "POST" else ()
    form = AttributeEditForm(*args, definition=definition, has_choices=definition.kind in CHOOSING)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_attribute(
                definition=definition,
                label=form.cleaned_data["label"],
                details=form.details,
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Attribute saved"))
            return redirect("audience:attribute_list", workspace=request.workspace.slug)
    context = {"form": form, "attribute": definition}
    return render(request, "audience/attribute_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_AUDIENCE)
def attribute_move(request: MemberRequest, pk: int) -> HttpResponse:
    """One place up, or down."""
    definition = _definition(request, pk)
    services.move_attribute(
        definition=definition, up=request.POST.get("to") != "down", by=request.member, now=request.now
    )
    return redirect("audience:attribute_list", workspace=request.workspace.slug)


@action(Can.EDIT_AUDIENCE)
def attribute_archive(request: MemberRequest, pk: int) -> HttpResponse:
    definition = _definition(request, pk)
    services.archive_attribute(definition=definition, by=request.member, now=request.now)
    messages.success(request, _("“%(label)s” is no longer used") % {"label": definition.label})
    return redirect("audience:attribute_list", workspace=request.workspace.slug)


@action(Can.EDIT_AUDIENCE)
def attribute_return(request: MemberRequest, pk: int) -> HttpResponse:
    definition = _definition(request, pk)
    services.return_attribute(definition=definition, by=request.member, now=request.now)
    messages.success(request, _("“%(label)s” is in use again") % {"label": definition.label})
    return redirect("audience:attribute_list", workspace=request.workspace.slug)


def _definition(request: MemberRequest, pk: int) -> AttributeDefinition:
    rows = AttributeDefinition.objects.for_workspace(request.workspace).select_related("workspace")
    return get_object_or_404(rows, pk=pk)
