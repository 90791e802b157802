"""Stories from other tools: upload, match the columns, try it out, import."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emailops.lib.csvfile import write_table
from sprints.forms.ideas import StoryFileForm, StoryMappingForm
from sprints.models import ImportStep, StoryImport, StoryKind
from sprints.services import story_imports
from sprints.services.story_imports import Plan
from sprints.story_files import read_stories_file
from workspaces.http import UNPROCESSABLE, MemberRequest, action, csv_download, page, shown_on
from workspaces.permissions import Can

SAMPLES = 3
SHOWN = 20


def _import(request: MemberRequest, pk: int) -> StoryImport:
    return get_object_or_404(StoryImport.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def storyimport_list(request: MemberRequest) -> HttpResponse:
    """Earlier files, and the upload of a new one."""
    form = StoryFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            file = form.cleaned_data["file"]
            found = story_imports.open_story_import(
                workspace=request.workspace,
                filename=file.name,
                file=read_stories_file(file.read()),
                by=request.member,
                now=request.now,
            )
            return redirect("sprints:storyimport_map", workspace=request.workspace.slug, pk=found.pk)
    earlier = StoryImport.objects.for_workspace(request.workspace).select_related("created_by__user").defer("rows")
    context = {"form": form, "imports": earlier.order_by("-created_at", "-pk")[:SHOWN]}
    return render(request, "sprints/storyimport_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def storyimport_map(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what each column is, see what would come of it, and then do it."""
    found = _import(request, pk)
    if found.step == ImportStep.DONE:
        return redirect("sprints:storyimport_detail", workspace=request.workspace.slug, pk=pk)
    guessed = found.mapping["columns"]
    form = StoryMappingForm(
        request.POST or None, header=found.header, guessed=guessed, initial={"kind": StoryKind.CAMPAIGN}
    )
    plan: Plan | None = None
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            if request.POST.get("do") == "import":
                return _imported(request, found, form)
            plan = story_imports.plan_import(found, form.mapping)
    context = _tried(found, form, plan)
    return render(request, "sprints/storyimport_map.html", context, status=UNPROCESSABLE if form.errors else 200)


def _imported(request: MemberRequest, found: StoryImport, form: StoryMappingForm) -> HttpResponse:
    plan = story_imports.run_import(found=found, mapping=form.mapping, by=request.member, now=request.now)
    count = len(plan.stories)
    words = ngettext("%(count)d story came in, at the end of the backlog",
                     "%(count)d stories came in, at the end of the backlog", count)  # fmt: skip
    messages.success(request, words % {"count": count})
    return redirect("sprints:storyimport_detail", workspace=request.workspace.slug, pk=found.pk)


def _tried(found: StoryImport, form: StoryMappingForm, plan: Plan | None) -> dict[str, Any]:
    samples = [row[1:] for row in found.rows]
    columns = [(column, [row[n] for row in samples if row[n]][:SAMPLES]) for n, column in enumerate(form.columns)]
    return {
        "form": form,
        "found": found,
        "columns": columns,
        "plan": plan,
        "first": plan.stories[:SHOWN] if plan else [],
        "refused": plan.refused[:SHOWN] if plan else [],
        "count": len(found.rows),
    }


@page(Can.EDIT_STORIES)
def storyimport_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """What came of a file."""
    found = _import(request, pk)
    if found.step != ImportStep.DONE:
        return redirect("sprints:storyimport_map", workspace=request.workspace.slug, pk=pk)
    context = {
        "found": found,
        "refused": found.refused[:SHOWN],
        "left": found.left[:SHOWN],
        "left_more": max(len(found.left) - SHOWN, 0),
    }
    return render(request, "sprints/storyimport_detail.html", context)


@page(Can.EDIT_STORIES)
def storyimport_refusals(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were not taken, and what of the others stayed behind, with the reason, as a CSV."""
    found = _import(request, pk)
    header = [_("Line"), _("Title"), _("What stayed behind, and why")]
    return csv_download(f"stories-not-imported-{found.pk}.csv", write_table(header, _rows(found)))


def _rows(found: StoryImport) -> Iterator[list[object]]:
    yield from found.refused
    yield from found.left


@action(Can.EDIT_STORIES)
def storyimport_discard(request: MemberRequest, pk: int) -> HttpResponse:
    found = _import(request, pk)
    story_imports.discard_import(found=found, by=request.member, now=request.now)
    messages.success(request, _("The file is forgotten"))
    return redirect("sprints:storyimport_list", workspace=request.workspace.slug)
