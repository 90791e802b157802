"""One thing done to many contacts."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.finding import ContactFilter, headcount
from audience.forms import current_lists
from audience.many import bulk_words
from audience.models import BulkAction, BulkEdit
from audience.services import BulkRefused, Crowd, can_undo, current_attributes, people_in
from audience.services.bulk import FOR_MAKERS, undo_limits, undo_until
from audience.tags import tags_in_use
from emailops.lib.errors import DomainError
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page
from workspaces.models import Member
from workspaces.permissions import Can

MOST_SHOWN = 50


@page(Can.TEND_CONTACTS, Can.TEND_CONTACTS)
def bulk_new(request: MemberRequest) -> HttpResponse:
    """What to do with those that were ticked, or with all that the list shows; POST does it."""
    given = request.POST if request.method == "POST" else request.GET
    crowd = _crowd(given, "f-" if request.method == "POST" else "")
    refusal: DomainError | None = None
    if request.method == "POST":
        try:
            edit = _start(request, crowd)
            return redirect("audience:bulk_detail", workspace=request.workspace.slug, pk=edit.pk)
        except DomainError as refused:
            refusal = refused
    context = {"crowd": crowd, "refusal": refusal, "sent": request.POST, **_choices(request, crowd)}
    return render(request, "audience/bulk_new.html", context, status=UNPROCESSABLE if refusal else 200)


def _crowd(given: QueryDict, prefix: str) -> Crowd:
    """Who is meant. The form that says what to do names what the list was narrowed by with a prefix."""
    narrowed = ContactFilter.read(
        {name.removeprefix(prefix): v for name, v in given.items() if name.startswith(prefix)}
    )
    if given.get("all"):
        return Crowd(None, narrowed)
    ids = [int(pk) for pk in given.getlist("contact") if pk.isdecimal() and len(pk) < len(str(2**63))]
    return Crowd(ids, narrowed)


def _start(request: MemberRequest, crowd: Crowd) -> BulkEdit:
    asked = request.POST.get("action", "")
    if asked not in BulkAction:
        raise BulkRefused(_("Choose what to do."))
    detail: dict[str, Any] = {name: request.POST.get(name) for name in ("tag", "list", "seller", "attribute")}
    values = request.POST.getlist(f"value_{detail['attribute']}") or request.POST.getlist("value")
    detail["value"] = values if len(values) > 1 else (values[0] if values else None)
    return services.start_bulk(action=BulkAction(asked), detail=detail, crowd=crowd, by=request.member, now=request.now)


def _choices(request: MemberRequest, crowd: Crowd) -> dict[str, Any]:
    people = people_in(crowd, request.member, request.now)
    colleagues = Member.objects.for_workspace(request.workspace).active().select_related("user")
    hidden = FOR_MAKERS if not request.member.may(Can.EDIT_AUDIENCE) else frozenset()
    return {
        "count": headcount(people),
        "sample": people.order_by("-created_at", "-pk")[:5],
        "tags": tags_in_use(request.member, request.now),
        "lists": current_lists(request.workspace),
        "attributes": current_attributes(request.workspace).values(),
        "sellers": colleagues.order_by("user__name", "pk"),
        "may_hand_over": BulkAction.HAND_OVER not in hidden,
    }


@page(Can.TEND_CONTACTS)
def bulk_list(request: MemberRequest) -> HttpResponse:
    """The latest changes to many."""
    edits = BulkEdit.objects.seen_by(request.member).select_related("by__user").order_by("-at", "-pk")[:MOST_SHOWN]
    context = {"edits": [(edit, bulk_words(edit)) for edit in edits]}
    return render(request, "audience/bulk_list.html", context)


@page(Can.TEND_CONTACTS)
def bulk_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """How far a change is, and the way back."""
    edit = _edit(request, pk)
    context = {
        "edit": edit,
        "words": bulk_words(edit),
        "can_undo": can_undo(edit, request.now),
        "undo_until": undo_until(edit),
        "limits": undo_limits(edit, request.now),
    }
    return render(request, "audience/_bulk_progress.html" if request.htmx else "audience/bulk_detail.html", context)


@action(Can.TEND_CONTACTS)
def bulk_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    edit = _edit(request, pk)
    services.cancel_bulk(edit=edit, by=request.member, now=request.now)
    messages.success(request, _("Stopped. What was done so far stays."))
    return redirect("audience:bulk_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.TEND_CONTACTS)
def bulk_undo(request: MemberRequest, pk: int) -> HttpResponse:
    edit = _edit(request, pk)
    services.undo_bulk(edit=edit, by=request.member, now=request.now)
    messages.success(request, _("Taking it back"))
    return redirect("audience:bulk_detail", workspace=request.workspace.slug, pk=pk)


def _edit(request: MemberRequest, pk: int) -> BulkEdit:
    return get_object_or_404(BulkEdit.objects.seen_by(request.member).select_related("by__user", "workspace"), pk=pk)
