"""The ledger against what the mail server logged: what was sent twice, what was lost, what nobody knows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from delivery.messages import message_id
from delivery.models import PENDING, DeliveryState, Run
from tests.faults.finding import Finding

FINAL_WITH_REASON = {DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNKNOWN}


@dataclass
class Books:
    """Counts over one run. `accepted` is how often the server took the message of each row."""

    rows: int = 0
    matched: int = 0
    pending: int = 0
    unexplained: int = 0
    unknown: int = 0
    unknown_delivered: int = 0
    sent_unseen: int = 0
    seen_unsaid: int = 0
    duplicates: int = 0
    most_copies: int = 0
    accepted: Counter[int] | None = None

    @property
    def lost(self) -> int:
        """Nobody can say what became of them, or the ledger says what the server does not."""
        return self.matched - self.rows + self.pending + self.unexplained + self.sent_unseen + self.seen_unsaid

    def onto(self, finding: Finding, *, unknown: int | None = 0) -> None:
        """What must hold of every run. `unknown` is how many there may be; None where that is not the point."""
        finding.at_most("sent twice", self.duplicates)
        finding.at_most("lost without trace", self.lost)
        if unknown is not None:
            finding.at_most("not known", self.unknown, unknown)


def compare(run: Run, accepted: Mapping[str, int]) -> Books:
    """Every row of a run against the server's log, which knows messages by their Message-ID."""
    run = Run.objects.with_parts().get(pk=run.pk)
    books = Books(matched=run.matched_count or 0, accepted=Counter())
    sender = run.campaign.sender
    if sender is None or books.accepted is None:
        raise ValueError("a run that sends has a sender")
    for row in run.deliveries.only("pk", "state", "reason").iterator():
        copies = accepted.get(message_id(row, sender), 0)
        books.accepted[row.pk] = copies
        _count(books, row.state, row.reason, copies)
    strangers = sum(accepted.values()) - books.accepted.total()
    if strangers:
        raise AssertionError(f"the server has {strangers} messages that no row of the run knows")
    return books


def _count(books: Books, state: str, reason: str, copies: int) -> None:
    books.rows += 1
    books.duplicates += max(0, copies - 1)
    books.most_copies = max(books.most_copies, copies)
    books.pending += state in PENDING
    books.unexplained += state in FINAL_WITH_REASON and not reason
    books.unknown += state == DeliveryState.UNKNOWN
    books.unknown_delivered += state == DeliveryState.UNKNOWN and copies > 0
    books.sent_unseen += state == DeliveryState.SENT and not copies
    books.seen_unsaid += copies > 0 and state not in {DeliveryState.SENT, DeliveryState.UNKNOWN}
