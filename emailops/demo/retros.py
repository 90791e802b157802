"""How the team looks back on each sprint: notes, topics, votes, decisions, actions, and whether it was worth it."""

from datetime import datetime, timedelta
from functools import partial

from emailops.demo.stage import RUNNING_SPRINT, Stage
from emailops.demo.stories import Tale
from sprints.models import ActionState, RetroGroup, RetroNote, RetroPhase, RetroReportMail, Sprint
from sprints.retro_room import earlier_actions
from sprints.services import retro_groups, retro_rooms
from sprints.services.retro_reports import REPORT, answer_report
from sprints.services.retros import add_note, agree_action, settle_action, turn_into_story
from workspaces.models import Member, SystemMail, SystemMailState

EARLY_NOTES = (
    ("ivo", "well", "The alert told us within the hour that the feed was old."),
    ("sofia", "hard", "I wrote three subject lines and had no time left to test two of them."),
)
"""What two of the team have written while the sprint still runs; nobody else sees it yet."""

VOTES = 3
NAMED = 2  # topics with the most votes that get a decision


class RetroTeller:
    """Writes the retrospective of one sprint into the diary, in the hour after its end."""

    def __init__(self, stage: Stage, number: int, tale: Tale) -> None:
        self._stage = stage
        self._number = number
        self._tale = tale

    @property
    def _sprint(self) -> Sprint:
        return self._stage.sprints[self._number]

    def tell(self, closed: datetime) -> None:
        on = self._stage.diary.on
        on(closed + timedelta(minutes=5), self.begin)
        for n, note in enumerate(self._tale["notes"]):
            on(closed + timedelta(minutes=8 + 3 * n), partial(self.note, note))
        on(closed + timedelta(minutes=37), self.vote)
        for n, action in enumerate(self._tale["actions"]):
            on(closed + timedelta(minutes=38 + 2 * n), partial(self.agree, action))
        on(closed + timedelta(minutes=55), self.close)

    def begin(self, now: datetime) -> None:
        retro_rooms.begin_retro(sprint=self._sprint, by=self._stage.lead, now=now)
        for line in earlier_actions(self._sprint):
            is_done = line.is_done_as_story or line.action.story is None
            answer = ActionState.DONE if is_done else ActionState.OPEN
            settle_action(action=line.action, sprint=self._sprint, answer=answer, by=self._stage.lead, now=now)
        self._go(RetroPhase.WRITE, now)

    def _go(self, phase: RetroPhase, now: datetime) -> None:
        retro_rooms.go_to_phase(sprint=self._sprint, phase=phase, by=self._stage.lead, now=now)

    def note(self, told: Tale, now: datetime) -> None:
        add_note(sprint=self._sprint, kind=told["kind"], text=told["text"], by=self._stage.cast[told["who"]], now=now)

    @property
    def _people(self) -> list[Member]:
        return list({told["who"]: self._stage.cast[told["who"]] for told in self._tale["notes"]}.values())

    def vote(self, now: datetime) -> None:
        """Everybody gives some votes, first to what was hard; the topics on top get a decision."""
        self._go(RetroPhase.VOTE, now)
        topics = list(RetroGroup.objects.filter(retro__sprint=self._sprint).order_by("pk"))
        hard = set(RetroNote.objects.filter(sprint=self._sprint, kind="hard").values_list("group_id", flat=True))
        wanted = sorted(topics, key=lambda topic: (topic.pk not in hard, topic.pk))
        for turn, person in enumerate(self._people):
            for vote in range(VOTES):
                topic = wanted[(turn * vote) % len(wanted)]
                retro_groups.cast_vote(group=topic, by=person, now=now)
        self._go(RetroPhase.DISCUSS, now)
        for topic, told in zip(wanted[:NAMED], self._tale["actions"], strict=False):
            retro_groups.discuss(group=topic, by=self._stage.lead, now=now)
            retro_groups.decide_on(group=topic, decision=f"{told['text']}.", by=self._stage.lead, now=now)
        self._go(RetroPhase.ACT, now)

    def agree(self, told: Tale, now: datetime) -> None:
        owner = self._stage.cast[told["who"]]
        due = self._sprint.end_date + timedelta(days=told["due"])
        action = agree_action(
            sprint=self._sprint, text=told["text"], owner=owner, by=self._stage.lead, now=now, due_date=due
        )
        if told.get("story"):
            self._stage.stories[told["key"]] = turn_into_story(
                action=action, by=self._stage.lead, now=now + timedelta(minutes=1)
            )

    def close(self, now: datetime) -> None:
        self._go(RetroPhase.CLOSE, now)
        for place, person in enumerate(self._people):
            stars = 3 + self._number * (place + 1) % 5 % 3
            retro_rooms.rate_worth(sprint=self._sprint, stars=stars, by=person, now=now)
        retro_rooms.close_retro(sprint=self._sprint, by=self._stage.lead, now=now, mails_report=True)
        mails = RetroReportMail.objects.filter(retro__sprint=self._sprint)
        SystemMail.objects.filter(kind=REPORT, object_id__in=mails.values("pk")).update(
            state=SystemMailState.SENT, sent_at=now
        )
        for mail in mails.select_related("retro__sprint__workspace", "member"):
            stars = 3 + self._number % 3
            answer_report(mail=mail, stars=stars, now=now + timedelta(minutes=4))


def tell_running_retro(stage: Stage) -> None:
    """Two notes that wait for the end of the running sprint."""
    for n, told in enumerate(EARLY_NOTES):
        stage.diary.on(stage.calendar.in_sprint(RUNNING_SPRINT, f"{2 + n} 16:10"), partial(_note_early, stage, told))


def _note_early(stage: Stage, told: tuple[str, str, str], now: datetime) -> None:
    who, kind, text = told
    add_note(sprint=stage.sprints[RUNNING_SPRINT], kind=kind, text=text, by=stage.cast[who], now=now)
