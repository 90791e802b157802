"""What moved since the last stand-up, from this app and from those downstream."""

from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import Verdict
from sprints.moves import MOST_MOVES, Move, Span, kept, moves_of, shown
from sprints.services.sprints import start_sprint
from sprints.services.stories import write_story
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.campaigns import campaign_for
from tests.factories.delivery import RunFactory
from tests.factories.sprints import BriefFactory
from workspaces.audit import record
from workspaces.models import Member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)
DAY = Span(NOW - timedelta(days=1), NOW)
BEFORE, WITHIN, AFTER = NOW - timedelta(hours=25), NOW - timedelta(hours=2), NOW + timedelta(minutes=1)


def words(member: Member, span: Span = DAY) -> list[str]:
    return [move.words for move in shown(kept(moves_of(member, span)))]


def test_only_what_happened_in_the_span_is_told(lead: Member) -> None:
    for moment, title in ((BEFORE, "Before"), (WITHIN, "Within"), (AFTER, "After")):
        write_story(workspace=lead.workspace, title=title, by=lead, now=moment)

    assert words(lead) == ["Wrote the story “Within”"]


def test_asking_starting_and_the_answer_are_told_to_whoever_asked(lead: Member, owner: Member) -> None:
    sprint = ready_sprint(lead.workspace, number=15, name="Glow")
    request = asked(sprint, WITHIN, by=lead, to=owner)
    answer(request, Verdict.APPROVED, WITHIN + timedelta(minutes=1))
    start_sprint(sprint=sprint, by=lead, now=WITHIN + timedelta(minutes=2))

    assert words(lead) == [
        f"Asked the owner to approve {request}",
        f"Got an answer on {request}: Approved",
        "Started sprint 15: Glow",
    ]
    assert words(owner) == [f"Decided on {request}"]


def test_a_campaign_that_was_made_and_written_is_told_in_one_line(lead: Member) -> None:
    story = BriefFactory.create(story__workspace=lead.workspace).story

    campaign = campaign_for(story, lead, WITHIN)

    assert words(lead) == [f"Wrote the mail of “{campaign}”"]


def test_a_send_that_ended_is_told_to_whoever_has_its_story(lead: Member, marketer: Member) -> None:
    run = RunFactory.create(workspace=lead.workspace, state="done", finished_at=WITHIN)
    run.campaign.story.assignee = lead
    run.campaign.story.save()
    record("run.done", run, by=None, now=WITHIN, sent=1812)

    assert words(lead) == [f"“{run.campaign}” was sent to 1,812 people"]
    assert words(marketer) == []


def test_the_newest_are_kept_when_there_are_too_many(lead: Member) -> None:
    for n in range(MOST_MOVES + 2):
        write_story(workspace=lead.workspace, title=f"Story {n}", by=lead, now=WITHIN + timedelta(minutes=n))

    told = words(lead)

    assert len(told) == MOST_MOVES
    assert told[-1] == f"Wrote the story “Story {MOST_MOVES + 1}”"


def test_what_nobody_can_put_into_words_any_more_is_left_out() -> None:
    assert shown(kept([Move("robot.danced", 1, "Anything")])) == []


def test_who_wrote_a_story_need_not_say_that_its_brief_was_written(lead: Member) -> None:
    story = write_story(workspace=lead.workspace, title="Serum reminder", by=lead, now=BEFORE)
    for target, moment in ((story, BEFORE), (story, WITHIN)):
        record("story.brief_set", target, by=lead, now=moment)
    new = write_story(workspace=lead.workspace, title="Glow", by=lead, now=WITHIN)
    record("story.brief_set", new, by=lead, now=WITHIN)

    assert sorted(words(lead)) == ["Wrote the send brief of “Serum reminder”", "Wrote the story “Glow”"]


def test_nothing_of_another_workspace_is_told(lead: Member, outsider: Member) -> None:
    write_story(workspace=outsider.workspace, title="Theirs", by=outsider, now=WITHIN)

    assert words(lead) == []
