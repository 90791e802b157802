"""Rows of everything around a story: comments, people, labels, checklists, files, links, single fields."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from sprints.models import Checklist
from tests.factories.audience import SegmentFactory
from tests.factories.sprints import StoryFactory
from tests.factories.talk import (
    PNG,
    AttachmentFactory,
    ChecklistFactory,
    ChecklistItemFactory,
    CommentFactory,
    LabelFactory,
    StoryLinkFactory,
)
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Member, Workspace
from workspaces.permissions import Can, Role

SEE, EDIT = Can.SEE_SPRINTS, Can.EDIT_STORIES


def _story(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryFactory.create(workspace=workspace).pk}


def _lead(workspace: Workspace) -> Member:
    """Who may everything, and whose comments the rows are about."""
    found = Member.objects.for_workspace(workspace).filter(role=Role.LEAD).first()
    made: Member = found or MemberFactory.create(workspace=workspace, role=Role.LEAD)
    return made


def _comment(workspace: Workspace) -> dict[str, Any]:
    return {"pk": CommentFactory.create(story__workspace=workspace, author=_lead(workspace), shared=True).pk}


def _label(workspace: Workspace) -> dict[str, Any]:
    return {"pk": LabelFactory.create(workspace=workspace).pk}


def _checklist(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ChecklistFactory.create(story__workspace=workspace).pk}


def _step(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ChecklistItemFactory.create(checklist__story__workspace=workspace).pk}


def _file(workspace: Workspace) -> dict[str, Any]:
    return {"pk": AttachmentFactory.create(story__workspace=workspace).pk}


def _link(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryLinkFactory.create(source__workspace=workspace).pk}


def _upload(*_ignored: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("serum.png", PNG)}


def _other_story(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"kind": "blocks", "story": StoryFactory.create(workspace=workspace).number}


def _segments(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"segments": [SegmentFactory.create(workspace=workspace).pk]}


SHARED = {"text": "Looks good.", "audience": "everybody"}

ROWS = [
    Row(
        "sprints:story_field",
        see=EDIT,
        act=EDIT,
        kwargs=lambda w: {**_story(w), "name": "points"},
        data=lambda _w, _k: {"points": "8", "seen_points": "3"},
    ),
    Row("sprints:comment_add", act=EDIT, kwargs=_story, data=lambda _w, _k: SHARED),
    Row("sprints:comment_edit", see=EDIT, act=EDIT, kwargs=_comment, data=lambda _w, _k: {"text": "Else."}),
    Row("sprints:comment_versions", see=SEE, kwargs=_comment),
    Row("sprints:comment_remove", act=EDIT, kwargs=_comment),
    Row("sprints:story_watch", act=SEE, kwargs=_story, data=lambda _w, _k: {"on": "on"}),
    Row(
        "sprints:story_helpers",
        act=EDIT,
        kwargs=_story,
        data=lambda w, _k: {"helpers": [MemberFactory.create(workspace=w).pk]},
    ),
    Row("sprints:story_labels", act=EDIT, kwargs=_story, data=lambda _w, _k: {"new": "Summer"}),
    Row("sprints:settings_labels", see=EDIT, act=EDIT, data=lambda _w, _k: {"name": "Summer", "tone": "ok"}),
    Row("sprints:label_edit", see=EDIT, act=EDIT, kwargs=_label, data=lambda _w, _k: {"name": "Fall", "tone": "warn"}),
    Row("sprints:label_remove", see=EDIT, act=EDIT, kwargs=_label),
    Row("sprints:checklist_add", act=EDIT, kwargs=_story, data=lambda _w, _k: {"name": "Before the send"}),
    Row("sprints:checklist_edit", see=EDIT, act=EDIT, kwargs=_checklist, data=lambda _w, _k: {"name": "After it"}),
    Row("sprints:checklist_remove", act=EDIT, kwargs=_checklist),
    Row("sprints:step_add", act=EDIT, kwargs=_checklist, data=lambda _w, _k: {"text": "Photograph"}),
    Row("sprints:step_tick", act=EDIT, kwargs=_step, data=lambda _w, _k: {"on": "on"}),
    Row("sprints:step_edit", see=EDIT, act=EDIT, kwargs=_step, data=lambda _w, _k: {"text": "Photograph again"}),
    Row("sprints:step_move", act=EDIT, kwargs=_step),
    Row("sprints:step_remove", act=EDIT, kwargs=_step),
    Row("sprints:attachment_add", act=EDIT, kwargs=_story, data=_upload),
    Row("sprints:attachment_file", see=SEE, kwargs=_file),
    Row("sprints:attachment_remove", act=EDIT, kwargs=_file),
    Row("sprints:story_link_add", act=EDIT, kwargs=_story, data=_other_story),
    Row("sprints:story_link_remove", act=EDIT, kwargs=_link),
    Row("sprints:story_segments", act=EDIT, kwargs=_story, data=_segments),
]


def _new_story(workspace: Workspace) -> int:
    return int(StoryFactory.create(workspace=workspace).pk)


def _two_stories(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"source": _new_story(workspace), "kind": "follows", "target": _new_story(workspace)}


def _step_data(workspace: Workspace, method: str) -> dict[str, Any]:
    lists = Checklist.objects.for_workspace(workspace)
    new = {"checklist": (lists.first() or ChecklistFactory.create(story__workspace=workspace)).pk}
    return {"text": "Photograph", **(new if method == "post" else {})}


API_ROWS = [
    ApiRow("api:comment-list", {"get": SEE, "post": EDIT}, data=lambda w, _m: {**SHARED, "story": _new_story(w)}),
    ApiRow(
        "api:comment-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_comment,
        data=lambda _w, _m: {"text": "Otherwise."},
    ),
    ApiRow("api:comment-versions", {"get": SEE}, kwargs=_comment),
    ApiRow("api:story-parts-around", {"get": SEE}, kwargs=_story),
    ApiRow("api:story-parts-labels", {"put": EDIT}, kwargs=_story, data=lambda _w, _m: {"labels": ["Summer"]}),
    ApiRow("api:story-parts-helpers", {"put": EDIT}, kwargs=_story, data=lambda _w, _m: {"helpers": []}),
    ApiRow("api:story-parts-segments", {"put": EDIT}, kwargs=_story, data=_segments),
    ApiRow("api:story-parts-watch", {"post": SEE}, kwargs=_story, data=lambda _w, _m: {"is_watching": True}),
    ApiRow("api:label-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"name": "Summer", "tone": "ok"}),
    ApiRow(
        "api:label-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_label,
        data=lambda _w, _m: {"name": "Winter", "tone": "teal"},
    ),
    ApiRow("api:label-merge", {"post": EDIT}, kwargs=_label, data=lambda w, _m: {"into": _label(w)["pk"]}),
    ApiRow(
        "api:checklist-list",
        {"get": SEE, "post": EDIT},
        data=lambda w, _m: {"story": _new_story(w), "name": "Before the send"},
    ),
    ApiRow(
        "api:checklist-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_checklist,
        data=lambda _w, _m: {"name": "After the send"},
    ),
    ApiRow("api:step-list", {"post": EDIT}, data=_step_data),
    ApiRow("api:step-detail", {"get": SEE, "put": EDIT, "delete": EDIT}, kwargs=_step, data=_step_data),
    ApiRow("api:step-tick", {"post": EDIT}, kwargs=_step, data=lambda _w, _m: {"is_done": True}),
    ApiRow("api:step-move", {"post": EDIT}, kwargs=_step),
    ApiRow(
        "api:attachment-list",
        {"get": SEE, "post": EDIT},
        data=lambda w, _m: {"story": _new_story(w), **_upload()},
        body="multipart",
    ),
    ApiRow("api:attachment-detail", {"get": SEE, "delete": EDIT}, kwargs=_file),
    ApiRow("api:attachment-file", {"get": SEE}, kwargs=_file),
    ApiRow("api:story-link-list", {"get": SEE, "post": EDIT}, data=_two_stories),
    ApiRow("api:story-link-detail", {"get": SEE, "delete": EDIT}, kwargs=_link),
]
