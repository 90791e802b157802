"""Segments: the list, and the builder with its live count."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.figures import Figures, figures_of
from audience.finding import LARGEST_ID
from audience.forms import SegmentForm
from audience.models import Contact, ContactQuerySet, Segment
from audience.own_figures import kept_sizes, people_known, size_in
from audience.segments import builder
from audience.segments.compile import contacts_in, sentence
from audience.segments.counting import count_in, narrowing
from audience.segments.definition import Group, SegmentBroken, read_definition
from audience.segments.fields import Field, fields_of
from audience.segments.newest import newest_in
from audience.segments.sizes import size_of
from audience.segments.speed import slow_reasons
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SAMPLE = 5
MORE = "more"


@page(Can.SEE_AUDIENCE)
def segment_list(request: MemberRequest) -> HttpResponse:
    """The segments with their size and their rule in words."""
    segments = Segment.objects.for_workspace(request.workspace).current().order_by("name", "pk")
    fields = fields_of(request.workspace)
    sizes = kept_sizes(request.workspace, request.now)
    rows = [(segment, _described(request, segment, fields, sizes)) for segment in segments]
    return render(request, "audience/segment_list.html", {"rows": rows, "counted_at": sizes.counted_at})


def _described(request: MemberRequest, segment: Segment, fields: Mapping[str, Field], sizes: Figures) -> dict[str, Any]:
    try:
        definition = read_definition(segment.definition)
        people = size_in(sizes, segment)
        if people is None:
            people = count_in(request.workspace, definition, request.now, fields)
        slow = slow_reasons(request.workspace, definition, request.now, fields)
        return {"people": people, "words": sentence(definition, fields), "slow": slow}
    except SegmentBroken as broken:
        return {"broken": str(broken)}


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def segment_new(request: MemberRequest) -> HttpResponse:
    drafts = builder.drafts_from_form(request.POST) if request.method == "POST" else _first_drafts()
    return _edit(request, None, drafts)


def _first_drafts() -> list[builder.GroupDraft]:
    return [builder.GroupDraft(rules=(builder.RuleDraft("consent", "any_of", ("given",)),))]


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def segment_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The builder; for a rule that a program made deeper than it can show, the rule in words."""
    segment = get_object_or_404(Segment.objects.for_workspace(request.workspace), pk=pk)
    if request.method == "POST":
        return _edit(request, segment, builder.drafts_from_form(request.POST))
    return _edit(request, segment, builder.drafts_from_definition(read_definition(segment.definition)))


def _edit(request: MemberRequest, segment: Segment | None, drafts: list[builder.GroupDraft] | None) -> HttpResponse:
    do = request.POST.get("do", "")
    form = _form(request, segment, is_saved=do == "save")
    if drafts is not None and do != "save":
        drafts = builder.after_button(drafts, do)
    fields = fields_of(request.workspace)
    drawn = builder.boxes(drafts or [], fields)
    if do == "save" and form.is_valid():
        with shown_on(form):
            saved = _save(request, form, segment, builder.definition_of(drawn))
            messages.success(request, _("Segment saved"))
            return redirect("audience:segment_edit", workspace=request.workspace.slug, pk=saved.pk)
    shown = segment if drafts is None or request.method != "POST" else None
    context = {"form": form, "segment": segment, "is_deep": drafts is None} | _live(request, fields, drawn, shown)
    context |= size_of(segment) if segment else {}
    status = UNPROCESSABLE if do == "save" and form.errors else 200
    return render(request, "audience/segment_edit.html", context, status=status)


def _form(request: MemberRequest, segment: Segment | None, *, is_saved: bool) -> SegmentForm:
    """Name and description: checked when they are saved, kept as typed while the rules are built."""
    if is_saved:
        return SegmentForm(request.POST)
    known = {"name": segment.name, "description": segment.description} if segment else {}
    return SegmentForm(initial=known | request.POST.dict())


def _save(request: MemberRequest, form: SegmentForm, segment: Segment | None, definition: Group) -> Segment:
    chosen = {**form.cleaned_data, "definition": definition, "by": request.member, "now": request.now}
    if segment is None:
        return services.create_segment(workspace=request.workspace, **chosen)
    services.update_segment(segment=segment, **chosen)
    return segment


