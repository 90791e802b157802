"""Rows of the sprints app: retrospectives."""

from typing import Any

from django.utils import timezone

from sprints.models import Retro, RetroGroup, RetroNote, RetroPhase, Sprint
from sprints.services.retro_rooms import close_retro, go_to_phase
from tests.factories.approvals import agreed_in, member_as, note_in
from tests.factories.retros import topic_of
from tests.factories.sprints import SprintFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, WRITE = Can.SEE_SPRINTS, Can.EDIT_STORIES
WAYS = {"prompts": "", "votes_each": "3", "may_stack": "on"}


def _closed(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SprintFactory.create(workspace=workspace, closed=True).pk}


def _in_sprint(workspace: Workspace) -> dict[str, Any]:
    return {"sprint_pk": _closed(workspace)["pk"]}


def _note(workspace: Workspace) -> dict[str, Any]:
    """The lead's own note, still hidden."""
    sprint = SprintFactory.create(workspace=workspace, closed=True)
    return {"pk": note_in(sprint, member_as(workspace, Role.LEAD), timezone.now()).pk}


def _at(workspace: Workspace, phase: RetroPhase) -> Sprint:
    """A retrospective at a step, led by the lead, with a note that everybody sees."""
    lead, now = member_as(workspace, Role.LEAD), timezone.now()
    sprint: Sprint = SprintFactory.create(workspace=workspace, closed=True)
    note_in(sprint, lead, now)
    go_to_phase(sprint=sprint, phase=phase, by=lead, now=now)
    return sprint


def _shown_note(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _at(workspace, RetroPhase.DISCUSS).notes.get().pk}


def _topic(workspace: Workspace) -> dict[str, Any]:
    return {"pk": topic_of(_at(workspace, RetroPhase.VOTE).notes.get()).pk}


def _two_topics(workspace: Workspace) -> dict[str, Any]:
    sprint = _at(workspace, RetroPhase.GROUP)
    note_in(sprint, member_as(workspace, Role.LEAD), timezone.now())
    return {"pk": RetroGroup.objects.filter(retro__sprint=sprint).earliest("pk").pk}


def _grouping(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _at(workspace, RetroPhase.GROUP).pk}


def _voting(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _at(workspace, RetroPhase.VOTE).pk}


def _voting_in(workspace: Workspace) -> dict[str, Any]:
    return {"sprint_pk": _voting(workspace)["pk"]}


def _agreed(workspace: Workspace) -> dict[str, Any]:
    sprint = SprintFactory.create(workspace=workspace, closed=True)
    return {"pk": agreed_in(sprint, member_as(workspace, Role.LEAD), timezone.now()).pk}


def _agree(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"text": "Ask the owner on Monday", "owner": MemberFactory.create(workspace=workspace).pk}


def _settle(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"sprint": _closed(workspace)["pk"], "answer": "done"}


def _to_lead(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"member": member_as(workspace, Role.LEAD).pk}


def _held(workspace: Workspace) -> dict[str, Any]:
    """A retrospective that was closed just now; the lead led it."""
    sprint = _at(workspace, RetroPhase.CLOSE)
    close_retro(sprint=sprint, by=member_as(workspace, Role.LEAD), now=timezone.now())
    return {"pk": sprint.pk}


def _held_in(workspace: Workspace) -> dict[str, Any]:
    return {"sprint_pk": _held(workspace)["pk"]}


def _held_for_owner(workspace: Workspace) -> dict[str, Any]:
    member_as(workspace, Role.OWNER)
    return _held(workspace)


def _held_for_owner_in(workspace: Workspace) -> dict[str, Any]:
    return {"sprint_pk": _held_for_owner(workspace)["pk"]}


