"""Contacts and lists."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.attributes import shown_value
from audience.duplicates import duplicates_of
from audience.finding import ContactFilter, found_contacts, headcount, newest
from audience.forms import ChooseListForm, ConsentForm, current_lists
from audience.forms.people import ContactForm, NoteForm
from audience.models import (
    Consent,
    Contact,
    ContactList,
    ContactProfile,
    ContactQuerySet,
    Lifecycle,
    Segment,
    SuppressionReason,
)
from audience.places import country_name
from audience.segments.definition import SegmentBroken
from audience.segments.newest import narrowed_to_newest
from audience.services import ConsentBasis, current_attributes
from audience.tags import tags_in_use
from audience.timeline import timeline, timeline_kinds
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Member
from workspaces.permissions import Can, Role

PAGE_SIZE = 50
MOMENTS = 50  # of a timeline, and as many more each time
MOST_MOMENTS = 1000
LATEST_ORDERS = 3


@page(Can.SEE_AUDIENCE)
def contact_list(request: MemberRequest) -> HttpResponse:
    """The contacts this member sees, newest first, as they are narrowed."""
    wanted = ContactFilter.read(request.GET.dict())
    broken = ""
    try:
        people = found_contacts(request.member, wanted, request.now)
    except SegmentBroken as refusal:
        people, broken = Contact.objects.for_workspace(request.workspace).none(), str(refusal)
    count = headcount(people)
    are_few = count.is_exact and bool(wanted.asks)
    shown = people if are_few or broken else _soon_filled(request, wanted, people)
    rows = newest(shown.select_related("seller__user", "profile"), request.GET, PAGE_SIZE, are_few=are_few)
    context = {"contacts": rows, "wanted": wanted, "count": count, "broken": broken, **_offered(request)}
    context["are_ticked"] = request.GET.get("ticked") == "1"
    name = "audience/_contact_rows.html" if request.htmx else "audience/contact_list.html"
    return render(request, name, context)


def _soon_filled(request: MemberRequest, wanted: ContactFilter, people: ContactQuerySet) -> QuerySet[Any, Any]:
    """Of the many of a segment enough of the newest to fill the first page, and to know whether there is a second."""
    if not wanted.segment or request.GET.get("older") or request.GET.get("newer"):
        return people

    def found(among: ContactQuerySet | None) -> ContactQuerySet:
        return found_contacts(request.member, wanted, request.now, among)

    return narrowed_to_newest(found, request.workspace, PAGE_SIZE + 1)


def _offered(request: MemberRequest) -> dict[str, Any]:
    """What the list can be narrowed by."""
    sellers = Member.objects.for_workspace(request.workspace).active().select_related("user")
    return {
        "lists": current_lists(request.workspace),
        "tags": tags_in_use(request.member, request.now),
        "attributes": current_attributes(request.workspace).values(),
        "consents": Consent.choices,
        "reasons": SuppressionReason.choices,
        "stages": Lifecycle.choices,
        "sellers": [] if request.member.role == Role.SELLER else sellers.order_by("user__name", "pk"),
        "segments": Segment.objects.for_workspace(request.workspace).current().order_by("name", "pk"),
    }


@page(Can.TEND_CONTACTS, Can.TEND_CONTACTS)
def contact_new(request: MemberRequest) -> HttpResponse:
    attributes = current_attributes(request.workspace)
    form = ContactForm(request.POST or None, attributes=attributes, member=request.member)
    return _save_contact(request, form, None)


@page(Can.TEND_CONTACTS, Can.TEND_CONTACTS)
def contact_edit(request: MemberRequest, pk: int) -> HttpResponse:
    contact, attributes = _contact(request, pk), current_attributes(request.workspace)
    form = ContactForm(request.POST or None, attributes=attributes, member=request.member, contact=contact)
    return _save_contact(request, form, contact)


def _contact(request: MemberRequest, pk: int) -> Contact:
    """One of the contacts that this member sees."""
    rows = Contact.objects.seen_by(request.member).select_related("workspace", "seller__user")
    return get_object_or_404(rows, pk=pk)


def _save_contact(request: MemberRequest, form: ContactForm, contact: Contact | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            saved = _written(request, form, contact)
            messages.success(request, _("Contact saved"))
            return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=saved.pk)
    context = {"form": form, "contact": contact, "tags": tags_in_use(request.member, request.now)}
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
    contact = _contact(request, pk)
    context = {"contact": contact, **_past(request, contact)}
    if request.htmx:
        return render(request, "audience/_contact_timeline.html", context)
    context |= {
        "attributes": shown_attributes(contact),
        "country": country_name(contact.country),
        "profile": ContactProfile.objects.for_workspace(request.workspace).filter(contact=contact).first(),
        "orders": contact.orders.order_by("-placed_at", "-pk")[:LATEST_ORDERS],
        "former": contact.former_addresses.select_related("by__user").order_by("-at", "-pk"),
        "notes": contact.notes.select_related("by__user").order_by("-at", "-pk"),
        "note_form": NoteForm(),
        "alike": duplicates_of(contact, request.member),
        "memberships": contact.memberships.filter(contact_list__archived_at=None)
        .select_related("contact_list")
        .order_by("contact_list__name", "pk"),
        "list_form": ChooseListForm(workspace=request.workspace),
        "consent_form": ConsentForm(),
    }
    return render(request, "audience/contact_detail.html", context)


def shown_attributes(contact: Contact) -> list[tuple[str, str]]:
    """What is known about the person, in words."""
    known = current_attributes(contact.workspace)
    return [
        (definition.shown_label, shown_value(definition, contact.attributes[key]))
        for key, definition in known.items()
        if key in contact.attributes
    ]


def _past(request: MemberRequest, contact: Contact) -> dict[str, Any]:
    """The timeline as far back as asked, of all kinds or of one."""
    kinds = timeline_kinds()
    kind = request.GET.get("kind", "") if request.GET.get("kind") in kinds else ""
    asked = request.GET.get("shown", "")
    shown = min(max(int(asked), MOMENTS), MOST_MOMENTS) if asked.isdecimal() and len(asked) <= len("10000") else MOMENTS
    moments = timeline(contact, limit=shown + 1, kind=kind)
    more = min(shown + MOMENTS, MOST_MOMENTS) if len(moments) > shown and shown < MOST_MOMENTS else 0
    return {"timeline": moments[:shown], "kinds": kinds, "kind": kind, "more": more}


@action(Can.TEND_CONTACTS)
def contact_note(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep something for colleagues."""
    contact, form = _contact(request, pk), NoteForm(request.POST)
    if form.is_valid():
        services.write_note(contact=contact, text=form.cleaned_data["text"], by=request.member, now=request.now)
        messages.success(request, _("Note kept"))
    else:
        messages.error(request, _("Write something first."))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.TEND_CONTACTS)
