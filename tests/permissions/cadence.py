"""Rows of the sprints app: cadence, capacity, skills, scope and charts."""

from typing import Any

from django.utils import timezone

from sprints.models import Commitment, ScopeChange, ScopeEntry
from tests.factories.approvals import member_as
from tests.factories.cadence import (
    CapacityFactory,
    DaysOffFactory,
    HolidayFactory,
    SkillFactory,
    SprintTargetFactory,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import KpiFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


def _sprint(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SprintFactory.create(workspace=workspace).pk}


def _begun(workspace: Workspace) -> dict[str, Any]:
    sprint = SprintFactory.create(workspace=workspace, closed=True)
    Commitment.objects.create(
        workspace=workspace, sprint=sprint, snapshot={"points": 0, "stories": []}, made_at=timezone.now()
    )
    return {"pk": sprint.pk}


def _aiming(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SprintTargetFactory.create(sprint__workspace=workspace).sprint_id}


def _known_capacity(workspace: Workspace) -> dict[str, Any]:
    CapacityFactory.create(member__workspace=workspace)
    sprint = SprintFactory.create(workspace=workspace, capacity_points=None)
    return {"pk": sprint.pk}


def _line(workspace: Workspace) -> dict[str, Any]:
    story = StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace, closed=True))
    entry = ScopeEntry.objects.create(
        workspace=workspace, sprint=story.sprint, story=story, change=ScopeChange.ADDED, points=3, at=timezone.now()
    )
    return {"pk": entry.pk}


def _holiday(workspace: Workspace) -> dict[str, Any]:
    return {"pk": HolidayFactory.create(workspace=workspace).pk}


def _skill(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SkillFactory.create(workspace=workspace).pk}


def _story(workspace: Workspace) -> dict[str, Any]:
    SkillFactory.create(workspace=workspace)
    return {"pk": StoryFactory.create(workspace=workspace).pk}


def _member(workspace: Workspace) -> dict[str, Any]:
    return {"pk": member_as(workspace, Role.LEAD).pk}


def _off(workspace: Workspace) -> dict[str, Any]:
    return {"pk": DaysOffFactory.create(member=member_as(workspace, Role.LEAD)).pk}


def _target_data(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"kpi": KpiFactory.create(workspace=workspace, count=True).pk, "baseline": "3", "target": "4"}


def _cadence_data(*_ignored: Any) -> dict[str, Any]:
    return {
        "weeks": 2, "first_weekday": 0, "ahead": 1, "name_pattern": "Week {week}", "cool_down_days": 0,
        "unit": "points", "hours_per_point": "4",
    }  # fmt: skip


