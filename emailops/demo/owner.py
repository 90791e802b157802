"""How the owner decides on more than sprints: the plan of goals and principles, and who answers while she is away."""

from datetime import datetime, timedelta
from decimal import Decimal

from emailops.demo.people import empty_outbox
from emailops.demo.stage import FIRST_SPRINT, RUNNING_SPRINT, Stage
from sprints.answers import Answer
from sprints.models import ApprovalRequest, DelegationScope, Verdict
from sprints.services.approvals import decide
from sprints.services.delegations import delegate
from sprints.services.strategy_approvals import request_plan_approval

ASKED, ANSWERED = "-8 14:30", "-9 16:20"
MESSAGE = "What we want this year, and the rules we keep. Please look at each: everything we plan refers to it."
AWAY, LIMIT = 7, Decimal(300)


class OwnerTeller:
    """The plan of goals and principles, asked about before the first sprint, and the owner's holidays."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._request: ApprovalRequest | None = None

    def tell(self) -> None:
        on, calendar = self._stage.diary.on, self._stage.calendar
        for moment, happening in ((ASKED, self.ask), (ANSWERED, self.approve)):
            told = calendar.in_sprint(FIRST_SPRINT, moment)
            on(told, happening)
            on(told + timedelta(minutes=1), empty_outbox)
        on(calendar.in_sprint(RUNNING_SPRINT, "2 17:40"), self.leave)

    def ask(self, now: datetime) -> None:
        self._request = request_plan_approval(approver=self._stage.owner, by=self._stage.lead, now=now, message=MESSAGE)

    def approve(self, now: datetime) -> None:
        if self._request is None:
            raise LookupError("nothing was asked")
        answer = Answer(Verdict.APPROVED, comment="These are ours. I want the rules on the wall.")
        shown = self._request.fingerprint
        decide(request=self._request, shown=shown, answer=answer, by=self._stage.owner, now=now)

    def leave(self, now: datetime) -> None:
        """A week's holiday after the sprint; Daniel answers for small things."""
        first = self._stage.calendar.day_of(RUNNING_SPRINT, 10) + timedelta(days=3)
        delegate(
            to=self._stage.cast["daniel"],
            scope=DelegationScope.LAUNCH,
            limit=LIMIT,
            start_date=first,
            end_date=first + timedelta(days=AWAY - 1),
            by=self._stage.owner,
            now=now,
        )
