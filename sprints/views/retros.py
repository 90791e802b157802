"""Retrospectives: what was promised and what came, what the team says, and what it agreed on."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from sprints.charts import velocity
from sprints.forms.retros import ActionForm, NoteForm
from sprints.models import NoteKind, RetroAction, RetroNote, Sprint, SprintQuerySet
from sprints.retrospect import more_than_last, recent_sprints, retro_figures
from sprints.services import retros
from strategy.models import Principle
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Workspace
from workspaces.permissions import Can

PAGE_SIZE = 20
COLUMNS = {NoteKind.WELL: ("ok", "smile"), NoteKind.HARD: ("bad", "frown"), NoteKind.NEXT: ("accent", "lightbulb")}


@page(Can.SEE_SPRINTS)
def retro_list(request: MemberRequest) -> HttpResponse:
    """The sprints that ran or run, newest first, with their key figures."""
    sprints = Paginator(_begun(request.workspace).order_by("-number"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"rows": sprints, "lines": retro_figures(list(sprints))}
    return render(request, "sprints/retro_list.html", context)


def _begun(workspace: Workspace) -> SprintQuerySet:
    sprints = Sprint.objects.for_workspace(workspace).begun()
    return sprints.select_related("workspace", "goal__kpi")


@page(Can.SEE_SPRINTS)
def retro_detail(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = get_object_or_404(_begun(request.workspace), pk=pk)
    return _retro(request, sprint)


def _retro(request: MemberRequest, sprint: Sprint, **forms: NoteForm | ActionForm) -> HttpResponse:
    recent = recent_sprints(sprint)
    more = more_than_last(sprint, recent)
    [figures] = retro_figures([sprint])
    context: dict[str, Any] = {
        "sprint": sprint,
        "figures": figures,
        "more": more,
        "less": -(more or 0),
        "velocity": velocity(recent),
        "principles": Principle.objects.for_workspace(request.workspace).current().order_by("created_at", "pk"),
        "columns": _columns(sprint, forms.get("note_form")),
        "actions": sprint.actions.select_related("owner__user", "story__sprint").order_by("created_at", "pk"),
        "action_form": forms.get("action_form")
        or ActionForm(workspace=request.workspace, initial={"owner": request.member.pk}),
    }
    return render(request, "sprints/retro_detail.html", context, status=UNPROCESSABLE if forms else 200)


def _columns(sprint: Sprint, refused: Any) -> list[dict[str, Any]]:
    """The three columns, each with its notes, oldest first, and a form for one more."""
    notes = list(sprint.notes.select_related("author__user").order_by("created_at", "pk"))
    asked = refused.data.get("kind") if refused else None
    return [
        {
            "kind": kind,
            "tone": tone,
            "icon": icon,
            "notes": [note for note in notes if note.kind == kind],
            "form": refused if asked == kind else NoteForm(initial={"kind": kind}, auto_id=f"{kind}-%s"),
        }
        for kind, (tone, icon) in COLUMNS.items()
    ]


@action(Can.EDIT_STORIES)
def retro_note_add(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = get_object_or_404(_begun(request.workspace), pk=pk)
    form = NoteForm(request.POST, auto_id=f"{request.POST.get('kind')}-%s")
    if form.is_valid():
        with shown_on(form):
            kind = NoteKind(form.cleaned_data["kind"])
            text = form.cleaned_data["text"]
            retros.add_note(sprint=sprint, kind=kind, text=text, by=request.member, now=request.now)
            return _back(request, sprint, "notes")
    return _retro(request, sprint, note_form=form)


@action(Can.EDIT_STORIES)
def retro_note_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back one's own note."""
    notes = RetroNote.objects.for_workspace(request.workspace).select_related("sprint__workspace")
    note = get_object_or_404(notes, pk=pk)
    retros.remove_note(note=note, by=request.member, now=request.now)
    messages.success(request, _("Note removed"))
    return _back(request, note.sprint, "notes")


@action(Can.EDIT_STORIES)
def retro_action_add(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = get_object_or_404(_begun(request.workspace), pk=pk)
    form = ActionForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        with shown_on(form):
            retros.agree_action(sprint=sprint, by=request.member, now=request.now, **form.cleaned_data)
            return _back(request, sprint, "agreed")
    return _retro(request, sprint, action_form=form)


@action(Can.EDIT_STORIES)
def retro_action_story(request: MemberRequest, pk: int) -> HttpResponse:
    """Carry on with what was agreed as a story on top of the backlog."""
    agreed = get_object_or_404(RetroAction.objects.for_workspace(request.workspace).select_related("sprint"), pk=pk)
    story = retros.turn_into_story(action=agreed, by=request.member, now=request.now)
    messages.success(request, _("“%(story)s” is on top of the backlog") % {"story": story})
    return _back(request, agreed.sprint, "agreed")


def _back(request: MemberRequest, sprint: Sprint, part: str) -> HttpResponse:
    page_of = reverse("sprints:retro_detail", kwargs={"workspace": request.workspace.slug, "pk": sprint.pk})
    return redirect(f"{page_of}#{part}")
