"""The stand-up: today's with one's own entry, an earlier day's, the history, and what is in the way."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.forms.standups import EntryForm, ScheduleForm, StoryBlockerForm
from sprints.models import Sprint, StandUp, StandUpEntry
from sprints.moves import kept, shown
from sprints.services import standup_schedules, standups
from sprints.services.blockers import block_story
from sprints.services.standups import StandUpRefused, entry_before, offered_moves
from sprints.services.stories import StoryRefused
from sprints.standup_blockers import open_blockers, sprint_blockers, waiting_approvals
from sprints.standup_days import is_on, next_day, own_day, schedule_of
from sprints.standup_queries import (
    Team,
    agreed_by,
    kept_chart,
    latest_stand_up,
    offered_stories,
    stand_up_days,
    team_of,
)
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.notices.reading import mark_read, mark_shown
from workspaces.permissions import Can

PAGE_SIZE = 20
PARTS = {"team": "sprints/_stand_up_team.html", "blockers": "sprints/_stand_up_blockers.html"}


@page(Can.SEE_SPRINTS)
def stand_up_today(request: MemberRequest) -> HttpResponse:
    """The stand-up of one's own day; on a day off the last one. Each of its two live parts can be asked for alone."""
    part = PARTS.get(request.GET.get("part", "")) if request.htmx else None
    if part:
        return render(request, part, _around(request))
    today = StandUp.objects.for_workspace(request.workspace).filter(day=own_day(request.member, request.now))
    mark_shown(member=request.member, shown={"standup": today.values_list("pk", flat=True)}, now=request.now)
    return _today(request)


def _today(request: MemberRequest, **forms: Any) -> HttpResponse:
    context = _around(request)
    stand_up = context["stand_up"]
    if context["is_on"] and request.member.may(Can.EDIT_STORIES):
        context |= _own_part(request, stand_up, forms.get("entry_form"))
        context["blocker_form"] = forms.get("blocker_form") or StoryBlockerForm(
            workspace=request.workspace, initial={"owner": request.member.pk}
        )
    return render(request, "sprints/stand_up_today.html", context, status=UNPROCESSABLE if forms else 200)


def _around(request: MemberRequest) -> dict[str, Any]:
    """What everybody sees: the day, the team, and what is in the way."""
    schedule, today = schedule_of(request.workspace), own_day(request.member, request.now)
    is_today = is_on(schedule, today)
    stand_up = _stand_up_of(request, today, is_today=is_today)
    team = team_of(stand_up, schedule) if stand_up else Team([], [], [])
    return {
        "schedule": schedule,
        "is_on": is_today,
        "next_day": None if is_today else next_day(schedule, today),
        "today": today,
        "stand_up": stand_up,
        "team": team,
        "others": [card for card in team.cards if card.entry.member_id != request.member.pk],
        "is_off": any(member.pk == request.member.pk for member in team.off),
        "blockers": [(found, found.is_old(request.now)) for found in open_blockers(request.workspace)],
        "approvals": waiting_approvals(request.workspace),
        "running": Sprint.objects.for_workspace(request.workspace).running().first(),
        "now": request.now,
    }


def _stand_up_of(request: MemberRequest, day: date, *, is_today: bool) -> StandUp | None:
    if is_today:
        return standups.open_stand_up(workspace=request.workspace, day=day, now=request.now)
    return latest_stand_up(request.workspace, day)


def _own_part(request: MemberRequest, stand_up: StandUp, form: EntryForm | None) -> dict[str, Any]:
    before = entry_before(request.workspace, request.member, stand_up.day)
    form = form or _entry_form(request, stand_up, before)
    return {
        "entry_form": form,
        "entry": form.entry if form.entry.pk else None,
        "offered": shown(kept(form.offered_moves)),
        "before": before,
        "agreed": agreed_by(request.member),
        "chosen": [str(value) for value in form["moves"].value() or ()],
    }


def _entry_form(request: MemberRequest, stand_up: StandUp, before: StandUpEntry | None) -> EntryForm:
    """The form of one's own entry, new or begun."""
    found = stand_up.entries.select_related("member__user").filter(member=request.member).first()
    entry = found or StandUpEntry(
        workspace=request.workspace, stand_up=stand_up, member=request.member, created_at=request.now
    )
    entry.stand_up, entry.workspace = stand_up, request.workspace
    data = request.POST if request.method == "POST" else None
    stories = offered_stories(request.member, found)
    return EntryForm(data, entry=entry, moves=offered_moves(entry, before), stories=stories)


