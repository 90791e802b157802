"""Writing at the stand-up, and what is in the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import PlanKept, Sprint, StandUp, StandUpEntry, StoryStatus
from sprints.moves import shown
from sprints.services.standups import (
    SITTING,
    Answers,
    StandUpRefused,
    entry_before,
    open_stand_up,
    write_entry,
)
from sprints.services.stories import move_story, tick_criterion
from sprints.standup_days import own_day
from tests.factories.sprints import CriterionFactory, SprintFactory, StoryFactory
from tests.factories.standups import every_day, said, todays
from tests.together import together
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)  # nine in Sofia
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def team(lead: Member, marketer: Member) -> list[Member]:
    every_day([lead, marketer], MONDAY)
    return [lead, marketer]


@pytest.fixture
def running(lead: Member) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=lead.workspace, running=True)
    return made


def words(entry: StandUpEntry) -> list[str]:
    return [move.words for move in shown(entry.moves)]


def test_an_entry_holds_the_three_answers(team: list[Member]) -> None:
    entry = said(team[0], MONDAY, yesterday=" Wrote the brief ", today="Ask the owner", in_the_way="The feed is late")

    assert (entry.yesterday, entry.today, entry.in_the_way) == ("Wrote the brief", "Ask the owner", "The feed is late")
    assert entry.stand_up.day == MONDAY.date()


def test_what_was_moved_since_the_last_time_is_told_once(team: list[Member], running: Sprint) -> None:
    lead = team[0]
    story = StoryFactory.create(workspace=lead.workspace, sprint=running, title="Serum reminder")
    said(lead, MONDAY)
    move_story(story=story, status=StoryStatus.DOING, by=lead, now=MONDAY + timedelta(hours=2))
    move_story(story=story, status=StoryStatus.REVIEW, by=lead, now=MONDAY + timedelta(hours=5))

    tuesday = said(lead, TUESDAY)
    wednesday = said(lead, TUESDAY + timedelta(days=1))

    assert words(tuesday) == ["Moved “Serum reminder” to “In review”"]
    assert words(wednesday) == []


def test_criteria_that_were_ticked_are_counted_by_story(team: list[Member], running: Sprint) -> None:
    lead = team[0]
    story = StoryFactory.create(workspace=lead.workspace, sprint=running, title="Serum reminder")
    first, second, third = CriterionFactory.create_batch(3, story=story)
    for criterion in (first, second, third):
        tick_criterion(criterion=criterion, is_met=True, by=lead, now=MONDAY)
    tick_criterion(criterion=third, is_met=False, by=lead, now=MONDAY)

    entry = said(lead, MONDAY + timedelta(hours=1))

    assert words(entry) == ["Met 2 criteria of “Serum reminder”"]


def test_what_somebody_else_moved_is_not_told(team: list[Member], running: Sprint) -> None:
    lead, marketer = team
    story = StoryFactory.create(workspace=lead.workspace, sprint=running)
    move_story(story=story, status=StoryStatus.DOING, by=marketer, now=MONDAY)

    assert words(said(lead, MONDAY + timedelta(hours=1))) == []


def test_a_line_that_was_taken_out_stays_out_and_can_come_back(team: list[Member], running: Sprint) -> None:
    lead = team[0]
    story = StoryFactory.create(workspace=lead.workspace, sprint=running)
    move_story(story=story, status=StoryStatus.DOING, by=lead, now=MONDAY)
    key = f"story.moved-{story.pk}"

    without = said(lead, MONDAY + timedelta(hours=1), left_out=[key, "story.moved-of-nobody"])
    removed, left_out = without.moves, without.left_out
    again = said(lead, MONDAY + timedelta(hours=2))

    assert (removed, left_out) == ([], [key])
    assert len(again.moves) == 1
    assert again.left_out == []


def test_writing_again_changes_the_same_entry(team: list[Member]) -> None:
    said(team[0], MONDAY, today="One thing")

    said(team[0], MONDAY + timedelta(hours=3), today="Another thing")

    assert [entry.today for entry in StandUpEntry.objects.all()] == ["Another thing"]


def test_what_is_saved_in_one_sitting_is_one_line_of_the_log(team: list[Member]) -> None:
    for seconds in (0, 5, 9):
        said(team[0], MONDAY + timedelta(seconds=seconds))
    said(team[0], MONDAY + timedelta(seconds=10) + SITTING)

    actions = AuditEntry.objects.filter(action__in=["stand_up.written", "stand_up.rewritten"]).order_by("pk")
    assert [entry.action for entry in actions] == ["stand_up.written", "stand_up.rewritten"]


def test_the_plan_of_the_last_time_is_asked_about(team: list[Member], running: Sprint) -> None:
    lead = team[0]
    story = StoryFactory.create(workspace=lead.workspace, sprint=running)
    friday = said(lead, MONDAY - timedelta(days=3), stories=[story])

    monday = said(lead, MONDAY, plan_kept=PlanKept.PARTLY)

    before = entry_before(lead.workspace, lead, monday.stand_up.day)
    assert before == friday
    assert list(before.stories.all()) == [story]


def test_an_entry_can_be_written_until_ones_own_day_is_over(team: list[Member]) -> None:
    """At 21:30 in Sofia it is 08:30 of the same day in Honolulu, where the day goes on."""
    lead, marketer = team
    marketer.user.time_zone = "Pacific/Honolulu"
    marketer.user.save()
    stand_up = todays(lead, MONDAY)
    late = MONDAY + timedelta(hours=16)  # one in the night in Sofia, noon in Honolulu

    write_entry(stand_up=stand_up, answers=Answers(today="Still at it"), by=marketer, now=late)
    with pytest.raises(StandUpRefused, match="another day"):
        write_entry(stand_up=stand_up, answers=Answers(today="Too late"), by=lead, now=late)

    assert [entry.member for entry in stand_up.entries.all()] == [marketer]


def test_on_a_day_off_nobody_writes(team: list[Member]) -> None:
    every_day(team, MONDAY, weekdays=[1])

    with pytest.raises(StandUpRefused, match="no stand-up"):
        said(team[0], MONDAY)


@pytest.mark.parametrize("answers", [{"today": "  "}, {"today": "x" * 2001}])
def test_nothing_and_too_much_are_refused(team: list[Member], answers: dict[str, str]) -> None:
    with pytest.raises(StandUpRefused):
        said(team[0], MONDAY, **answers)


def test_a_story_of_another_workspace_is_refused(team: list[Member], outsider: Member) -> None:
    with pytest.raises(StandUpRefused):
        said(team[0], MONDAY, stories=[StoryFactory.create(workspace=outsider.workspace)])


@pytest.mark.django_db(transaction=True)
def test_two_who_look_first_open_one_stand_up(lead: Member) -> None:
    every_day([lead], MONDAY)

    def look() -> StandUp:
        return open_stand_up(workspace=lead.workspace, day=own_day(lead, MONDAY), now=MONDAY)

    found = together(look, look)

    assert [stand_up for stand_up in found if isinstance(stand_up, StandUp)] == [StandUp.objects.get()] * 2


@pytest.mark.django_db(transaction=True)
def test_two_saves_at_once_make_one_entry(lead: Member) -> None:
    every_day([lead], MONDAY)
    todays(lead, MONDAY)

    def save(text: str) -> Callable[[], object]:
        return lambda: said(lead, MONDAY, today=text)

    found = together(save("One"), save("Two"))

    assert not any(isinstance(result, Exception) for result in found), found
    assert StandUpEntry.objects.get().today in {"One", "Two"}
