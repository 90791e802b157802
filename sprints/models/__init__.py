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
from sprints.models.blockers import Blocker, BlockerQuerySet
from sprints.models.columns import BoardColumn
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

__all__ = [
    "AMOUNT_DIGITS",
    "CENTS",
    "SENDING_KINDS",
    "SPRINT_MOVES",
    "AcceptanceCriterion",
    "ApprovalPolicy",
    "ApprovalRequest",
    "ApprovalRequestQuerySet",
    "ApprovalState",
    "ApprovalSubject",
    "Blocker",
    "BlockerQuerySet",
    "BoardColumn",
    "Covers",
    "Hypothesis",
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
    "StoryDecision",
    "StoryKind",
    "StoryOutcome",
    "StoryQuerySet",
    "StoryStatus",
    "Verdict",
]
