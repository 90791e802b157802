"""May a send go on: a decision from what was counted, without a query."""

from dataclasses import dataclass
from typing import Any, Self

from delivery.models import Halt, SafetyLimits

COMPLAINT_SAMPLE = 1000  # sent messages, before which a share of complaints says nothing
CONTENT_SAMPLE = 100  # handed-over messages, before which a share of refused texts says nothing


@dataclass(frozen=True, slots=True)
class Evidence:
    """What became of the messages of a run since somebody last let it go on.

    `refused` are addresses that the receiving server does not have, at once or by a later bounce; `content` are mails
    refused for what they say; `sender_faults` were refused or put off because of the sender, most often by
    `sender_code`, and count in neither. `unanswered` are the latest messages in a row without an answer. `complaints`
    are about messages sent since then.
    """

    sent: int = 0
    refused: int = 0
    late_bounces: int = 0
    content: int = 0
    sender_faults: int = 0
    sender_code: str = ""
    unanswered: int = 0
    complaints: int = 0

    @property
    def handed_over(self) -> int:
        """Messages with an answer that was about the reader or the mail."""
        return self.sent + self.refused + self.content

    @property
    def complaint_rate(self) -> float:
        return self.complaints / self.sent if self.sent else 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What went over which limit: `count` of `of`, where `limit` is a share, or a number when there is no `of`."""

    halt: Halt
    count: int
    limit: float
    of: int = 0
    code: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {"count": self.count, "limit": self.limit, "of": self.of, "code": self.code}


@dataclass(frozen=True, slots=True)
class Samples:
    """How many messages it takes for a share to mean something."""

    refused: int
    complaints: int = COMPLAINT_SAMPLE
    content: int = CONTENT_SAMPLE

    @classmethod
    def of(cls, limits: SafetyLimits) -> Self:
        return cls(limits.refused_sample)


def judge(evidence: Evidence, limits: SafetyLimits, samples: Samples) -> Measured | None:
    """What has gone too far, the gravest first; None while the send may go on. A limit is reached by exceeding it."""
    if evidence.sender_faults >= limits.sender_fault_limit:
        return Measured(Halt.SENDER, evidence.sender_faults, limits.sender_fault_limit, code=evidence.sender_code)
    return _share_gone_too_far(evidence, limits, samples) or _silence(evidence, limits)


def _share_gone_too_far(evidence: Evidence, limits: SafetyLimits, samples: Samples) -> Measured | None:
    sent, handed_over, dead = evidence.sent, evidence.handed_over, evidence.refused + evidence.late_bounces
    shares = (
        (Halt.COMPLAINTS, evidence.complaints, sent, limits.complaint_rate, samples.complaints),
        (Halt.REFUSED, dead, handed_over, limits.refused_rate, samples.refused),
        (Halt.CONTENT, evidence.content, handed_over, limits.content_rate, samples.content),
    )
    for halt, count, of, limit, enough in shares:
        # Divided, not multiplied: a quotient is the nearest number to the share, as the limit is.
        if of >= max(enough, 1) and count / of > limit:
            return Measured(halt, count, limit, of)
    return None


def _silence(evidence: Evidence, limits: SafetyLimits) -> Measured | None:
    if evidence.unanswered >= limits.unanswered_limit:
        return Measured(Halt.UNANSWERED, evidence.unanswered, limits.unanswered_limit)
    return None


def warns(evidence: Evidence, limits: SafetyLimits, samples: Samples) -> bool:
    """Whether people should be told of complaints, although it goes on."""
    return evidence.sent >= max(samples.complaints, 1) and evidence.complaint_rate >= limits.complaint_warn_rate


def could_be_too_much(floor: Evidence, limits: SafetyLimits) -> bool:
    """Whether it can be too much, or worth a warning, when at least `floor.sent` were sent and all else is exact."""
    if not floor.sent and floor.complaints:
        return True
    nothing = Samples(0, 0, 0)
    return judge(floor, limits, nothing) is not None or warns(floor, limits, nothing)
