"""Rows of what helps to keep a backlog: many at once, lists, searches, templates, scores, ideas, files."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sprints.models import ScoreFormula
from tests.factories.backlog import (
    BulkChangeFactory,
    IdeaFactory,
    IntakeLinkFactory,
    SavedFilterFactory,
    ScoreFactory,
    StoryImportFactory,
    StoryTemplateFactory,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Member, Workspace
from workspaces.permissions import Can, Role

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS
FORMULA = {"name": "Worth", "expression": "impact / points"}
TEMPLATE = {"name": "Reminder", "kind": "campaign", "criteria": "One picture"}


def _story(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryFactory.create(workspace=workspace).pk}


def _lead(workspace: Workspace) -> Member:
    """Who writes in the matrix: what only its author may take back is the lead's."""
    found = Member.objects.for_workspace(workspace).filter(role=Role.LEAD).first()
    made: Member = found or MemberFactory.create(workspace=workspace, role=Role.LEAD)
    return made


def _change(workspace: Workspace) -> dict[str, Any]:
    story = StoryFactory.create(workspace=workspace, kind="build")
    pk = str(story.pk)
    change = BulkChangeFactory.create(
        by=_lead(workspace), before={pk: {"kind": "campaign"}}, after={pk: {"kind": "build"}}
    )
    return {"pk": change.pk}


def _filter(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SavedFilterFactory.create(member=_lead(workspace)).pk}


def _template(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryTemplateFactory.create(workspace=workspace).pk}


def _idea(workspace: Workspace) -> dict[str, Any]:
    return {"pk": IdeaFactory.create(workspace=workspace).pk}


def _declined(workspace: Workspace) -> dict[str, Any]:
    return {"pk": IdeaFactory.create(workspace=workspace, state="declined").pk}


def _link(workspace: Workspace) -> dict[str, Any]:
    return {"pk": IntakeLinkFactory.create(workspace=workspace).pk}


def _file(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryImportFactory.create(workspace=workspace).pk}


def _imported(workspace: Workspace) -> dict[str, Any]:
    return {
        "pk": StoryImportFactory.create(workspace=workspace, step="done", rows=[], refused=[[4, "", "No title"]]).pk
    }


