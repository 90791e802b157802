"""The privacy area: requests, erasures, copies."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience.erasing import parts
from audience.forms.privacy import DeclineForm, EraseForm
from audience.models import AnonymousSale, Contact, ErasureRecord, PrivacyRequest, RequestKind, RequestState
from audience.services.erasures import erase_contact, person_of, preview_erasure, receipt_document
from audience.services.privacy import decline_request, disclose, fulfil_request
from emailops.lib.csvfile import write_table
from workspaces.http import UNPROCESSABLE, MemberRequest, action, csv_download, page, shown_on
from workspaces.permissions import Can

PAGE_SIZE = 50
PRIVACY = Can.MANAGE_PRIVACY


@page(PRIVACY)
def privacy_list(request: MemberRequest) -> HttpResponse:
    """What people asked for, first what waits; and what was erased."""
    asked = PrivacyRequest.objects.seen_by(request.member).select_related("contact", "handled_by__user")
    receipts = ErasureRecord.objects.for_workspace(request.workspace).select_related("by__user")
    today = request.now.astimezone(request.workspace.zone).date()
    waiting = list(asked.waiting().order_by("due_on", "pk")[:PAGE_SIZE])
    context = {
        "waiting": [(each, each.is_late(today)) for each in waiting],
        "handled": asked.exclude(kind=RequestKind.ERASURE, state=RequestState.OPEN).order_by("-asked_at", "-pk")[:20],
        "receipts": receipts.order_by("-at", "-pk")[:PAGE_SIZE],
        "decline_form": DeclineForm(),
        "sale_count": AnonymousSale.objects.for_workspace(request.workspace).count(),
    }
    return render(request, "audience/privacy_list.html", context)


def _contact(request: MemberRequest, pk: int) -> Contact:
    rows = Contact.objects.seen_by(request.member).select_related("workspace", "seller__user")
    return get_object_or_404(rows, pk=pk)


@page(PRIVACY, PRIVACY)
def contact_erase(request: MemberRequest, pk: int) -> HttpResponse:
    """What goes and what stays; the POST with the address typed once more erases."""
    contact = _contact(request, pk)
    form = EraseForm(request.POST or None, contact=contact)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            receipt = erase_contact(contact=contact, by=request.member, now=request.now)
            messages.success(request, _("Erased. Here is the receipt."))
            return redirect("audience:privacy_erasure", workspace=request.workspace.slug, pk=receipt.pk)
    context = {"contact": contact, "form": form, "lines": preview_erasure(person_of(contact))}
    return render(request, "audience/contact_erase.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(PRIVACY)
def contact_disclose(request: MemberRequest, pk: int) -> HttpResponse:
    """A copy of everything about the person; a POST, since each is written down."""
    contact = _contact(request, pk)
    return zip_answer(disclose(contact=contact, by=request.member, now=request.now), f"person-{contact.pk}.zip")


def zip_answer(packed: bytes, filename: str) -> HttpResponse:
    disposition = f'attachment; filename="{filename}"'
    return HttpResponse(packed, content_type="application/zip", headers={"Content-Disposition": disposition})


def _receipt(request: MemberRequest, pk: int) -> ErasureRecord:
    rows = ErasureRecord.objects.for_workspace(request.workspace).select_related("workspace", "by__user")
    return get_object_or_404(rows, pk=pk)


@page(PRIVACY)
def privacy_erasure(request: MemberRequest, pk: int) -> HttpResponse:
    """The receipt, and how far the search for texts is."""
    context = {"receipt": (receipt := _receipt(request, pk)), "counts": counts_in_words(receipt)}
    name = "audience/_erasure.html" if request.htmx else "audience/privacy_erasure.html"
    return render(request, name, context)


def counts_in_words(receipt: ErasureRecord) -> list[tuple[str, int]]:
    """How much of what went, in the words and the order of the preview."""
    labels: dict[str, Any] = {part.key: part.label for part in parts()}
    labels |= {"texts": _("Texts that named the person"), "other": _("Other rows of the contact")}
    known = [key for key in labels if key in receipt.counts]
    others = [key for key in receipt.counts if key not in labels]  # of a part that is no more
    return [(str(labels.get(key, key)), receipt.counts[key]) for key in (*known, *others)]


@page(PRIVACY)
def privacy_receipt(request: MemberRequest, pk: int) -> HttpResponse:
    """The receipt as a file."""
    receipt = _receipt(request, pk)
    text = json.dumps(receipt_document(receipt), ensure_ascii=False, indent=2)
    disposition = f'attachment; filename="erasure-{receipt.pk}.json"'
    return HttpResponse(text, content_type="application/json", headers={"Content-Disposition": disposition})


def _asked(request: MemberRequest, pk: int) -> PrivacyRequest:
    rows = PrivacyRequest.objects.seen_by(request.member).select_related("contact__workspace", "workspace")
    return get_object_or_404(rows, pk=pk)


@page(PRIVACY)
def privacy_sales(request: MemberRequest) -> StreamingHttpResponse:
    """What was kept for the books of the orders of erased people."""
    sales = AnonymousSale.objects.for_workspace(request.workspace).order_by("placed_on", "pk")
    rows = ([each.placed_on, each.status, each.total, _products(each)] for each in sales.iterator())
    header = [_("Day"), _("Status"), _("Total"), _("Products")]
    return csv_download("sales-without-people.csv", write_table(header, rows))


def _products(sale: AnonymousSale) -> str:
    return "; ".join(f"{line['quantity']} × {line['name']} ({line['price']})" for line in sale.lines)


@action(PRIVACY)
def privacy_fulfil(request: MemberRequest, pk: int) -> HttpResponse:
    """Erase the person who asked for it."""
    receipt = fulfil_request(asked=_asked(request, pk), by=request.member, now=request.now)
    messages.success(request, _("Erased. Here is the receipt."))
    return redirect("audience:privacy_erasure", workspace=request.workspace.slug, pk=receipt.pk)


@action(PRIVACY)
def privacy_decline(request: MemberRequest, pk: int) -> HttpResponse:
    asked, form = _asked(request, pk), DeclineForm(request.POST)
    if form.is_valid():
        decline_request(asked=asked, note=form.cleaned_data["note"], by=request.member, now=request.now)
        messages.success(request, _("Declined. Tell the person why."))
    else:
        messages.error(request, _("Say why not: the person may ask."))
    return redirect("audience:privacy_list", workspace=request.workspace.slug)
