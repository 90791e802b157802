"""How sprints are planned, approved, worked and looked back on, each step at its own time."""

import tomllib
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from emailops.demo import stories
from emailops.demo.audience import leave_out_recent_buyers
from emailops.demo.inbox import tell_inbox
from emailops.demo.mails import MailTeller
from emailops.demo.people import empty_outbox
from emailops.demo.retros import RetroTeller, tell_running_retro
from emailops.demo.stage import FIRST_SPRINT, RUNNING_SPRINT, Happening, Stage, at
from emailops.demo.stories import Tale, fresh
from insights.services import measure_sprint, measure_story
from sprints.answers import Answer, Say
from sprints.models import ApprovalCondition, ApprovalRequest, Verdict
from sprints.services.approval_talk import write_message
from sprints.services.approvals import LINK_LIFE, decide, remind, request_approval
from sprints.services.conditions import tick_condition
from sprints.services.sprints import close_sprint, open_sprint, start_sprint
from sprints.services.stories import move_story

TALES = Path(__file__).parent / "tales"
WRITTEN = "-10 15:30"
START = "1 09:30"
CLOSE = "10 14:00"
SPARE = timedelta(hours=36)  # a visitor should have at least so long to try the link that the owner was mailed


def read_tale(name: str) -> Tale:
    return tomllib.loads((TALES / f"{name}.toml").read_text())


class SprintTeller:
    """Writes one sprint into the diary."""

    def __init__(self, stage: Stage, number: int, tale: Tale) -> None:
        self._stage = stage
        self._number = number
        self._tale = tale
        self._request: ApprovalRequest | None = None

    def _at(self, moment: str) -> datetime:
        return self._stage.calendar.in_sprint(self._number, moment)

    def tell_plan(self) -> None:
        """Opened in the week before, written, and shown to the owner until she says yes."""
        on, tale = self._stage.diary.on, self._tale
        on(self._at("-8 10:00"), self.open)
        on(self._at(tale.get("written", WRITTEN)), self.write)
        self._tell_exchange(tale, self.decide)
        if "again" in tale:
            on(self._at(tale["decide"]) + timedelta(hours=3), self.change)
            self._tell_exchange(tale["again"], self.approve)

    def _tell_exchange(self, told: Tale, answer: Happening) -> None:
        for moment, happening in ((told["ask"], self.ask), (told["decide"], answer)):
            self._stage.diary.on(self._at(moment), happening)
            self._stage.diary.on(self._at(moment) + timedelta(minutes=1), empty_outbox)

    def tell_work(self, mails: MailTeller) -> None:
        """Started on Monday, worked day by day, with the mails that go out."""
        self._stage.diary.on(self._at(START), self.start)
        for place, tale in enumerate(self._tale["stories"]):
            stories.tell_work(self._stage, tale, self._number, place)
            if "mail" in tale:
                mails.tell(tale, self._number)
                self._tell_measuring(tale)

    def _tell_measuring(self, tale: Tale) -> None:
        day = stories.check_date(self._stage, tale, self._number)
        self._stage.diary.on(at(day, "18:00"), partial(self.measure, tale))

    def measure(self, tale: Tale, now: datetime) -> None:
        measure_story(story=fresh(self._stage.stories[tale["key"]]), now=now)

    def tell_end(self, close: str) -> None:
        """Closed on the last day, with the retrospective right after."""
        closed = self._at(close)
        on = self._stage.diary.on
        on(closed, self.close)
        retro = RetroTeller(self._stage, self._number, self._tale)
        retro.tell(closed)

    def open(self, now: datetime) -> None:
        goals, start = self._stage.goals, self._stage.calendar.start_of(self._number)
        first = {"number": self._number} if self._number == FIRST_SPRINT else {}
        self._stage.sprints[self._number] = open_sprint(
            workspace=self._stage.workspace,
            name=self._tale["name"],
            start_date=start,
            end_date=self._stage.calendar.day_of(self._number, 10),
            by=self._stage.lead,
            now=now,
            goal_sentence=self._tale["goal_sentence"],
            goal=goals[self._tale["goal"]],
            capacity_points=self._tale["capacity"],
            **first,
        )

    def write(self, now: datetime) -> None:
        told = (tale for tale in self._tale["stories"] if "as_a" in tale)
        for n, tale in enumerate(told):
            stories.write(self._stage, tale, self._number, now + timedelta(minutes=4 * n))

    def ask(self, now: datetime) -> None:
        told = self._tale["again"] if self._request else self._tale
        self._request = request_approval(
            sprint=self._stage.sprints[self._number],
            approver=self._stage.owner,
            by=self._stage.lead,
            now=now,
            message=told["message"],
        )

    def talk(self, now: datetime) -> None:
        """The owner asks before she decides, and is answered."""
        for minutes, words in enumerate(self._tale.get("talk", []), start=-25):
            if self._request is not None:
                by = self._stage.owner if words["by"] == "owner" else self._stage.lead
                moment = now + timedelta(minutes=minutes)
                write_message(request=self._request, text=words["text"], by=by, now=moment)

    def remind(self, now: datetime) -> None:
        if self._request is not None:
            remind(request=self._request, by=self._stage.lead, now=now)

    def decide(self, now: datetime) -> None:
        """The owner's first answer: of some stories she may think otherwise than of the whole."""
        each = {}
        for tale in self._tale["stories"]:
            story = self._stage.stories.get(tale["key"])
            if story and "asked" in tale:
                each[story.pk] = Say(Verdict.CHANGE, tale["asked"])
            if story and "condition" in tale:
                each[story.pk] = Say(Verdict.CONDITIONS, tale["condition"])
            if story and "declined" in tale:
                each[story.pk] = Say(Verdict.DECLINED, tale["declined"])
        self._answer(each, self._tale["comment"], now)

    def approve(self, now: datetime) -> None:
        self._answer({}, self._tale["again"]["comment"], now)

    def _answer(self, each: dict[int, Say], comment: str, now: datetime) -> None:
        if self._request is None:
            raise LookupError("nothing was asked")
        decide(
            request=self._request,
            shown=self._request.fingerprint,
            answer=Answer(Verdict.APPROVED, each, comment),
            by=self._stage.owner,
            now=now,
        )

    def change(self, now: datetime) -> None:
        for tale in self._tale["stories"]:
            if "brief_again" in tale:
                stories.brief_again(self._stage, tale, self._number, now)

    def start(self, now: datetime) -> None:
        for tale in self._tale["stories"]:
            if "declined" in tale:
                stories.take_out(self._stage, tale, now - timedelta(minutes=15))
        for condition in ApprovalCondition.objects.filter(request=self._request).select_related("request", "workspace"):
            tick_condition(condition=condition, is_met=True, by=self._stage.lead, now=now - timedelta(minutes=20))
        start_sprint(sprint=self._stage.sprints[self._number], by=self._stage.lead, now=now)

    def close(self, now: datetime) -> None:
        sprint = self._stage.sprints[self._number]
        close_sprint(sprint=sprint, carry_to=self._stage.sprints[self._number + 1], by=self._stage.lead, now=now)
        sprint.refresh_from_db()
        measure_sprint(sprint=sprint, by=self._stage.cast["daniel"], now=now + timedelta(minutes=4))