def _formula(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    ScoreFormula.objects.get_or_create(workspace=workspace, defaults=FORMULA)
    return {}


def _next_week(*_ignored: Any) -> str:
    return (timezone.now().date() + timedelta(days=7)).isoformat()


def _columns(*_ignored: Any) -> dict[str, Any]:
    return {
        "do": "import", "kind": "campaign", "column_0": "title", "column_1": "points", "column_2": "external_id",
    }  # fmt: skip


ROWS = [
    Row("sprints:story_bulk", act=EDIT, data=lambda w, _k: {"do": "top", "story": _story(w)["pk"]}),
    Row("sprints:story_bulk_plan", act=PLAN, data=lambda w, _k: {"do": "drop", "story": _story(w)["pk"]}),
    Row("sprints:story_bulk_undo", act=EDIT, kwargs=_change),
    Row("sprints:story_paste", see=EDIT, act=EDIT, data=lambda _w, _k: {"do": "save", "text": "One\nTwo"}),
    Row("sprints:storyfilter_save", act=EDIT, data=lambda _w, _k: {"name": "Mine", "query": "who=me"}),
    Row("sprints:storyfilter_remove", act=EDIT, kwargs=_filter),
    Row("sprints:score_formula", see=SEE, act=PLAN, data=lambda _w, _k: FORMULA),
    Row("sprints:score_formula_drop", act=PLAN, data=_formula),
    Row("sprints:story_score", see=EDIT, act=EDIT, kwargs=_story, data=lambda _w, _k: {"impact": "5"}),
    Row("sprints:story_origin", see=EDIT, act=EDIT, kwargs=_story, data=lambda _w, _k: {"kind": "answer"}),
    Row("sprints:story_to_template", act=EDIT, kwargs=_story, data=lambda _w, _k: {"name": "Reminder"}),
    Row("sprints:storytemplate_list", see=SEE),
    Row("sprints:storytemplate_new", see=EDIT, act=EDIT, data=lambda _w, _k: TEMPLATE),
    Row("sprints:storytemplate_edit", see=EDIT, act=EDIT, kwargs=_template, data=lambda _w, _k: TEMPLATE),
    Row("sprints:storytemplate_remove", act=EDIT, kwargs=_template),
    Row(
        "sprints:storyimport_list",
        see=EDIT,
        act=EDIT,
        data=lambda _w, _k: {"file": SimpleUploadedFile("stories.csv", b"Title\nSerum\n")},
    ),
    Row("sprints:storyimport_map", see=EDIT, act=EDIT, kwargs=_file, data=_columns),
    Row("sprints:storyimport_detail", see=EDIT, kwargs=_imported),
    Row("sprints:storyimport_refusals", see=EDIT, kwargs=_imported),
    Row("sprints:storyimport_discard", act=EDIT, kwargs=_file),
    Row("sprints:idea_list", see=SEE, act=EDIT, data=lambda _w, _k: {"title": "Ask for a photo"}),
    Row("sprints:idea_accept", act=PLAN, kwargs=_idea),
    Row(
        "sprints:idea_merge",
        act=PLAN,
        kwargs=_idea,
        data=lambda w, _k: {"story": StoryFactory.create(workspace=w).number},
    ),
    Row("sprints:idea_snooze", act=PLAN, kwargs=_idea, data=lambda _w, _k: {"until": _next_week()}),
    Row("sprints:idea_decline", act=PLAN, kwargs=_idea, data=lambda _w, _k: {"reason": "Too early"}),
    Row("sprints:idea_reopen", act=PLAN, kwargs=_declined),
    Row("sprints:intakelink_list", see=PLAN, act=PLAN, data=lambda _w, _k: {"label": "The shop floor"}),
    Row("sprints:intakelink_revoke", act=PLAN, kwargs=_link),
]


def _scored(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ScoreFactory.create(story__workspace=workspace).story_id}


def _bulk(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"action": "top", "stories": [_story(workspace)["pk"]]}


def _bulk_plan(workspace: Workspace, _method: str) -> dict[str, Any]:
    sprint = SprintFactory.create(workspace=workspace)
    return {"action": "sprint", "stories": [_story(workspace)["pk"]], "sprint": sprint.pk}


def _template_data(_workspace: Workspace, method: str) -> dict[str, Any]:
    return {**TEMPLATE, "name": f"By {method}", "criteria": ["One picture"]}


API_ROWS = [
    ApiRow("api:story-score", {"get": SEE, "put": EDIT}, kwargs=_scored, data=lambda _w, _m: {"impact": 7}),
    ApiRow("api:story-tried-before", {"get": SEE}, kwargs=_story),
    ApiRow(
        "api:story-origin",
        {"get": SEE, "put": EDIT},
        kwargs=_story,
        data=lambda _w, _m: {"kind": "answer", "words": "So"},
    ),
    ApiRow("api:story-drafts", {"post": EDIT}, data=lambda _w, _m: {"text": "One\nTwo"}),
    ApiRow("api:story-import", {"post": EDIT}, data=lambda _w, _m: {"content": "Title\nSerum", "dry_run": True}),
    ApiRow("api:story-many", {"post": EDIT}, data=_bulk),
    ApiRow("api:story-many-plan", {"post": PLAN}, data=_bulk_plan),
    ApiRow("api:story-change-undo", {"post": EDIT}, kwargs=_change),
    ApiRow("api:story-formula", {"get": SEE, "put": PLAN, "delete": PLAN}, data=lambda _w, _m: FORMULA),
    ApiRow("api:story-template-list", {"get": SEE, "post": EDIT}, data=_template_data),
    ApiRow(
        "api:story-template-detail", {"get": SEE, "put": EDIT, "delete": EDIT}, kwargs=_template, data=_template_data
    ),
    ApiRow(
        "api:story-search-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"name": "Mine", "query": "who=me"}
    ),
    ApiRow("api:story-search-detail", {"delete": EDIT}, kwargs=_filter),
    ApiRow("api:idea-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"title": "Ask for a photo"}),
    ApiRow("api:idea-detail", {"get": SEE}, kwargs=_idea),
    ApiRow("api:idea-accept", {"post": PLAN}, kwargs=_idea),
    ApiRow("api:idea-merge", {"post": PLAN}, kwargs=_idea, data=lambda w, _m: {"story": _story(w)["pk"]}),
    ApiRow("api:idea-snooze", {"post": PLAN}, kwargs=_idea, data=lambda _w, _m: {"until": _next_week()}),
    ApiRow("api:idea-decline", {"post": PLAN}, kwargs=_idea, data=lambda _w, _m: {"reason": "Too early"}),
    ApiRow("api:idea-reopen", {"post": PLAN}, kwargs=_declined),
    ApiRow("api:idea-page-list", {"get": PLAN, "post": PLAN}, data=lambda _w, _m: {"label": "The shop floor"}),
    ApiRow("api:idea-page-close", {"post": PLAN}, kwargs=_link),
]