def _gather(_workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    note = RetroNote.objects.filter(sprint=kwargs["pk"]).earliest("pk")
    topic = RetroGroup.objects.create(
        workspace=note.workspace, retro=Retro.objects.get(sprint=note.sprint), created_at=timezone.now()
    )
    return {"notes": [note.pk], "topic": topic.pk}


def _merge(_workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    topic = RetroGroup.objects.get(pk=kwargs["pk"])
    return {"into": RetroGroup.objects.filter(retro=topic.retro_id).exclude(pk=topic.pk).get().pk}


ROWS = [
    Row("sprints:retro_list", see=SEE),
    Row("sprints:retro_detail", see=SEE, kwargs=_closed),
    Row("sprints:retro_report", see=SEE, kwargs=_closed),
    Row("sprints:retro_pdf", see=SEE, kwargs=_closed),
    Row("sprints:retro_begin", act=WRITE, kwargs=_closed),
    Row("sprints:retro_join", act=WRITE, kwargs=_closed),
    Row("sprints:retro_phase", act=WRITE, kwargs=_closed, data=lambda _w, _k: {"phase": "write"}),
    Row("sprints:retro_timer", act=WRITE, kwargs=_closed, data=lambda _w, _k: {"minutes": "5"}),
    Row("sprints:retro_ready", act=WRITE, kwargs=_closed, data=lambda _w, _k: {"ready": "on"}),
    Row("sprints:retro_lead", act=WRITE, kwargs=_closed, data=_to_lead),
    Row("sprints:retro_ways", act=WRITE, kwargs=_closed, data=lambda _w, _k: WAYS),
    Row("sprints:retro_reveal", act=WRITE, kwargs=_voting, data=lambda _w, _k: {"shown": "on"}),
    Row("sprints:retro_worth", act=WRITE, kwargs=_closed, data=lambda _w, _k: {"stars": "4"}),
    Row("sprints:retro_close", act=WRITE, kwargs=_closed),
    Row("sprints:retro_reopen", act=WRITE, kwargs=_held),
    Row("sprints:retro_report_mail", act=WRITE, kwargs=_held_for_owner),
    Row("sprints:retro_gather", act=WRITE, kwargs=_grouping, data=_gather),
    Row("sprints:retro_note_add", act=WRITE, kwargs=_closed, data=lambda _w, _k: {"kind": "well", "text": "Good"}),
    Row("sprints:retro_note_remove", act=WRITE, kwargs=_note),
    Row("sprints:retro_note_report", act=WRITE, kwargs=_shown_note, data=lambda _w, _k: {"report": "on"}),
    Row("sprints:retro_topic_name", act=WRITE, kwargs=_topic, data=lambda _w, _k: {"name": "Feed"}),
    Row("sprints:retro_topic_decide", act=WRITE, kwargs=_topic, data=lambda _w, _k: {"decision": "Watch it."}),
    Row("sprints:retro_topic_merge", act=WRITE, kwargs=_two_topics, data=_merge),
    Row("sprints:retro_topic_vote", act=WRITE, kwargs=_topic),
    Row("sprints:retro_topic_discuss", act=WRITE, kwargs=_topic),
    Row("sprints:retro_action_add", act=WRITE, kwargs=_closed, data=_agree),
    Row("sprints:retro_action_story", act=WRITE, kwargs=_agreed),
    Row("sprints:retro_action_settle", act=WRITE, kwargs=_agreed, data=_settle),
]


def _note_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"sprint": _closed(workspace)["pk"], "kind": "hard", "text": "The feed was late"}


def _agree_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    owner = MemberFactory.create(workspace=workspace).user.email
    return {"sprint": _closed(workspace)["pk"], "text": "Ask the owner on Monday", "owner": owner}


def _lead_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"member": member_as(workspace, Role.LEAD).user.email}


def _merge_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"into": RetroGroup.objects.for_workspace(workspace).latest("pk").pk}


WAYS_BY_API = {"prompts": [], "votes_each": 3, "may_stack": True, "is_anonymous": False}

API_ROWS = [
    ApiRow("api:retro-list", {"get": SEE}, kwargs=_in_sprint),
    ApiRow("api:retro-pdf", {"get": SEE}, kwargs=_in_sprint),
    ApiRow("api:retro-begin", {"post": WRITE}, kwargs=_in_sprint),
    ApiRow("api:retro-join", {"post": WRITE}, kwargs=_in_sprint),
    ApiRow("api:retro-phase", {"post": WRITE}, kwargs=_in_sprint, data=lambda _w, _m: {"phase": "write"}),
    ApiRow("api:retro-timer", {"post": WRITE}, kwargs=_in_sprint, data=lambda _w, _m: {"minutes": 5}),
    ApiRow("api:retro-ready", {"post": WRITE}, kwargs=_in_sprint, data=lambda _w, _m: {"is_ready": True}),
    ApiRow("api:retro-lead", {"post": WRITE}, kwargs=_in_sprint, data=_lead_by_api),
    ApiRow("api:retro-ways", {"post": WRITE}, kwargs=_in_sprint, data=lambda _w, _m: WAYS_BY_API),
    ApiRow("api:retro-reveal", {"post": WRITE}, kwargs=_voting_in, data=lambda _w, _m: {"is_shown": True}),
    ApiRow("api:retro-worth", {"post": WRITE}, kwargs=_in_sprint, data=lambda _w, _m: {"stars": 4}),
    ApiRow("api:retro-close", {"post": WRITE}, kwargs=_in_sprint),
    ApiRow("api:retro-reopen", {"post": WRITE}, kwargs=_held_in),
    ApiRow("api:retro-mail", {"post": WRITE}, kwargs=_held_for_owner_in),
    ApiRow("api:retro-topic-detail", {"get": SEE}, kwargs=_topic),
    ApiRow("api:retro-topic-rename", {"post": WRITE}, kwargs=_topic, data=lambda _w, _m: {"name": "Feed"}),
    ApiRow("api:retro-topic-decide", {"post": WRITE}, kwargs=_topic, data=lambda _w, _m: {"decision": "Watch."}),
    ApiRow("api:retro-topic-merge", {"post": WRITE}, kwargs=_two_topics, data=_merge_by_api),
    ApiRow("api:retro-topic-vote", {"post": WRITE, "delete": WRITE}, kwargs=_topic),
    ApiRow("api:retro-topic-discuss", {"post": WRITE}, kwargs=_topic),
    ApiRow("api:retro-note-list", {"post": WRITE}, data=_note_by_api),
    ApiRow("api:retro-note-detail", {"get": SEE, "delete": WRITE}, kwargs=_note),
    ApiRow("api:retro-note-move", {"post": WRITE}, kwargs=_shown_note, data=lambda _w, _m: {"topic": None}),
    ApiRow("api:retro-note-report", {"post": WRITE}, kwargs=_shown_note, data=lambda _w, _m: {"in_report": True}),
    ApiRow("api:retro-action-list", {"post": WRITE}, data=_agree_by_api),
    ApiRow("api:retro-action-detail", {"get": SEE}, kwargs=_agreed),
    ApiRow("api:retro-action-story", {"post": WRITE}, kwargs=_agreed),
    ApiRow("api:retro-action-settle", {"post": WRITE}, kwargs=_agreed, data=_settle),
]
