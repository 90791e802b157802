"""Did it arrive: runs, the ledger, what readers did, what stops a send, the sandbox; one module a noun, so named."""

from delivery.models.installation import Doubt, Installation, RestoreHold, RestoreHoldQuerySet
from delivery.models.ledger import (
    DOUBTFUL,
    PENDING,
    Delivery,
    DeliveryQuerySet,
    DeliveryState,
    Lane,
    Reason,
)
from delivery.models.reactions import Hit, HitKind, HitQuerySet, Nature
from delivery.models.runs import ACTIVE_RUNS, Run, RunQuerySet, RunState
from delivery.models.safety import BOUNDS, Feedback, FeedbackKind, FeedbackQuerySet, Halt, SafetyLimits, Watch
from delivery.models.sandbox import SandboxMessage, SandboxMessageQuerySet

__all__ = [
    "ACTIVE_RUNS",
    "BOUNDS",
    "DOUBTFUL",
    "PENDING",
    "Delivery",
    "DeliveryQuerySet",
    "DeliveryState",
    "Doubt",
    "Feedback",
    "FeedbackKind",
    "FeedbackQuerySet",
    "Halt",
    "Hit",
    "HitKind",
    "HitQuerySet",
    "Installation",
    "Lane",
    "Nature",
    "Reason",
    "RestoreHold",
    "RestoreHoldQuerySet",
    "Run",
    "RunQuerySet",
    "RunState",
    "SafetyLimits",
    "SandboxMessage",
    "SandboxMessageQuerySet",
    "Watch",
]