def tell_sprints(stage: Stage, mails: MailTeller) -> None:
    """The closed sprints, the running one, and the backlog beside them."""
    tales = {number: read_tale(f"sprint-{number}") for number in range(FIRST_SPRINT, RUNNING_SPRINT + 1)}
    for number, tale in tales.items():
        teller = SprintTeller(stage, number, tale)
        teller.tell_plan()
        teller.tell_work(mails)
        if number < RUNNING_SPRINT:
            teller.tell_end(tale.get("close", CLOSE))
    last_retro = stage.calendar.in_sprint(RUNNING_SPRINT, "-10 15:00")
    stage.diary.on(last_retro, lambda now: leave_out_recent_buyers(stage, now))
    tell_running_retro(stage)
    _tell_backlog(stage)


def _tell_backlog(stage: Stage) -> None:
    """Ideas come in over the weeks; on the first day of the running sprint Elena puts them into order."""
    ideas, start = read_tale("backlog")["stories"], stage.calendar.start_of(RUNNING_SPRINT)
    for n, idea in enumerate(ideas):
        moment = at(start + timedelta(days=idea["written"]), "10:00") + timedelta(minutes=9 * n)
        stage.diary.on(moment, partial(_write_idea, stage, idea))
    stage.diary.on(stage.calendar.in_sprint(RUNNING_SPRINT, "1 11:30"), partial(_put_in_order, stage, ideas))
    tell_inbox(stage, read_tale("inbox"))


def _write_idea(stage: Stage, idea: Tale, now: datetime) -> None:
    stories.write(stage, idea, 0, now)


def _put_in_order(stage: Stage, ideas: list[Tale], now: datetime) -> None:
    for idea in ideas:
        move_story(story=fresh(stage.stories[idea["key"]]), by=stage.lead, now=now)


def ask_about_next(stage: Stage) -> None:
    """The plan of the next sprint: written this week, sent to the owner, and still without an answer.

    When the mailed link is about to expire, Elena reminds the owner, as anybody would.
    """
    calendar, on = stage.calendar, stage.diary.on
    teller = SprintTeller(stage, RUNNING_SPRINT + 1, read_tale(f"sprint-{RUNNING_SPRINT + 1}"))
    asked = calendar.last_working_moment("09:10", "16:20")
    on(calendar.in_sprint(RUNNING_SPRINT, "3 10:30"), teller.open)
    on(calendar.in_sprint(RUNNING_SPRINT, "3 11:00"), teller.write)
    on(asked, teller.ask)
    on(asked + timedelta(minutes=35), teller.talk)
    if asked + LINK_LIFE - calendar.now < SPARE:
        on(calendar.now - timedelta(minutes=20), empty_outbox)
        on(calendar.now - timedelta(minutes=20), teller.remind)