def _levels_data(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    """Of the lead, in a skill that the page shows."""
    skill = workspace_skill(workspace)
    return {f"level-{_member(workspace)['pk']}-{skill}": "2"}


def workspace_skill(workspace: Workspace) -> int:
    pk: int = SkillFactory.create(workspace=workspace).pk
    return pk


def _story_skills(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    return {f"skill-{workspace_skill(workspace)}": "2"}


def _lead_mail(workspace: Workspace) -> str:
    return member_as(workspace, Role.LEAD).user.email


DAYS_OFF = {"first_date": "2026-05-18", "last_date": "2026-05-19", "note": "Wedding"}

ROWS = [
    Row("sprints:settings_cadence", see=PLAN, act=PLAN, data=_cadence_data),
    Row("sprints:holiday_add", act=PLAN, data=lambda _w, _k: {"day": "2026-05-25", "name": "Letters"}),
    Row("sprints:holiday_remove", act=PLAN, kwargs=_holiday),
    Row("sprints:settings_skills", see=PLAN, act=PLAN, data=lambda _w, _k: {"name": "Photography"}),
    Row("sprints:skill_rename", act=PLAN, kwargs=_skill, data=lambda _w, _k: {"name": "Photography"}),
    Row("sprints:skill_archive", act=PLAN, kwargs=_skill),
    Row("sprints:sprint_cancel", see=PLAN, act=PLAN, kwargs=_sprint),
    Row("sprints:sprint_target", see=PLAN, act=PLAN, kwargs=_sprint, data=_target_data),
    Row("sprints:sprint_capacity", see=SEE, kwargs=_sprint),
    Row("sprints:sprint_capacity_use", act=PLAN, kwargs=_known_capacity),
    Row("sprints:sprint_scope", see=SEE, kwargs=_sprint),
    Row("sprints:sprint_scope_csv", see=SEE, kwargs=_sprint),
    Row("sprints:scope_reason", act=EDIT, kwargs=_line, data=lambda _w, _k: {"reason": "The owner asked."}),
    Row("sprints:sprint_charts", see=SEE, kwargs=_sprint),
    Row("sprints:team_charts", see=SEE),
    Row("sprints:team_skills_csv", see=SEE),
    Row("sprints:team_skills", see=SEE, act=EDIT, data=_levels_data),
    Row(
        "sprints:team_member",
        see=SEE,
        act=EDIT,
        kwargs=_member,
        data=lambda _w, _k: {"per_day": "0.5", "focus": "80", "weekdays": ["0", "1"]},
    ),
    Row("sprints:team_days_off", act=EDIT, kwargs=_member, data=lambda _w, _k: DAYS_OFF),
    Row("sprints:team_days_off_remove", act=EDIT, kwargs=_off),
    Row("sprints:story_skills", see=EDIT, act=EDIT, kwargs=_story, data=_story_skills),
]


def _capacity_data(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"member": _lead_mail(workspace), "per_day": "0.5", "focus_rate": 0.8, "weekdays": [0, 1]}


def _matrix_data(workspace: Workspace, _method: str) -> dict[str, Any]:
    levels = [{"skill": workspace_skill(workspace), "level": 2}]
    return {"member": _lead_mail(workspace), "levels": levels}


def _split_data(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"skills": [{"skill": workspace_skill(workspace), "points": 2}]}


API_ROWS = [
    ApiRow("api:sprintplan-cancel", {"post": PLAN}, kwargs=_sprint),
    ApiRow("api:sprintplan-target", {"get": SEE, "put": PLAN, "delete": PLAN}, kwargs=_aiming, data=_target_data),
    ApiRow("api:sprintplan-capacity", {"get": SEE, "post": PLAN}, kwargs=_known_capacity),
    ApiRow("api:sprintplan-commitment", {"get": SEE}, kwargs=_begun),
    ApiRow("api:sprintplan-scope-log", {"get": SEE}, kwargs=_begun),
    ApiRow("api:sprintplan-charts", {"get": SEE}, kwargs=_begun),
    ApiRow("api:scopeentry-detail", {"get": SEE}, kwargs=_line),
    ApiRow("api:scopeentry-reason", {"put": EDIT}, kwargs=_line, data=lambda _w, _m: {"reason": "Asked for."}),
    ApiRow(
        "api:holiday-list", {"get": SEE, "post": PLAN}, data=lambda _w, _m: {"day": "2026-05-25", "name": "Letters"}
    ),
    ApiRow("api:holiday-detail", {"get": SEE, "delete": PLAN}, kwargs=_holiday),
    ApiRow("api:team-cadence", {"put": PLAN, "get": SEE}, data=_cadence_data),
    ApiRow("api:team-matrix", {"get": SEE, "put": EDIT}, data=_matrix_data),
    ApiRow("api:team-capacity", {"get": SEE, "put": EDIT}, data=_capacity_data),
    ApiRow("api:team-charts", {"get": SEE}),
    ApiRow("api:team-following", {"get": SEE}),
    ApiRow("api:skill-list", {"get": SEE, "post": PLAN}, data=lambda _w, _m: {"name": "Photography"}),
    ApiRow(
        "api:skill-detail",
        {"get": SEE, "put": PLAN, "delete": PLAN},
        kwargs=_skill,
        data=lambda _w, _m: {"name": "Photography"},
    ),
    ApiRow(
        "api:daysoff-list",
        {"get": SEE, "post": EDIT},
        data=lambda workspace, _m: {"member": _lead_mail(workspace), **DAYS_OFF},
    ),
    ApiRow("api:daysoff-detail", {"get": SEE, "delete": EDIT}, kwargs=_off),
    ApiRow("api:storyskills-skills", {"get": SEE, "put": EDIT}, kwargs=_story, data=_split_data),
]
