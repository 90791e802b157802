"""Mails that the owner was asked about, as they are now: whoever makes them downstream registers how they are found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sprints.broadcast import tell_approval
from sprints.models import ApprovalRequest, ApprovalState, Story
from sprints.snapshot import Snapshot
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class MailKeeper:
    """Who makes mails. `find` gives the mail of a request, `content` and `brief` as they would be frozen now, or None.

    `hold` locks it until the transaction ends, before anything else of the question is locked. `ask` asks about it
    anew: with `request`, `approver`, `by`, `now` and `because`, raising `DomainError`.
    """

    find: Callable[[ApprovalRequest, datetime], Snapshot | None]
    hold: Callable[[ApprovalRequest], None]
    ask: Callable[..., ApprovalRequest]


_keepers: list[MailKeeper] = []


def register_mails(keeper: MailKeeper) -> None:
    if keeper not in _keepers:
        _keepers.append(keeper)


def mail_now(request: ApprovalRequest, now: datetime) -> Snapshot | None:
    """The mail of a request as it is now; None where nobody knows, as when it went out."""
    return next((found for keeper in _keepers if (found := keeper.find(request, now)) is not None), None)


def hold_mail(request: ApprovalRequest) -> None:
    for keeper in _keepers:
        keeper.hold(request)


def ask_about_mail(
    *, request: ApprovalRequest, approver: Member, by: Member, now: datetime, because: Sequence[str]
) -> ApprovalRequest:
    """Ask about a launch anew, by whoever makes its mail, which `mail_now` has to know. Raises `DomainError`."""
    keeper = next(keeper for keeper in _keepers if keeper.find(request, now) is not None)
    return keeper.ask(request=request, approver=approver, by=by, now=now, because=because)


def tell_mail_changed(story: Story) -> None:
    """Have open pages that ask about a mail of this story look again. One query."""
    waiting = ApprovalRequest.objects.filter(story=story, state__in=(ApprovalState.OPEN, ApprovalState.DECIDED))
    for request in waiting.select_related("workspace").only("pk", "workspace"):
        tell_approval(request)
