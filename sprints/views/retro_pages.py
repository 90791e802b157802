"""The page of a retrospective, whichever step of it somebody looks at; htmx gets the room alone."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from sprints.charts import velocity
from sprints.forms.retro_rooms import LeadForm, WaysForm, ways_of
from sprints.forms.retros import ActionForm, NoteForm
from sprints.models import RetroPhase, Sprint, SprintQuerySet
from sprints.retro_facts import RetroFacts
from sprints.retro_owners import may_reopen, wants_report
from sprints.retro_room import Column, Room, room_of, worth_trend
from sprints.retrospect import more_than_last, recent_sprints, retro_figures
from sprints.views.returning import here
from strategy.models import Principle
from workspaces.http import UNPROCESSABLE, MemberRequest
from workspaces.models import Workspace

OVERVIEW = ""
"""All in one: before anybody began, and when it is closed."""

WITH_DATA = {OVERVIEW, RetroPhase.DATA.value}
WITH_EARLIER = {OVERVIEW, RetroPhase.LAST.value}
EARLIER = "earlier"
EARLIER_AT_FIRST = 30
TIMES = (3, 5, 10, 15)  # minutes offered for a step


def begun_sprints(workspace: Workspace) -> SprintQuerySet:
    sprints = Sprint.objects.for_workspace(workspace).begun()
    return sprints.select_related("workspace", "goal__kpi")


def room_address(sprint: Sprint, part: str = "") -> str:
    address = reverse("sprints:retro_detail", kwargs={"workspace": sprint.workspace.slug, "pk": sprint.pk})
    return f"{address}#{part}" if part else address


def back_to_room(request: MemberRequest, sprint: Sprint, part: str = "") -> HttpResponse:
    """To the step at which the team is."""
    return redirect(room_address(sprint, part))


def retro_page(request: MemberRequest, sprint: Sprint, *, fresh: str = "", **forms: Any) -> HttpResponse:
    """The room as this person may see it; `fresh` is the column whose form starts anew; a form with errors says 422."""
    room = room_of(sprint, request.member, request.now)
    shown = _shown_step(request, room)
    context: dict[str, Any] = {
        "sprint": sprint,
        "room": room,
        "shown": shown,
        "is_looking_back": shown not in {OVERVIEW, room.retro.phase},
        "steps": [(phase, phase.place < room.retro.step.place) for phase in RetroPhase],
        "following": _next_step(room),
        "here": here(request) if request.method == "GET" else room_address(sprint),
        "times": TIMES,
        "columns": [(column, _note_form(column, fresh, forms.get("note_form"))) for column in room.columns],
        "lead_form": LeadForm(workspace=request.workspace, initial={"member": room.retro.facilitator_id}),
        "ways_form": forms.get("ways_form") or WaysForm(initial=ways_of(room.retro)),
        "action_form": forms.get("action_form")
        or ActionForm(workspace=request.workspace, initial={"owner": request.member.pk}),
        "wants_report": partial(wants_report, request.workspace),
        "may_reopen": may_reopen(room.retro, request.member, request.now),
        "trend": worth_trend(request.workspace, sprint.number) if shown in {OVERVIEW, RetroPhase.CLOSE} else [],
    }
    context |= _data(request, sprint) if shown in WITH_DATA else {}
    context |= _earlier(request, room) if shown in WITH_EARLIER else {}
    template = "sprints/_retro_room.html" if request.htmx else "sprints/retro_detail.html"
    return render(request, template, context, status=UNPROCESSABLE if forms else 200)


def _earlier(request: MemberRequest, room: Room) -> dict[str, Any]:
    """What is open from earlier retrospectives, of very much the newest part; the rest on request."""
    rest = 0 if EARLIER in request.GET else max(len(room.earlier) - EARLIER_AT_FIRST, 0)
    return {"earlier": room.earlier[: len(room.earlier) - rest], "earlier_rest": rest}


def _shown_step(request: MemberRequest, room: Room) -> str:
    """The step that was asked for; else that of the team, or all in one while it is not under way."""
    asked = request.POST.get("shown") or request.GET.get("phase", "")
    if asked in RetroPhase.values:
        return asked
    return room.retro.phase if room.retro.is_under_way else OVERVIEW


def _next_step(room: Room) -> RetroPhase | None:
    later = [phase for phase in RetroPhase if phase.place > room.retro.step.place]
    return later[0] if later else None


def _note_form(column: Column, fresh: str, refused: Any) -> NoteForm:
    """What somebody has begun to write stays when the room is swapped, unless it was just taken."""
    if refused is not None and refused.data.get("kind") == column.kind:
        return refused  # type: ignore[no-any-return]  # the form that was filled in
    form = NoteForm(initial={"kind": column.kind}, auto_id=f"{column.kind}-%s")
    form.fields["text"].widget.attrs |= {"autofocus": True} if fresh == column.kind else {"hx-preserve": "true"}
    return form


def _data(request: MemberRequest, sprint: Sprint) -> dict[str, Any]:
    recent = recent_sprints(sprint)
    more = more_than_last(sprint, recent)
    [figures] = retro_figures([sprint])
    return {
        "figures": figures,
        "facts": RetroFacts(figures, request.now),
        "more": more,
        "less": -(more or 0),
        "velocity": velocity(recent),
        "principles": Principle.objects.for_workspace(request.workspace).current().order_by("created_at", "pk"),
    }