def contact_note_remove(request: MemberRequest, pk: int, note_pk: int) -> HttpResponse:
    note = get_object_or_404(_contact(request, pk).notes.select_related("contact__workspace"), pk=note_pk)
    services.remove_note(note=note, by=request.member, now=request.now)
    messages.success(request, _("Note removed"))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.TEND_CONTACTS)
def contact_consent(request: MemberRequest, pk: int) -> HttpResponse:
    """Write down a consent that was given to a member in person, by phone, on paper."""
    contact = _contact(request, pk)
    form = ConsentForm(request.POST)
    if form.is_valid():
        basis = ConsentBasis("by hand", form.cleaned_data["wording"])
        services.give_consent(contact=contact, basis=basis, by=request.member, now=request.now)
        messages.success(request, _("Consent recorded"))
    else:
        messages.error(request, _("Say how this person agreed: that is the evidence."))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.TEND_CONTACTS)
def contact_suppress(request: MemberRequest, pk: int) -> HttpResponse:
    """Never write to this address again."""
    contact = _contact(request, pk)
    services.suppress(
        workspace=request.workspace,
        address=contact.address,
        reason=SuppressionReason.MANUAL,
        by=request.member,
        now=request.now,
    )
    messages.success(request, _("%(email)s will not be written to again") % {"email": contact.email})
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.TEND_CONTACTS)
def contact_add_to_list(request: MemberRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
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


@action(Can.TEND_CONTACTS)
def contact_remove_from_list(request: MemberRequest, pk: int, list_pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    contact_list = get_object_or_404(ContactList.objects.for_workspace(request.workspace), pk=list_pk)
    services.remove_from_list(contact_list=contact_list, contact=contact, by=request.member, now=request.now)
    messages.success(request, _("Taken off the list"))
    return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)
