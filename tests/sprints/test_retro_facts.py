"""The facts beside promise and outcome, and the file that the owner gets."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import translation

from delivery.models import DeliveryState, Reason
from sprints.models import RetroPhase, ScopeChange, ScopeEntry, Sprint, Story, Verdict
from sprints.retro_facts import MOST_CHANGES, RetroFacts
from sprints.retro_pdf import report_pdf
from sprints.retro_report import report_of
from sprints.retrospect import retro_figures
from sprints.services.retro_groups import decide_on
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.factories.retros import at_step, begun, said, topic_of
from tests.factories.sprints import BriefFactory, SprintFactory
from tests.factories.strategy import GoalFactory, ReadingFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def _facts(sprint: Sprint, now: datetime) -> RetroFacts:
    sprint = Sprint.objects.select_related("workspace").get(pk=sprint.pk)
    return RetroFacts(retro_figures([sprint])[0], now)


def test_a_sprint_without_a_goal_moved_none(workspace: Workspace, lead: Member, now: datetime) -> None:
    assert _facts(begun(workspace, lead, now), now).goals == []


def test_the_goal_and_the_one_above_are_read_before_and_after(workspace: Workspace, now: datetime) -> None:
    today = now.date()
    above = GoalFactory.create(workspace=workspace)
    goal = GoalFactory.create(workspace=workspace, parent=above, start_date=today - timedelta(days=60))
    for days, value in ((20, 10), (3, 12)):
        ReadingFactory.create(kpi=goal.kpi, day=today - timedelta(days=days), value=Decimal(value))
    sprint = ready_sprint(workspace, stories=0)
    start = today - timedelta(days=14)
    Sprint.objects.filter(pk=sprint.pk).update(
        goal=goal, state="closed", start_date=start, end_date=today, closed_at=now
    )

    moves = _facts(sprint, now).goals

    assert [(move.goal, move.is_above) for move in moves] == [(goal, False), (above, True)]
    assert (moves[0].before.value, moves[0].after.value) == (Decimal(10), Decimal(12))
    assert moves[0].points is not None
    assert moves[1].points is None


def test_what_was_bent_is_told_story_by_story(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    story = sprint.stories.get()
    story.hypothesis.expected = 0.05
    story.hypothesis.save()
    ScopeEntry.objects.create(
        workspace=workspace, sprint=sprint, story=story, change=ScopeChange.ADDED, points=2, by=lead, at=now
    )
    Sprint.objects.filter(pk=sprint.pk).update(
        state="closed", started_at=now, start_date=now.date() - timedelta(days=3), closed_at=now
    )

    told = [(bent.story, bent.what) for bent in _facts(sprint, now).bent]

    assert told == [
        (None, "The sprint began late"),
        (None, "The plan was changed after approval"),
        (story, "Changed after approval"),
        (story, "Added after the start"),
    ]


def test_all_that_was_approved_of_a_story_can_be_bent(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    story = sprint.stories.get()
    Story.objects.filter(pk=story.pk).update(points=(story.points or 0) + 5)
    story.criteria.update(text="Something easier")
    story.brief.offer = "A third off everything"
    story.brief.save()

    [bent] = _facts(sprint, now).bent

    assert bent.what == "Changed after approval"
    for part in ("Points:", "Acceptance criteria:", "A third off everything"):
        assert part in bent.how


def test_points_that_the_scope_log_knows_are_not_told_twice(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    story = sprint.stories.get()
    Story.objects.filter(pk=story.pk).update(points=(story.points or 0) + 5)
    ScopeEntry.objects.create(
        workspace=workspace, sprint=sprint, story=story, change=ScopeChange.ESTIMATED, points=5, by=lead, at=now
    )

    assert [bent.what for bent in _facts(sprint, now).bent] == ["Estimated anew"]


def test_a_send_to_many_more_than_were_approved_is_bent(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    figures = retro_figures([Sprint.objects.select_related("workspace").get(pk=sprint.pk)])[0]
    approved = figures.stories[0].people_promised or 0
    story = figures.stories[0].story
    run = RunFactory.create(campaign__workspace=workspace, campaign__story=story, started_at=now)
    DeliveryFactory.create_batch(approved + 9, run=run, state=DeliveryState.SENT)

    told = {bent.what: bent.how for bent in _facts(sprint, now).bent}

    assert f"approved for {approved} people, {approved + 9} matched" in told["Another audience than approved"]


def test_each_version_says_how_long_it_waited(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now - timedelta(days=2), to=owner), Verdict.APPROVED, now)

    [wait] = _facts(sprint, now).waits

    assert (round(wait.days, 1), wait.is_open) == (2.0, False)


def test_an_unanswered_request_waits_until_the_sprint_is_closed(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now - timedelta(days=3), to=owner)
    Sprint.objects.filter(pk=sprint.pk).update(state="closed", closed_at=now - timedelta(days=1))

    [wait] = _facts(sprint, now).waits

    assert (wait.days, wait.answer) == (2.0, "no answer")


def _sent(workspace: Workspace, now: datetime) -> tuple[Sprint, Story]:
    """A sprint with a story for which three were to be written to, and one was."""
    run = RunFactory.create(campaign__workspace=workspace, started_at=now)
    for state, reason in (
        (DeliveryState.SENT, ""),
        (DeliveryState.SKIPPED, Reason.NO_CONSENT),
        (DeliveryState.FAILED, Reason.REFUSED),
    ):
        DeliveryFactory.create(run=run, state=state, reason=reason)
    story = run.campaign.story
    story.sprint = SprintFactory.create(workspace=workspace, closed=True)
    story.save(update_fields=["sprint"])
    return story.sprint, story


def test_skipped_and_failed_sends_are_told_with_their_reasons(workspace: Workspace, now: datetime) -> None:
    sprint, story = _sent(workspace, now)

    [send] = _facts(sprint, now).left_out

    assert (send.story_id, send.matched, send.sent) == (story.pk, 3, 1)
    lost = {(str(loss.kind), str(loss.reason), loss.count) for loss in send.losses}
    assert lost == {
        ("Left out", "No consent", 1),
        ("Failed", "The receiving server refused the address", 1),
    }


def test_a_send_after_its_window_is_late(workspace: Workspace, now: datetime) -> None:
    sprint, story = _sent(workspace, now)
    BriefFactory.create(story=story, window_start=date(2020, 1, 1))

    assert [bent.what for bent in _facts(sprint, now).bent if bent.story == story] == ["Sent late"]


@pytest.mark.parametrize("language", ["en", "ru", "bg"])
def test_the_report_becomes_a_pdf_in_any_language(
    workspace: Workspace, lead: Member, now: datetime, language: str
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    note = said(sprint, "Письмо ушло поздно", lead, now)
    at_step(sprint, RetroPhase.DISCUSS, now)
    decide_on(group=topic_of(note), decision="Отправлять до полудня – “утром”.", by=lead, now=now)

    with translation.override(language):
        made = report_pdf(report_of(sprint, now))

    assert made.startswith(b"%PDF-")
    assert BytesIO(made).read().rstrip().endswith(b"%%EOF")
    assert b"/ToUnicode" in made


def test_of_many_changes_of_scope_the_newest_are_told_and_the_others_counted(
    workspace: Workspace, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    Sprint.objects.filter(pk=sprint.pk).update(state="running", started_at=now)
    ScopeEntry.objects.bulk_create(
        ScopeEntry(
            workspace=workspace,
            sprint=sprint,
            story=sprint.stories.get(),
            change=ScopeChange.ESTIMATED,
            points=1,
            at=now + timedelta(minutes=n),
        )
        for n in range(MOST_CHANGES + 2)
    )

    *told, last = [bent for bent in _facts(sprint, now).bent if bent.icon != "clock"]

    assert len(told) == MOST_CHANGES
    assert last.how == "2 stand in the scope log"
