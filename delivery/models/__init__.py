"""Did it arrive: runs, the ledger, what readers did, and the mail sandbox; one module a noun, known by this name."""

from delivery.models.ledger import (
    DOUBTFUL,
    PENDING,
    Chunk,
    Delivery,
    DeliveryQuerySet,
    DeliveryState,
    Lane,
    Reason,
)
from delivery.models.reactions import Hit, HitKind, HitQuerySet, Nature
from delivery.models.runs import ACTIVE_RUNS, Run, RunQuerySet, RunState
from delivery.models.sandbox import SandboxMessage, SandboxMessageQuerySet
from delivery.models.signing import KEY_MOVES, KeyState, SigningKey, SigningKeyQuerySet

__all__ = [
    "ACTIVE_RUNS",
    "DOUBTFUL",
    "KEY_MOVES",
    "PENDING",
    "Chunk",
    "Delivery",
    "DeliveryQuerySet",
    "DeliveryState",
    "Hit",
    "HitKind",
    "HitQuerySet",
    "KeyState",
    "Lane",
    "Nature",
    "Reason",
    "Run",
    "RunQuerySet",
    "RunState",
    "SandboxMessage",
    "SandboxMessageQuerySet",
    "SigningKey",
    "SigningKeyQuerySet",
]
