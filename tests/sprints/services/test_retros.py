"""Notes, what was agreed, and outcomes."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from emailops.lib.statistics import Estimate
from sprints.models import NoteKind, OutcomeVerdict, RetroNote, Story, StoryKind, StoryOutcome
from sprints.services.retro_access import RetroRefused
from sprints.services.retros import (
    add_note,
    agree_action,
    record_outcome,
    remove_note,
    turn_into_story,
)
from tests.factories.approvals import agreed_in, note_in
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def test_a_note_stands_under_the_name_of_its_author(workspace: Workspace, marketer: Member, now: datetime) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)

    note = add_note(sprint=sprint, kind=NoteKind.HARD, text="  The feed was late. ", by=marketer, now=now)

    assert (note.text, note.author, note.kind, note.sprint) == ("The feed was late.", marketer, NoteKind.HARD, sprint)


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_note_is_refused(workspace: Workspace, marketer: Member, now: datetime, text: str) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)

    with pytest.raises(RetroRefused) as refused:
        add_note(sprint=sprint, kind=NoteKind.WELL, text=text, by=marketer, now=now)

    assert "text" in refused.value.fields
    assert not RetroNote.objects.exists()


def test_only_its_author_takes_a_note_back(workspace: Workspace, marketer: Member, lead: Member, now: datetime) -> None:
    note = note_in(SprintFactory.create(workspace=workspace, closed=True), marketer, now)

    with pytest.raises(RetroRefused, match="Only the one who wrote"):
        remove_note(note=note, by=lead, now=now)
    assert RetroNote.objects.exists()

    remove_note(note=note, by=marketer, now=now)
    assert not RetroNote.objects.exists()
    assert AuditEntry.objects.filter(action="retro.note_removed", member=marketer).exists()


def test_an_action_has_one_owner_and_a_date(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    sprint, day = SprintFactory.create(workspace=workspace, closed=True), now.date() + timedelta(days=5)

    agreed = agree_action(sprint=sprint, text="Ask on Monday", owner=marketer, by=lead, now=now, due_date=day)

    assert (agreed.text, agreed.owner, agreed.due_date, agreed.story) == ("Ask on Monday", marketer, day, None)


def test_an_action_without_words_is_refused(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)

    with pytest.raises(RetroRefused):
        agree_action(sprint=sprint, text=" ", owner=lead, by=lead, now=now)


def test_an_action_becomes_a_story_that_says_where_it_comes_from(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    goal = GoalFactory.create(workspace=workspace)
    sprint = SprintFactory.create(workspace=workspace, closed=True, goal=goal)
    agreed = agreed_in(sprint, marketer, now)

    story = turn_into_story(action=agreed, by=lead, now=now)

    agreed.refresh_from_db()
    assert agreed.story == story
    assert (story.title, story.assignee, story.goal) == (agreed.text, marketer, goal)
    assert (story.kind, story.sprint) == (StoryKind.BUILD, None)
    assert str(sprint.number) in story.problem


def test_making_a_story_twice_gives_the_same_one(workspace: Workspace, lead: Member, now: datetime) -> None:
    agreed = agreed_in(SprintFactory.create(workspace=workspace, closed=True), lead, now)

    first = turn_into_story(action=agreed, by=lead, now=now)
    second = turn_into_story(action=agreed, by=lead, now=now)

    assert first == second
    assert Story.objects.count() == 1
    assert AuditEntry.objects.filter(action="retro.action_became_story").count() == 1


def _measured(story: Story, estimate: Estimate, verdict: OutcomeVerdict, now: datetime) -> StoryOutcome:
    return record_outcome(
        story=story,
        estimate=estimate,
        metric="click_rate",
        verdict=verdict,
        reason="Because.",
        revenue=Decimal("5640.00"),
        now=now,
    )


def test_an_outcome_keeps_the_figure_with_its_interval(workspace: Workspace, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)

    outcome = _measured(story, Estimate(0.036, 0.033, 0.040, 8412), OutcomeVerdict.REACHED, now)

    assert (outcome.value, outcome.low, outcome.high, outcome.sample_size) == (0.036, 0.033, 0.040, 8412)


def test_an_open_end_of_an_interval_is_no_number(workspace: Workspace, now: datetime) -> None:
    endless = Estimate(12.0, float("-inf"), float("inf"), 1)

    outcome = _measured(StoryFactory.create(workspace=workspace), endless, OutcomeVerdict.UNCLEAR, now)

    assert (outcome.low, outcome.high) == (None, None)


def test_measuring_again_replaces_and_only_a_new_verdict_is_written_down(workspace: Workspace, now: datetime) -> None:
    story, estimate = StoryFactory.create(workspace=workspace), Estimate(0.036, 0.033, 0.040, 8412)
    _measured(story, estimate, OutcomeVerdict.UNCLEAR, now)
    _measured(story, estimate, OutcomeVerdict.UNCLEAR, now)

    _measured(story, estimate, OutcomeVerdict.REACHED, now)

    assert StoryOutcome.objects.get().verdict == OutcomeVerdict.REACHED
    changes = AuditEntry.objects.filter(action="story.outcome").order_by("pk").values_list("detail", flat=True)
    assert [(change["old"], change["new"]) for change in changes] == [(None, "unclear"), ("unclear", "reached")]
