"""Contacts, lists and attributes."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.attributes import shown_value
from audience.forms import AttributeForm, ChooseListForm, ConsentForm, ContactForm, ListForm, current_lists
from audience.models import AttributeDefinition, AttributeKind, Contact, ContactList, SuppressionReason
from audience.services import ConsentBasis, current_attributes
from audience.timeline import timeline
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

PAGE_SIZE = 50


@page(Can.SEE_AUDIENCE)
def contact_list(request: MemberRequest) -> HttpResponse:
    """All contacts, newest first, narrowed by words and by list."""
    contacts = Contact.objects.for_workspace(request.workspace).matching(request.GET.get("q", ""))
    chosen = request.GET.get("list", "")
    if chosen.isdecimal():
        contacts = contacts.filter(memberships__contact_list_id=int(chosen))
    rows = Paginator(contacts.order_by("-created_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"contacts": rows, "lists": current_lists(request.workspace), "chosen": chosen}
    return render(request, "audience/contact_list.html", context)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def contact_new(request: MemberRequest) -> HttpResponse:
    form = ContactForm(request.POST or None, attributes=current_attributes(request.workspace))
    return _save_contact(request, form, None)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def contact_edit(request: MemberRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace), pk=pk)
    form = ContactForm(request.POST or None, attributes=current_attributes(request.workspace), contact=contact)
    return _save_contact(request, form, contact)


def _save_contact(request: MemberRequest, form: ContactForm, contact: Contact | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            saved = _written(request, form, contact)
            messages.success(request, _("Contact saved"))
            return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=saved.pk)
    context = {"form": form, "contact": contact}
    return render(request, "audience/contact_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _written(request: MemberRequest, form: ContactForm, contact: Contact | None) -> Contact:
    given: dict[str, Any] = {
        "email": form.cleaned_data["email"],
        "fields": form.own_values,
        "attributes": form.attribute_values,
        "workspace": request.workspace,
        "by": request.member,
        "now": request.now,
    }
    return services.save_contact(contact=contact, **given)[0] if contact else services.add_contact(**given)


@page(Can.SEE_AUDIENCE)
def contact_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Everything about one person."""
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)
    attributes = current_attributes(request.workspace)
    context = {
        "contact": contact,
        "attributes": [
            (a.label, shown_value(a, contact.attributes[key]))
            for key, a in attributes.items()
            if key in contact.attributes
        ],
        "memberships": contact.memberships.select_related("contact_list").order_by("contact_list__name", "pk"),
        "timeline": timeline(contact),
        "list_form": ChooseListForm(workspace=request.workspace),
        "consent_form": ConsentForm(),
    }
    return render(request, "audience/contact_detail.html", context)


@action(Can.EDIT_AUDIENCE)
def contact_consent(request: MemberRequest, pk: int) -> HttpResponse:
    """Write down a consent that was given to a member in person, by phone, on paper."""
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)
    form = ConsentForm(request.POST)
    if form.is_valid():
        basis = ConsentBasis("by hand", form.cleaned_data["wording"])
        services.give_consent(contact=contact, basis=basis, by=request.member, now=request.now)
        messages.success(request, _("Consent recorded"))
    else:
        messages.error(request, _("Say how this person agreed: that is the evidence."))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_AUDIENCE)
def contact_suppress(request: MemberRequest, pk: int) -> HttpResponse:
    """Never write to this address again."""
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace), pk=pk)
    services.suppress(
        workspace=request.workspace,
        address=contact.address,
        reason=SuppressionReason.MANUAL,
        by=request.member,
        now=request.now,
    )
    messages.success(request, _("%(email)s will not be written to again") % {"email": contact.email})
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_AUDIENCE)
def contact_add_to_list(request: MemberRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace), pk=pk)
    form = ChooseListForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        services.add_to_list(
            contact_list=form.cleaned_data["contact_list"],
            contact=contact,
            source="by hand",
            by=request.member,
            now=request.now,
        )
        messages.success(request, _("Added to the list"))
    else:
        messages.error(request, _("Choose one of the lists."))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_AUDIENCE)
def contact_remove_from_list(request: MemberRequest, pk: int, list_pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace), pk=pk)
    contact_list = get_object_or_404(ContactList.objects.for_workspace(request.workspace), pk=list_pk)
    services.remove_from_list(contact_list=contact_list, contact=contact, by=request.member, now=request.now)
    messages.success(request, _("Taken off the list"))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def list_list(request: MemberRequest) -> HttpResponse:
    """The lists with their size, and a new one."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.create_list(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("List created"))
            return redirect(request.path)
    lists = current_lists(request.workspace).annotate(people=Count("memberships"))
    context = {"form": form, "lists": lists}
    return render(request, "audience/list_list.html", context, status=UNPROCESSABLE if form.errors else 200)


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
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Attribute added"))
            return redirect(request.path)
    context = {"form": form, "attributes": current_attributes(request.workspace).values()}
    return render(request, "audience/attribute_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_AUDIENCE)
def attribute_archive(request: MemberRequest, pk: int) -> HttpResponse:
    definition = get_object_or_404(AttributeDefinition.objects.for_workspace(request.workspace), pk=pk)
    services.archive_attribute(definition=definition, by=request.member, now=request.now)
    messages.success(request, _("“%(label)s” is no longer used") % {"label": definition.label})
    return redirect("audience:attribute_list", workspace=request.workspace.slug)
