"""How do we decide: stories, sprints, approvals, and what came of it; one module a noun, known by this name."""

from sprints.models.approvals import (
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalRequestQuerySet,
    ApprovalState,
    ApprovalSubject,
    Covers,
    StoryDecision,
    Verdict,
)
from sprints.models.attachments import Attachment
from sprints.models.checklists import Checklist, ChecklistItem
from sprints.models.labels import LONGEST_LABEL, Label, LabelTone
from sprints.models.retros import NoteKind, OutcomeVerdict, RetroAction, RetroNote, StoryOutcome
from sprints.models.sprints import SPRINT_MOVES, Sprint, SprintQuerySet, SprintState
from sprints.models.stories import (
    AMOUNT_DIGITS,
    CENTS,
    SENDING_KINDS,
    AcceptanceCriterion,
    Hypothesis,
    ScopeChange,
    ScopeEntry,
    SendBrief,
    Story,
    StoryKind,
    StoryQuerySet,
    StoryStatus,
)
from sprints.models.story_links import INVERSE, LinkKind, StoryLink, StorySegment
from sprints.models.talk import Audience, CommentQuerySet, CommentVersion, StoryComment, StoryHelper, StoryWatch

__all__ = [
    "AMOUNT_DIGITS",
    "CENTS",
    "INVERSE",
    "LONGEST_LABEL",
    "SENDING_KINDS",
    "SPRINT_MOVES",
    "AcceptanceCriterion",
    "ApprovalPolicy",
    "ApprovalRequest",
    "ApprovalRequestQuerySet",
    "ApprovalState",
    "ApprovalSubject",
    "Attachment",
    "Audience",
    "Checklist",
    "ChecklistItem",
    "CommentQuerySet",
    "CommentVersion",
    "Covers",
    "Hypothesis",
    "Label",
    "LabelTone",
    "LinkKind",
    "NoteKind",
    "OutcomeVerdict",
    "RetroAction",
    "RetroNote",
    "ScopeChange",
    "ScopeEntry",
    "SendBrief",
    "Sprint",
    "SprintQuerySet",
    "SprintState",
    "Story",
    "StoryComment",
    "StoryDecision",
    "StoryHelper",
    "StoryKind",
    "StoryLink",
    "StoryOutcome",
    "StoryQuerySet",
    "StorySegment",
    "StoryStatus",
    "StoryWatch",
    "Verdict",
]
