"""A segment's rule as JSON, and whether it is watched."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.forms.segment import NewRuleTextForm, RuleTextForm
from audience.models import Segment
from audience.segments.as_text import rule_as_text, rule_from_text, with_place
from audience.segments.compile import sentence
from audience.segments.definition import EVERYBODY, SegmentBroken, read_definition
from audience.segments.fields import fields_of
from audience.segments.membership import unwatch_segment, watch_segment
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def segment_new_json(request: MemberRequest) -> HttpResponse:
    """A segment made of a rule that a colleague or a program wrote down."""
    form = NewRuleTextForm(request.POST or None, initial={"definition": rule_as_text(EVERYBODY)})
    if request.method == "POST" and form.is_valid() and (made := _made(request, form)):
        messages.success(request, _("Segment saved"))
        return redirect("audience:segment_edit", workspace=request.workspace.slug, pk=made.pk)
    context = {"form": form}
    return render(request, "audience/segment_new_json.html", context, status=UNPROCESSABLE if form.errors else 200)


def _made(request: MemberRequest, form: NewRuleTextForm) -> Segment | None:
    """The new segment; None when the form says why there is none."""
    given = form.cleaned_data
    with shown_on(form):
        try:
            return services.create_segment(
                workspace=request.workspace,
                name=given["name"],
                description=given["description"],
                definition=rule_from_text(given["definition"]),
                by=request.member,
                now=request.now,
            )
        except SegmentBroken as broken:
            form.add_error("definition", with_place(broken))
    return None


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def segment_json(request: MemberRequest, pk: int) -> HttpResponse:
    """The rule as text, whatever its depth."""
    segment = get_object_or_404(Segment.objects.for_workspace(request.workspace), pk=pk)
    if request.method != "POST":
        text = rule_as_text(read_definition(segment.definition))
        return _shown(request, segment, RuleTextForm(initial={"definition": text}))
    form = RuleTextForm(request.POST)
    if form.is_valid() and _is_saved(request, segment, form):
        messages.success(request, _("Segment saved"))
        return redirect("audience:segment_edit", workspace=request.workspace.slug, pk=segment.pk)
    return _shown(request, segment, form, status=UNPROCESSABLE)


def _is_saved(request: MemberRequest, segment: Segment, form: RuleTextForm) -> bool:
    try:
        services.update_segment(
            segment=segment,
            name=segment.name,
            description=segment.description,
            definition=rule_from_text(form.cleaned_data["definition"]),
            by=request.member,
            now=request.now,
        )
    except SegmentBroken as broken:
        form.add_error("definition", with_place(broken))
        return False
    return True


def _shown(request: MemberRequest, segment: Segment, form: RuleTextForm, status: int = 200) -> HttpResponse:
    try:
        words = sentence(read_definition(segment.definition), fields_of(request.workspace))
    except SegmentBroken as broken:
        words = with_place(broken)
    context = {"segment": segment, "form": form, "words": words}
    return render(request, "audience/segment_json.html", context, status=status)


@action(Can.EDIT_AUDIENCE)
def segment_watch(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin or end to keep who comes and who goes."""
    segment = get_object_or_404(Segment.objects.for_workspace(request.workspace), pk=pk)
    if request.POST.get("watch") == "0":
        unwatch_segment(segment=segment, by=request.member, now=request.now)
        messages.success(request, _("“%(name)s” is watched no longer") % {"name": segment.name})
    else:
        watch_segment(segment=segment, by=request.member, now=request.now)
        messages.success(
            request, _("From now on it is kept who comes into “%(name)s” and who goes") % {"name": segment.name}
        )
    return redirect("audience:segment_edit", workspace=request.workspace.slug, pk=segment.pk)
