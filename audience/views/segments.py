"""Segments: the list, and the builder with its live count."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.forms import SegmentForm
from audience.models import Contact, Segment
from audience.segments import builder
from audience.segments.compile import contacts_in, in_words, narrowing
from audience.segments.definition import Group, SegmentBroken, read_definition
from audience.segments.fields import Field, fields_of
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SAMPLE = 5


@page(Can.SEE_AUDIENCE)
def segment_list(request: MemberRequest) -> HttpResponse:
    """The segments with their size and their rule in words."""
    segments = Segment.objects.for_workspace(request.workspace).current().order_by("name", "pk")
    fields = fields_of(request.workspace)
    rows = [(segment, _described(request, segment, fields)) for segment in segments]
    return render(request, "audience/segment_list.html", {"rows": rows})


def _described(request: MemberRequest, segment: Segment, fields: dict[str, Field]) -> dict[str, Any]:
    try:
        definition = read_definition(segment.definition)
        people = contacts_in(request.workspace, definition, request.now).count()
        return {"people": people, "words": in_words(definition, fields)}
    except SegmentBroken as broken:
        return {"broken": str(broken)}


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def segment_new(request: MemberRequest) -> HttpResponse:
    form = SegmentForm(request.POST or None)
    drafts = builder.drafts_from_form(request.POST) if request.method == "POST" else _first_drafts()
    return _edit(request, form, None, drafts)


def _first_drafts() -> list[builder.GroupDraft]:
    return [builder.GroupDraft(rules=(builder.RuleDraft("consent", "any_of", ("given",)),))]


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def segment_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The builder; for a rule that a program made deeper than it can show, the rule in words."""
    segment = get_object_or_404(Segment.objects.for_workspace(request.workspace), pk=pk)
    initial = {"name": segment.name, "description": segment.description}
    form = SegmentForm(request.POST or None, initial=initial)
    if request.method == "POST":
        return _edit(request, form, segment, builder.drafts_from_form(request.POST))
    return _edit(request, form, segment, builder.drafts_from_definition(read_definition(segment.definition)))


def _edit(
    request: MemberRequest, form: SegmentForm, segment: Segment | None, drafts: list[builder.GroupDraft] | None
) -> HttpResponse:
    do = request.POST.get("do", "")
    if drafts is not None and do != "save":
        drafts = builder.after_button(drafts, do)
    drawn = builder.boxes(drafts or [], fields_of(request.workspace))
    if request.method == "POST" and do == "save" and form.is_valid():
        with shown_on(form):
            saved = _save(request, form, segment, builder.definition_of(drawn))
            messages.success(request, _("Segment saved"))
            return redirect("audience:segment_edit", workspace=request.workspace.slug, pk=saved.pk)
    status = UNPROCESSABLE if do == "save" and form.errors else 200
    context = {"form": form, "segment": segment, "is_editable": drafts is not None} | _live(request, segment, drawn)
    return render(request, "audience/segment_edit.html", context, status=status)


def _save(request: MemberRequest, form: SegmentForm, segment: Segment | None, definition: Group) -> Segment:
    chosen = {**form.cleaned_data, "definition": definition, "by": request.member, "now": request.now}
    if segment is None:
        return services.create_segment(workspace=request.workspace, **chosen)
    services.update_segment(segment=segment, **chosen)
    return segment


@page(Can.SEE_AUDIENCE)
def segment_preview(request: MemberRequest) -> HttpResponse:
    """The builder with its count, for what stands in the form; nothing is saved, so it is a GET."""
    drafts = builder.after_button(builder.drafts_from_form(request.GET), request.GET.get("do", ""))
    drawn = builder.boxes(drafts, fields_of(request.workspace))
    context = {"is_editable": True} | _live(request, None, drawn)
    return render(request, "audience/_builder.html", context)


def _live(request: MemberRequest, segment: Segment | None, drawn: list[builder.GroupBox]) -> dict[str, Any]:
    """What the builder shows beside the rules: how many, how the rules narrow, a few of the people."""
    fields = fields_of(request.workspace)
    context: dict[str, Any] = {"boxes": drawn, "field_groups": _by_group(fields)}
    try:
        definition = builder.definition_of(drawn) if drawn or segment is None else read_definition(segment.definition)
        people = contacts_in(request.workspace, definition, request.now)
        total = Contact.objects.for_workspace(request.workspace).count()
        count = people.count()
        return context | {
            "people": count,
            "share": count / total if total else 0.0,
            "total": total,
            "reachable": people.consenting().filter(suppression="").count(),
            "narrowing": narrowing(request.workspace, definition, request.now),
            "words": in_words(definition, fields),
            "sample": people.order_by("-created_at", "-pk")[:SAMPLE],
        }
    except SegmentBroken as broken:
        return context | {"broken": str(broken)}


def _by_group(fields: dict[str, Field]) -> list[tuple[str, list[Field]]]:
    groups: dict[str, list[Field]] = {}
    for found in fields.values():
        groups.setdefault(found.group, []).append(found)
    return list(groups.items())


@action(Can.EDIT_AUDIENCE)
def segment_archive(request: MemberRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment.objects.for_workspace(request.workspace), pk=pk)
    services.archive_segment(segment=segment, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is put away") % {"name": segment.name})
    return redirect("audience:segment_list", workspace=request.workspace.slug)
