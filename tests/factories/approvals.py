"""Plans that are ready for the owner, and requests made for them by the service, as people make them."""

from datetime import datetime, timedelta
from typing import Any

from audience.models import Segment
from sprints.answers import Answer
from sprints.models import (
    ApprovalRequest,
    NoteKind,
    RetroAction,
    RetroNote,
    SendBrief,
    Sprint,
    Story,
    StoryKind,
    Verdict,
)
from sprints.services.approvals import decide, request_approval, request_content_approval
from sprints.services.retros import add_note, agree_action
from tests.factories.sprints import BriefFactory, CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.factories.workspaces import MemberFactory
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

MAIL = {
    "campaign": "Serum reminder",
    "subject": "Your serum is running low",
    "preheader": "Three weeks are left in the bottle",
    "sender": "Maren & Moss <hello@marenmoss.example>",
    "html": "<h1>Hello Ann</h1><p>Your serum is running low.</p>",
    "fingerprint": "a" * 64,
}


def ready_sprint(workspace: Workspace, *, stories: int = 1, **fields: Any) -> Sprint:
    """A sprint to which nothing is missing, with so many stories that send."""
    goal = GoalFactory.create(workspace=workspace)
    sprint: Sprint = SprintFactory.create(workspace=workspace, goal=goal, **fields)
    for _number in range(stories):
        ready_story(sprint)
    return sprint


def ready_story(sprint: Sprint, **fields: Any) -> Story:
    """A story with everything that the owner is shown."""
    author = MemberFactory.create(workspace=sprint.workspace)
    values = {"goal": sprint.goal, "points": 2, **fields}
    story: Story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint, created_by=author, **values)
    CriterionFactory.create(story=story)
    if story.kind in {StoryKind.CAMPAIGN, StoryKind.EXPERIMENT}:
        HypothesisFactory.create(story=story)
        BriefFactory.create(story=story)
    return story


def brief_of(story: Story) -> SendBrief:
    """The brief as it stands in the database now, with its segment."""
    return SendBrief.objects.select_related("segment__workspace").get(story=story)


def change_rules(story: Story, **definition: Any) -> Segment:
    """Give the segment of a story's brief other rules."""
    segment = brief_of(story).segment
    segment.definition = {"match": "all", "rules": [], **definition}
    segment.save(update_fields=["definition"])
    return segment


def member_as(workspace: Workspace, role: Role) -> Member:
    """The first member with this role, or a new one."""
    found = Member.objects.for_workspace(workspace).active().filter(role=role).order_by("pk").first()
    made: Member = found or MemberFactory.create(workspace=workspace, role=role)
    return made


def asked(sprint: Sprint, now: datetime, *, by: Member | None = None, to: Member | None = None) -> ApprovalRequest:
    """A request about a sprint that is ready."""
    workspace = sprint.workspace
    proposer = by or MemberFactory.create(workspace=workspace, role=Role.LEAD)
    approver = to or member_as(workspace, Role.OWNER)
    return request_approval(sprint=sprint, approver=approver, by=proposer, now=now)


def asked_about_mail(story: Story, now: datetime, *, to: Member | None = None, **content: str) -> ApprovalRequest:
    """A request about a finished mail."""
    return request_content_approval(
        story=story,
        content={**MAIL, **content},
        approver=to or member_as(story.workspace, Role.OWNER),
        by=MemberFactory.create(workspace=story.workspace, role=Role.LEAD),
        now=now,
    )


def answer(request: ApprovalRequest, verdict: Verdict, now: datetime, **more: Any) -> None:
    """The approver's answer to exactly what was asked."""
    words = "Please change it." if verdict == Verdict.CHANGE else ""
    said = Answer(verdict, more.pop("each", {}), more.pop("comment", words), more.pop("conditions", ()))
    decide(request=request, answer=said, now=now, **{"shown": request.fingerprint, "by": request.approver, **more})


def approved_story(workspace: Workspace, now: datetime, **fields: Any) -> Story:
    """A story that the owner approved an hour ago."""
    sprint = ready_sprint(workspace, stories=0)
    story = ready_story(sprint, **fields)
    request = asked(sprint, now - timedelta(hours=2))
    answer(request, Verdict.APPROVED, now - timedelta(hours=1))
    return story


def note_in(sprint: Sprint, by: Member, now: datetime) -> RetroNote:
    return add_note(sprint=sprint, kind=NoteKind.WELL, text="The owner answered within a day.", by=by, now=now)


def agreed_in(sprint: Sprint, by: Member, now: datetime) -> RetroAction:
    return agree_action(sprint=sprint, text="Leave out people who just bought", owner=by, by=by, now=now)
