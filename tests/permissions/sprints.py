"""Rows of the sprints app: stories and sprints."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from sprints.models import AcceptanceCriterion, Sprint
from tests.factories.audience import SegmentFactory
from tests.factories.sprints import CriterionFactory, SprintFactory, StoryFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS
STORY = {"title": "Remind people before the serum is empty", "kind": "campaign"}


def _story(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryFactory.create(workspace=workspace).pk}


def _criterion(workspace: Workspace) -> dict[str, Any]:
    return {"pk": CriterionFactory.create(story__workspace=workspace).pk}


def _story_to_tick(workspace: Workspace) -> dict[str, Any]:
    return {"pk": CriterionFactory.create(story__workspace=workspace).story_id}


def _sprint(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SprintFactory.create(workspace=workspace).pk}


def _full_sprint(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace)).sprint_id}


def _running_sprint(workspace: Workspace) -> dict[str, Any]:
    running = Sprint.objects.for_workspace(workspace).running().first() or SprintFactory.create(
        workspace=workspace, running=True
    )
    return {"pk": running.pk}


def _days(first: int, last: int) -> tuple[str, str]:
    today = timezone.now().date()
    return (today + timedelta(days=first)).isoformat(), (today + timedelta(days=last)).isoformat()


def _sprint_data(*_ignored: Any) -> dict[str, Any]:
    start, end = _days(1, 12)
    return {"name": "Summer", "start_date": start, "end_date": end}


def _belief(*_ignored: Any) -> dict[str, Any]:
    return {
        "because": "They reorder late", "change": "a reminder", "audience": "buyers", "metric": "click_rate",
        "baseline": "3", "expected": "4", "minimum_effect": "0.5", "check_date": _days(28, 28)[0],
    }  # fmt: skip


def _brief(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    start, end = _days(1, 7)
    return {
        "segment": SegmentFactory.create(workspace=workspace).pk, "window_start": start, "window_end": end,
        "cost": "0", "expected_low": "100", "expected_high": "200",
    }  # fmt: skip


ROWS = [
    Row("sprints:story_list", see=SEE, act=EDIT, data=lambda _w, _k: {"title": "A new idea"}),
    Row("sprints:story_new", see=EDIT, act=EDIT, data=lambda _w, _k: STORY),
    Row("sprints:story_detail", see=SEE, kwargs=_story),
    Row("sprints:story_edit", see=EDIT, act=EDIT, kwargs=_story, data=lambda _w, _k: STORY),
    Row("sprints:story_criteria", act=EDIT, kwargs=_story, data=lambda _w, _k: {"criteria": "One\nTwo"}),
    Row("sprints:criterion_tick", act=EDIT, kwargs=_criterion, data=lambda _w, _k: {"is_met": "on"}),
    Row("sprints:story_hypothesis", see=EDIT, act=EDIT, kwargs=_story, data=_belief),
    Row("sprints:story_brief", see=EDIT, act=EDIT, kwargs=_story, data=_brief),
    Row("sprints:story_plan", act=PLAN, kwargs=_story, data=lambda w, _k: {"sprint": _sprint(w)["pk"]}),
    Row("sprints:story_move", act=EDIT, kwargs=_story),
    Row("sprints:story_drop", act=PLAN, kwargs=_story),
    Row("sprints:sprint_list", see=SEE),
    Row("sprints:sprint_new", see=PLAN, act=PLAN, data=_sprint_data),
    Row("sprints:sprint_detail", see=SEE, kwargs=_sprint),
    Row("sprints:sprint_edit", see=PLAN, act=PLAN, kwargs=_sprint, data=_sprint_data),
    Row("sprints:sprint_start", act=PLAN, kwargs=_full_sprint),
    Row(
        "sprints:sprint_close", see=PLAN, act=PLAN, kwargs=_running_sprint, data=lambda _w, _k: {"carry_to": "backlog"}
    ),
]


def _tick(workspace: Workspace, _method: str) -> dict[str, Any]:
    criterion = AcceptanceCriterion.objects.for_workspace(workspace).latest("pk")
    return {"criterion": criterion.pk, "is_met": True}


API_ROWS = [
    ApiRow("api:story-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: STORY),
    ApiRow("api:story-detail", {"get": SEE, "put": EDIT}, kwargs=_story, data=lambda _w, _m: STORY),
    ApiRow("api:story-tick", {"post": EDIT}, kwargs=_story_to_tick, data=_tick),
    ApiRow("api:story-plan", {"post": PLAN}, kwargs=_story, data=lambda w, _m: {"sprint": _sprint(w)["pk"]}),
    ApiRow("api:story-move", {"post": EDIT}, kwargs=_story),
    ApiRow("api:story-drop", {"post": PLAN}, kwargs=_story),
    ApiRow("api:sprint-list", {"get": SEE, "post": PLAN}, data=_sprint_data),
    ApiRow("api:sprint-detail", {"get": SEE, "put": PLAN}, kwargs=_sprint, data=lambda _w, _m: {"name": "Summer"}),
    ApiRow("api:sprint-start", {"post": PLAN}, kwargs=_full_sprint),
    ApiRow("api:sprint-close", {"post": PLAN}, kwargs=_running_sprint),
]