@action(Can.EDIT_STORIES)
def stand_up_entry(request: MemberRequest, pk: int) -> HttpResponse:
    """Save one's own entry; while it is written htmx does so, and is told when it was."""
    stand_ups = StandUp.objects.for_workspace(request.workspace).select_related("workspace")
    stand_up = get_object_or_404(stand_ups, pk=pk)
    form = _entry_form(request, stand_up, entry_before(request.workspace, request.member, stand_up.day))
    if form.is_valid():
        with shown_on(form):
            entry = standups.write_entry(stand_up=stand_up, answers=form.answers, by=request.member, now=request.now)
            if request.htmx:
                return render(request, "sprints/_stand_up_said.html", {"entry": entry})
            messages.success(request, _("Saved; the team can read it"))
            return redirect("sprints:stand_up_today", workspace=request.workspace.slug)
    if request.htmx:
        return render(request, "sprints/_stand_up_said.html", {"form": form}, status=UNPROCESSABLE)
    if stand_up.day != own_day(request.member, request.now):
        raise StandUpRefused(" ".join(str(error) for error in form.non_field_errors()))
    return _today(request, entry_form=form)


@action(Can.EDIT_STORIES)
def stand_up_blocker_add(request: MemberRequest) -> HttpResponse:
    """Say what is in a story's way, and who clears it."""
    form = StoryBlockerForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        with shown_on(form):
            block_story(by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("“%(story)s” is blocked now") % {"story": form.cleaned_data["story"]})
            return redirect("sprints:stand_up_today", workspace=request.workspace.slug)
    if not is_on(schedule_of(request.workspace), own_day(request.member, request.now)):
        raise StoryRefused(_("Choose a story of the running sprint, say what is in the way, and who clears it."))
    return _today(request, blocker_form=form)


@page(Can.SEE_SPRINTS)
def stand_up_list(request: MemberRequest) -> HttpResponse:
    """The stand-ups by day, newest first, and how plans were kept."""
    rows = Paginator(stand_up_days(request.workspace), PAGE_SIZE).get_page(request.GET.get("page"))
    is_own = request.GET.get("who") == "me"
    chart = kept_chart(request.workspace, own_day(request.member, request.now), request.member if is_own else None)
    sprints = Sprint.objects.for_workspace(request.workspace).begun().order_by("-number")
    context = {"rows": rows, "chart": chart, "is_own": is_own, "sprints": sprints[:6]}
    return render(request, "sprints/stand_up_list.html", context)


@page(Can.SEE_SPRINTS)
def stand_up_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """What everybody said on one day."""
    stand_up = get_object_or_404(StandUp.objects.for_workspace(request.workspace), pk=pk)
    mark_read(member=request.member, now=request.now, about=("standup", pk))
    days = StandUp.objects.for_workspace(request.workspace).filter(entries__isnull=False)
    context = {
        "stand_up": stand_up,
        "team": team_of(stand_up, schedule_of(request.workspace)),
        "before": days.filter(day__lt=stand_up.day).order_by("-day").first(),
        "after": days.filter(day__gt=stand_up.day).order_by("day").first(),
    }
    return render(request, "sprints/stand_up_detail.html", context)


@page(Can.SEE_SPRINTS)
def sprint_blockers_page(request: MemberRequest, pk: int) -> HttpResponse:
    """Everything that was in the way in one sprint, and how long."""
    sprints = Sprint.objects.for_workspace(request.workspace).select_related("workspace")
    sprint = get_object_or_404(sprints, pk=pk)
    found = sprint_blockers(sprint)
    context = {"sprint": sprint, "rows": [(blocker, blocker.age(request.now)) for blocker in found]}
    return render(request, "sprints/sprint_blockers.html", context)


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_stand_up(request: MemberRequest) -> HttpResponse:
    """When the stand-up is, and who takes part."""
    schedule = schedule_of(request.workspace)
    form = ScheduleForm(request.POST or None, schedule=schedule)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            standup_schedules.set_schedule(
                workspace=request.workspace, terms=form.terms, by=request.member, now=request.now
            )
            messages.success(request, _("Stand-up saved"))
            return redirect("sprints:settings_stand_up", workspace=request.workspace.slug)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "sprints/stand_up_settings.html", {"form": form, "schedule": schedule}, status=status)
