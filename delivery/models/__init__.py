"""Did it arrive: runs, ledger, reactions, mail servers, keys, pace, sandbox; a module a noun, known by this name."""

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
from delivery.models.pace import INSTALLATION, DayVolume, LimitScope, SpeedLimit, WarmUp
from delivery.models.reactions import Hit, HitKind, HitQuerySet, Nature
from delivery.models.runs import ACTIVE_RUNS, Run, RunQuerySet, RunState
from delivery.models.sandbox import SandboxMessage, SandboxMessageQuerySet
from delivery.models.signing import KEY_MOVES, KeyState, SigningKey, SigningKeyQuerySet
from delivery.models.transports import Security, SignIn, Transport, TransportKind, TransportQuerySet, TransportTrial

__all__ = [
    "ACTIVE_RUNS",
    "DOUBTFUL",
    "INSTALLATION",
    "KEY_MOVES",
    "PENDING",
    "Chunk",
    "DayVolume",
    "Delivery",
    "DeliveryQuerySet",
    "DeliveryState",
    "Hit",
    "HitKind",
    "HitQuerySet",
    "KeyState",
    "Lane",
    "LimitScope",
    "Nature",
    "Reason",
    "Run",
    "RunQuerySet",
    "RunState",
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
]
