"""What members are told of what the team does: by whom, to whom, in which words, and what is mailed."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from emailops.lib.statistics import Estimate
from sprints.decks import BUILT_IN
from sprints.models import ActionState, IdeaSource, OutcomeVerdict, PokerMode, RetroAction, RetroPhase, Sprint, Story
from sprints.services import blockers, ideas, retro_rooms, retros, sprints, stories
from sprints.services.cadence import cancel_sprint
from sprints.services.ideas import Told
from sprints.services.poker import rounds, sessions, votes, windows
from sprints.services.poker.sessions import Rules
from sprints.services.retro_chase import chase_actions
from sprints.services.watching import watch
from sprints.standup_days import own_day
from tests.factories.poker import item_of
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.standups import every_day, said
from workspaces.models import Member, Notice, SystemMail, Workspace
from workspaces.notices.kinds import kinds_for
from workspaces.notices.reading import groups_of

pytestmark = pytest.mark.django_db


def heard(member: Member) -> list[str]:
    """Everything a member was told, newest last: where, and the words."""
    groups = groups_of(member, Notice.objects.for_member(member))
    lines = [(line.notice.pk, group.place.label, line.told.words) for group in groups for line in group.lines]
    return [f"{where}: {words}" for _pk, where, words in sorted(lines)]


def quotes(member: Member) -> list[str]:
    groups = groups_of(member, Notice.objects.for_member(member))
    return [line.told.quote for group in groups for line in group.lines]


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace, title="Serum")
    return made


class TestBlockers:
    def test_who_has_to_clear_it_is_asked_and_is_not_told_twice(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        watch(story=story, member=marketer, is_watching=True, now=now)

        blockers.block_story(story=story, reason="No feed", owner=marketer, by=lead, now=now)

        assert heard(marketer) == ["Serum: asks you to clear what is in the way"]
        assert quotes(marketer) == ["No feed"]

    def test_followers_hear_of_it_as_before(
        self, story: Story, lead: Member, marketer: Member, seller: Member, now: datetime
    ) -> None:
        watch(story=story, member=seller, is_watching=True, now=now)

        blockers.block_story(story=story, reason="No feed", owner=marketer, by=lead, now=now)

        assert heard(seller) == ["Serum: says that something is in the way"]

    def test_other_words_ask_nobody_again(self, story: Story, lead: Member, marketer: Member, now: datetime) -> None:
        blockers.block_story(story=story, reason="No feed", owner=marketer, by=lead, now=now)

        blockers.block_story(story=story, reason="Still no feed", owner=marketer, by=lead, now=now)

        assert heard(marketer) == ["Serum: asks you to clear what is in the way"]

    def test_who_said_so_hears_when_it_is_cleared(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        blocker = blockers.block_story(story=story, reason="No feed", owner=marketer, by=lead, now=now)

        blockers.resolve_blocker(blocker=blocker, by=marketer, now=now)

        assert heard(lead) == ["Serum: cleared what was in the way"]


class TestPlans:
    def test_a_story_goes_into_a_sprint_and_out_of_it(
        self, story: Story, workspace: Workspace, lead: Member, marketer: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, number=7)
        watch(story=story, member=marketer, is_watching=True, now=now)

        stories.plan_story(story=story, sprint=sprint, by=lead, now=now)
        stories.plan_story(story=story, sprint=None, by=lead, now=now)
        stories.drop_story(story=story, by=lead, now=now)

        assert heard(marketer) == [
            "Serum: put it into sprint 7",
            "Serum: took it out of sprint 7",
            "Serum: dropped it",
        ]

    def test_everybody_hears_that_a_sprint_starts_and_is_closed(
        self, workspace: Workspace, lead: Member, seller: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, number=7, name="Serum")
        StoryFactory.create(workspace=workspace, sprint=sprint, points=5)

        sprints.start_sprint(sprint=sprint, by=lead, now=now)
        sprints.close_sprint(sprint=sprint, carry_to=None, by=lead, now=now)

        assert heard(seller) == [
            "Sprint 7: Serum: started the sprint",
            "Sprint 7: Serum: closed the sprint: 0 of 5 points",
        ]
        assert heard(lead) == []

    def test_a_sprint_that_is_cancelled_is_told_once(
        self, workspace: Workspace, lead: Member, seller: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace)

        cancel_sprint(sprint=sprint, by=lead, now=now)
        cancel_sprint(sprint=sprint, by=lead, now=now)

        assert [line.rpartition(": ")[2] for line in heard(seller)] == ["cancelled the sprint"]

    def test_a_verdict_is_told_and_that_nobody_can_tell_yet_is_not(
        self, story: Story, marketer: Member, now: datetime
    ) -> None:
        watch(story=story, member=marketer, is_watching=True, now=now)

        for verdict in (OutcomeVerdict.UNCLEAR, OutcomeVerdict.REACHED, OutcomeVerdict.REACHED):
            _measure(story, verdict, now)

        assert heard(marketer) == ["Serum: measured what came of it: Reached"]


def _measure(story: Story, verdict: OutcomeVerdict, now: datetime) -> None:
    estimate = Estimate(value=0.04, low=0.03, high=0.05, sample_size=900)
    retros.record_outcome(
        story=story,
        estimate=estimate,
        metric="click_rate",
        verdict=verdict,
        reason="-",
        revenue=Decimal(0),
        now=now,
    )


class TestPoker:
    def opened(self, story: Story, by: Member, team: list[Member], now: datetime, **rules: Any) -> Any:
        return sessions.open_session(
            workspace=story.workspace,
            name="Sprint 8",
            rules=Rules(effort=BUILT_IN[0], **rules),
            stories=[story],
            team=team,
            by=by,
            now=now,
        )

    def window(self, story: Story, by: Member, team: list[Member], now: datetime) -> Any:
        return self.opened(story, by, team, now, mode=PokerMode.WINDOW, deadline_at=now + timedelta(days=3))

    def test_a_live_table_asks_in_the_app_and_in_the_daily_mail(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        self.opened(story, lead, [marketer], now)

        assert heard(marketer) == ["Planning poker: Sprint 8: asks you to estimate 1 story"]
        assert Notice.objects.get().mail_at is not None

    def test_a_window_invites_by_one_mail_alone(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        self.window(story, lead, [marketer], now)

        assert Notice.objects.get(member=marketer).mail_at is None
        assert SystemMail.objects.filter(kind="sprints.poker_invitation").count() == 1

    def test_the_reminder_is_one_mail_alone_too(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        self.window(story, lead, [marketer], now)

        windows.poll(now + timedelta(days=2, hours=1))

        assert heard(marketer)[1:] == ["Planning poker: Sprint 8: waits for your vote"]
        assert not Notice.objects.filter(mail_at__isnull=False).exists()

    def test_another_round_waits_for_those_who_vote_on_their_own(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = self.window(story, lead, [marketer], now)
        item = item_of(session)
        votes.cast_vote(item=item, seat=session.seats.get(member=marketer), cards={"effort": "5"}, now=now)
        rounds.reveal_now(item=item, by=lead, now=now)

        rounds.vote_again(item=item_of(session), by=lead, now=now)

        assert heard(marketer)[1:] == ["Planning poker: Sprint 8: waits for your vote"]

    def test_what_is_over_is_said_and_the_invitation_is_not_mailed_any_more(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = self.opened(story, lead, [marketer], now)

        sessions.end_session(session=session, by=lead, now=now)

        assert heard(marketer)[1:] == ["Planning poker: Sprint 8: ended planning poker"]
        assert Notice.objects.get(kind="poker.invited").mail_at is None

    def test_a_deadline_that_passes_is_told_to_the_leader_as_well(
        self, story: Story, lead: Member, marketer: Member, now: datetime
    ) -> None:
        self.window(story, lead, [marketer], now)

        windows.poll(now + timedelta(days=4))

        assert heard(lead) == ["Planning poker: Sprint 8: turned the cards: the time to vote is over"]


class TestRetros:
    @pytest.fixture
    def ended(self, workspace: Workspace) -> Sprint:
        made: Sprint = SprintFactory.create(workspace=workspace, closed=True, number=6)
        return made

    def test_that_it_begins_is_told_once(self, ended: Sprint, lead: Member, marketer: Member, now: datetime) -> None:
        retro_rooms.begin_retro(sprint=ended, by=lead, now=now)
        retro_rooms.begin_retro(sprint=ended, by=lead, now=now)
        retro_rooms.go_to_phase(sprint=ended, phase=RetroPhase.WRITE, by=lead, now=now)

        assert heard(marketer) == ["Retrospective of sprint 6: began the retrospective"]

    def test_going_straight_to_a_step_begins_it_too(
        self, ended: Sprint, lead: Member, marketer: Member, now: datetime
    ) -> None:
        retro_rooms.go_to_phase(sprint=ended, phase=RetroPhase.WRITE, by=lead, now=now)

        assert heard(marketer) == ["Retrospective of sprint 6: began the retrospective"]

    def test_an_action_is_given(self, ended: Sprint, lead: Member, marketer: Member, now: datetime) -> None:
        retros.agree_action(sprint=ended, text="Ask earlier", owner=marketer, by=lead, now=now)

        assert heard(marketer) == ["Ask earlier: gave you this to do"]

    def late(self, sprint: Sprint, owner: Member, now: datetime, **fields: Any) -> RetroAction:
        day = (now - timedelta(days=2)).date()
        return RetroAction.objects.create(
            workspace=sprint.workspace, sprint=sprint, text="Ask earlier", owner=owner, created_at=now,
            **{"due_date": day, **fields},
        )  # fmt: skip

    def test_an_overdue_action_is_told_once(self, ended: Sprint, marketer: Member, now: datetime) -> None:
        self.late(ended, marketer, now)

        counts = [chase_actions(now), chase_actions(now + timedelta(days=1))]

        assert counts == [1, 0]
        assert "reminds you: it was to be done by" in heard(marketer)[0]

    def test_another_date_is_told_of_anew(self, ended: Sprint, marketer: Member, now: datetime) -> None:
        action = self.late(ended, marketer, now)
        chase_actions(now)
        RetroAction.objects.filter(pk=action.pk).update(due_date=now.date() + timedelta(days=3))

        assert chase_actions(now) == 0
        assert chase_actions(now + timedelta(days=5)) == 1

    def test_what_is_settled_done_or_has_no_date_is_not_late(
        self, ended: Sprint, marketer: Member, now: datetime
    ) -> None:
        self.late(ended, marketer, now, state=ActionState.DONE)
        self.late(ended, marketer, now, due_date=None)
        self.late(ended, marketer, now, story=StoryFactory.create(workspace=ended.workspace, done=True))

        assert chase_actions(now) == 0


class TestStandUps:
    def test_a_mention_is_told_once_however_often_the_entry_is_saved(
        self, lead: Member, marketer: Member, now: datetime
    ) -> None:
        every_day([lead, marketer], now)
        for words in (f"Ask @{marketer} for the feed", f"Ask @{marketer}", "Nothing", f"Ask @{marketer} again"):
            said(lead, now, today=words)

        assert [line.rpartition(": ")[2] for line in heard(marketer)] == ["mentioned you at the stand-up"]
        assert quotes(marketer) == [f"Ask @{marketer} again"]

    def test_who_is_not_mentioned_any_more_reads_nothing(self, lead: Member, marketer: Member, now: datetime) -> None:
        every_day([lead, marketer], now)
        said(lead, now, today=f"Ask @{marketer}")

        said(lead, now, today="Ask nobody")

        assert heard(marketer) == []

    def test_the_day_is_the_one_of_whoever_writes(self, lead: Member, marketer: Member, now: datetime) -> None:
        every_day([lead, marketer], now)

        entry = said(lead, now, in_the_way=f"@{marketer} is away")

        assert entry.stand_up.day == own_day(lead, now)
        assert Notice.objects.get(member=marketer).about_id == entry.stand_up_id


class TestIdeas:
    def test_the_lead_hears_of_an_idea_and_the_owner_and_marketers_do_not(
        self, workspace: Workspace, owner: Member, lead: Member, marketer: Member, seller: Member, now: datetime
    ) -> None:
        ideas.take_idea(workspace=workspace, told=Told("A birthday mail", source=IdeaSource.TEAM), by=seller, now=now)

        assert heard(lead) == ["A birthday mail: has an idea"]
        assert heard(owner) == heard(marketer) == heard(seller) == []
        assert "idea.received" not in {kind.key for kind in kinds_for(marketer)}

    def test_who_had_it_hears_the_answer_and_its_reason(
        self, workspace: Workspace, lead: Member, seller: Member, now: datetime
    ) -> None:
        told = Told("A birthday mail", source=IdeaSource.TEAM)
        idea = ideas.take_idea(workspace=workspace, told=told, by=seller, now=now)

        ideas.decline_idea(idea=idea, reason="We know no birthdays.", by=lead, now=now)

        assert heard(seller) == ["A birthday mail: declined your idea"]
        assert quotes(seller) == ["We know no birthdays."]

    def test_an_idea_that_became_a_story_leads_to_it(
        self, workspace: Workspace, lead: Member, seller: Member, now: datetime
    ) -> None:
        idea = ideas.take_idea(workspace=workspace, told=Told("A birthday mail"), by=seller, now=now)

        story = ideas.accept_idea(idea=idea, by=lead, now=now)

        [group] = groups_of(seller, Notice.objects.for_member(seller))
        assert group.place.href.endswith(f"/stories/{story.pk}/")
        assert group.latest.told.words == "made a story of your idea"


def test_every_kind_stands_under_a_heading_and_words_are_no_placeholder(owner: Member, lead: Member) -> None:
    kinds = {kind.key: kind for member in (owner, lead) for kind in kinds_for(member)}

    assert all(str(kind.group) and str(kind.label) for kind in kinds.values())
    assert {"story.sent", "story.measured", "poker.over", "retro.action_overdue"} <= set(kinds)
    assert len({kind.order for kind in kinds.values()}) == len(kinds)