@page(Can.SEE_AUDIENCE)
def segment_preview(request: MemberRequest) -> HttpResponse:
    """The builder with its count, for what stands in the form; nothing is saved, so it is a GET.

    With `do=more` only what is told of a count among very many people afterwards.
    """
    do = request.GET.get("do", "")
    fields = fields_of(request.workspace)
    drawn = builder.boxes(builder.after_button(builder.drafts_from_form(request.GET), do), fields)
    if do == MORE:
        return render(request, "audience/_builder_more.html", _more_alone(request, fields, drawn))
    return render(request, "audience/_builder.html", _live(request, fields, drawn, None))


def _more_alone(request: MemberRequest, fields: Mapping[str, Field], drawn: list[builder.GroupBox]) -> dict[str, Any]:
    """For the rule in the form, or for a segment as it is kept."""
    asked = request.GET.get("segment", "")
    rows = Segment.objects.for_workspace(request.workspace)
    saved = get_object_or_404(rows, pk=min(int(asked), LARGEST_ID)) if asked.isdecimal() else None
    try:
        total = sum(people_known(request.workspace, request.now).values())
        return {"total": total} | _more(request, _rule(saved, drawn), fields)
    except SegmentBroken as broken:
        return {"broken": str(broken)}


def _rule(saved: Segment | None, drawn: list[builder.GroupBox]) -> Group:
    return read_definition(saved.definition) if saved else builder.definition_of(drawn, is_draft=True)


def _live(
    request: MemberRequest, fields: Mapping[str, Field], drawn: list[builder.GroupBox], saved: Segment | None
) -> dict[str, Any]:
    """What the builder shows: the rules and beside them how many people, how the rules narrow, a few of the people.

    With `saved` it is about that one's definition, as it is kept. Among very many people the page asks for what costs
    as many counts again when the count is there.
    """
    context: dict[str, Any] = {"boxes": drawn, "field_groups": _by_group(fields), "saved": saved}
    try:
        definition = _rule(saved, drawn)
        known = figures_of(request.workspace, "contacts", request.now)
        has_more = known.counted_at is None or MORE in {request.POST.get("do"), *request.GET}
        return context | {
            **_counted(request, definition, fields, saved, sum(known.numbers.values())),
            "slow": slow_reasons(request.workspace, definition, request.now, fields),
            "words": sentence(definition, fields),
            "sample": _newest(request, definition, fields),
            "has_more": has_more,
            **(_more(request, definition, fields) if has_more else {}),
        }
    except SegmentBroken as broken:
        return context | {"broken": str(broken)}


def _counted(
    request: MemberRequest, definition: Group, fields: Mapping[str, Field], saved: Segment | None, total: int
) -> dict[str, Any]:
    """How many people, and which share of all; of a segment as it is kept what a worker counted, if one did."""
    sizes = kept_sizes(request.workspace, request.now) if saved else Figures({})
    count, counted_at = (size_in(sizes, saved) if saved else None), sizes.counted_at
    if count is None:
        count, counted_at = count_in(request.workspace, definition, request.now, fields), None
    return {"people": count, "total": total, "share": count / total if total else 0.0, "counted_at": counted_at}


def _newest(request: MemberRequest, definition: Group, fields: Mapping[str, Field]) -> list[Contact]:
    def people(among: ContactQuerySet | None) -> ContactQuerySet:
        found = contacts_in(request.workspace, definition, request.now, fields, among=among)
        return found.seen_by(request.member)

    return newest_in(people, request.workspace, SAMPLE)


def _more(request: MemberRequest, definition: Group, fields: Mapping[str, Field]) -> dict[str, Any]:
    """How the conditions narrow the list, and how many of the people can be written to."""
    people = contacts_in(request.workspace, definition, request.now, fields)
    return {
        "narrowing": narrowing(request.workspace, definition, request.now, fields),
        "reachable": people.reachable().count(),
    }


def _by_group(fields: Mapping[str, Field]) -> list[tuple[str, list[Field]]]:
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
