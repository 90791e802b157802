"""Checklists of a story and their steps."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from sprints.forms.talk import NameForm, StepEditForm, StepForm, StepMoveForm, SwitchForm
from sprints.models import Checklist, ChecklistItem
from sprints.services import checklists
from sprints.services.checklists import ChecklistRefused
from sprints.views.around import story_or_404, to_story
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

EDIT = Can.EDIT_STORIES
PART = "lists"


@action(EDIT)
def checklist_add(request: MemberRequest, pk: int) -> HttpResponse:
    story, form = story_or_404(request, pk), NameForm(request.POST)
    if not form.is_valid():
        raise ChecklistRefused(_("Give the checklist a name of at most 80 letters."))
    checklists.add_checklist(story=story, name=form.cleaned_data["name"], by=request.member, now=request.now)
    return to_story(request, pk, PART)


def _checklist(request: MemberRequest, pk: int) -> Checklist:
    found = Checklist.objects.for_workspace(request.workspace).select_related("story__workspace", "workspace")
    return get_object_or_404(found, pk=pk)


def _item(request: MemberRequest, pk: int) -> ChecklistItem:
    found = ChecklistItem.objects.for_workspace(request.workspace)
    return get_object_or_404(found.select_related("checklist__story__workspace", "assignee__user"), pk=pk)


@page(EDIT, EDIT)
def checklist_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Another name for a checklist, or its end."""
    checklist = _checklist(request, pk)
    form = NameForm(request.POST or None, initial={"name": checklist.name})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            name = form.cleaned_data["name"]
            checklists.rename_checklist(checklist=checklist, name=name, by=request.member, now=request.now)
            return to_story(request, checklist.story_id, PART)
    context = {"form": form, "checklist": checklist, "story": checklist.story, "steps": checklist.items.count()}
    return render(request, "sprints/checklist_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(EDIT)
def checklist_remove(request: MemberRequest, pk: int) -> HttpResponse:
    checklist = _checklist(request, pk)
    checklists.remove_checklist(checklist=checklist, by=request.member, now=request.now)
    return to_story(request, checklist.story_id, PART)


@action(EDIT)
def step_add(request: MemberRequest, pk: int) -> HttpResponse:
    checklist, form = _checklist(request, pk), StepForm(request.POST)
    if not form.is_valid():
        raise ChecklistRefused(_("Write the step in at most 200 letters."))
    checklists.add_item(checklist=checklist, text=form.cleaned_data["text"], by=request.member, now=request.now)
    return to_story(request, checklist.story_id, PART)


@action(EDIT)
def step_tick(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark a step as done, or not; an empty answer is not."""
    item, form = _item(request, pk), SwitchForm(request.POST)
    is_done = form.is_valid() and form.cleaned_data["on"]
    checklists.tick_item(item=item, is_done=is_done, by=request.member, now=request.now)
    return to_story(request, item.checklist.story_id, PART)


@page(EDIT, EDIT)
def step_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Other words for a step, and who does it."""
    item = _item(request, pk)
    initial = {"text": item.text, "assignee": item.assignee_id}
    form = StepEditForm(request.POST or None, initial=initial, workspace=request.workspace)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            checklists.change_item(item=item, by=request.member, now=request.now, **form.cleaned_data)
            return to_story(request, item.checklist.story_id, PART)
    context = {"form": form, "item": item, "story": item.checklist.story}
    return render(request, "sprints/step_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(EDIT)
def step_move(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a step before another one, or at the end."""
    item = _item(request, pk)
    form = StepMoveForm(request.POST, item=item)
    if not form.is_valid():
        raise ChecklistRefused(_("The list has changed since you loaded it. Load the page again."))
    checklists.move_item(item=item, before=form.cleaned_data["before"], by=request.member, now=request.now)
    return to_story(request, item.checklist.story_id, PART)


@action(EDIT)
def step_remove(request: MemberRequest, pk: int) -> HttpResponse:
    item = _item(request, pk)
    checklists.remove_item(item=item, by=request.member, now=request.now)
    return to_story(request, item.checklist.story_id, PART)
