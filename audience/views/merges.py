"""Contacts that look like one person, and making them one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audience import services
from audience.attributes import shown_value
from audience.duplicates import likenesses
from audience.models import Contact
from audience.places import country_name
from audience.services import Pair, compare, current_attributes
from workspaces.http import MemberRequest, page
from workspaces.models import Workspace
from workspaces.permissions import Can


@page(Can.SEE_AUDIENCE)
def duplicate_list(request: MemberRequest) -> HttpResponse:
    """Who may be the same person."""
    found, looked_at = likenesses(request.member, request.now)
    return render(request, "audience/duplicate_list.html", {"found": found, "looked_at": looked_at})


@page(Can.TEND_CONTACTS, Can.TEND_CONTACTS)
def contact_merge(request: MemberRequest, pk: int, other_pk: int) -> HttpResponse:
    """Field by field, what the one contact will have; POST makes it."""
    rows = Contact.objects.seen_by(request.member).select_related("workspace", "seller__user")
    kept, merged = get_object_or_404(rows, pk=pk), get_object_or_404(rows.exclude(pk=pk), pk=other_pk)
    pairs = compare(kept, merged)
    if request.method == "POST":
        taken = [pair.name for pair in pairs if request.POST.get(pair.name) == "merged"]
        services.merge_contacts(kept=kept, merged=merged, from_merged=taken, by=request.member, now=request.now)
        messages.success(request, _("The two contacts are one now"))
        return redirect("audience:contact_detail", workspace=request.workspace.slug, pk=pk)
    shown = [_shown(pair, request.workspace) for pair in pairs]
    context = {"kept": kept, "merged": merged, "pairs": shown, "tags": sorted({*kept.tags, *merged.tags})}
    return render(request, "audience/contact_merge.html", context)


def _shown(pair: Pair, workspace: Workspace) -> dict[str, Any]:
    """A pair in words."""
    attribute = current_attributes(workspace).get(pair.name.removeprefix("attributes."))
    if pair.name.startswith("attributes.") and attribute is not None:
        words = [shown_value(attribute, value) if value is not None else "" for value in (pair.kept, pair.merged)]
        return {"pair": pair, "label": attribute.shown_label, "kept": words[0], "merged": words[1]}
    label = getattr(Contact._meta.get_field(pair.name), "verbose_name", pair.name)
    words = [country_name(value) if pair.name == "country" else str(value or "") for value in (pair.kept, pair.merged)]
    return {"pair": pair, "label": capfirst(str(label)), "kept": words[0], "merged": words[1]}
