"""Did it arrive: runs, the ledger, what readers did, mail servers, the sandbox; a module a noun, known by this name."""

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
from delivery.models.sandbox import SandboxMessage, SandboxMessageQuerySet
from delivery.models.transports import (
    Security,
    SignIn,
    Transport,
    TransportKind,
    TransportQuerySet,
    TransportTrial,
)

__all__ = [
    "ACTIVE_RUNS",
    "DOUBTFUL",
    "PENDING",
    "Delivery",
    "DeliveryQuerySet",
    "DeliveryState",
    "Hit",
    "HitKind",
    "HitQuerySet",
    "Lane",
    "Nature",
    "Reason",
    "Run",
    "RunQuerySet",
    "RunState",
    "SandboxMessage",
    "SandboxMessageQuerySet",
    "Security",
    "SignIn",
    "Transport",
    "TransportKind",
    "TransportQuerySet",
    "TransportTrial",
]
