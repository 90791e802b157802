"""Did it arrive: runs, ledger, reactions, servers, keys, pace, safety, sandbox; a module a noun, known by this name."""

from delivery.models.installation import Doubt, Installation, RestoreHold, RestoreHoldQuerySet
from delivery.models.ledger import (
    DOUBTFUL,
    ERASED_ADDRESS,
    PENDING,
    Chunk,
    Delivery,
    DeliveryQuerySet,
    DeliveryState,
    Lane,
    Reason,
)
from delivery.models.pace import INSTALLATION, INSTALLATION_NAME, DayVolume, LimitScope, SpeedLimit, WarmUp
from delivery.models.reactions import Hit, HitKind, HitQuerySet, Nature
from delivery.models.runs import ACTIVE_RUNS, Run, RunQuerySet, RunState
from delivery.models.safety import BOUNDS, Feedback, FeedbackKind, FeedbackQuerySet, Halt, SafetyLimits, Watch
from delivery.models.sandbox import SandboxMessage, SandboxMessageQuerySet
from delivery.models.signing import KEY_MOVES, KeyState, SigningKey, SigningKeyQuerySet
from delivery.models.transports import Security, SignIn, Transport, TransportKind, TransportQuerySet, TransportTrial

__all__ = [
    "ACTIVE_RUNS",
    "BOUNDS",
    "DOUBTFUL",
    "ERASED_ADDRESS",
    "INSTALLATION",
    "INSTALLATION_NAME",
    "KEY_MOVES",
    "PENDING",
    "Chunk",
    "DayVolume",
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
    "KeyState",
    "Lane",
    "LimitScope",
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
    "Security",
    "SignIn",
    "SigningKey",
    "SigningKeyQuerySet",
    "SpeedLimit",
    "Transport",
    "TransportKind",
    "TransportQuerySet",
    "TransportTrial",
    "WarmUp",
    "Watch",
]
