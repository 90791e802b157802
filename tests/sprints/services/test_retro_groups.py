"""Topics: grouping, merging, splitting, votes within a budget, discussing, deciding; and what became of actions."""

from datetime import datetime, timedelta

import pytest

from sprints.models import ActionState, RetroGroup, RetroNote, RetroPhase, RetroVote
from sprints.services.retro_access import RetroRefused
from sprints.services.retro_gathering import gather_notes, part_notes
from sprints.services.retro_groups import (
    cast_vote,
    decide_on,
    discuss,
    merge_groups,
    move_note,
    name_group,
    reveal_votes,
    take_vote_back,
)
from sprints.services.retro_rooms import Ways, add_time, say_ready, set_timer, set_ways
from sprints.services.retros import agree_action, mark_for_report, settle_action
from tests.factories.retros import at_step, begun, retro_in, said, topic_of, voted
from tests.factories.sprints import SprintFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def _three(workspace: Workspace, lead: Member, now: datetime, phase: RetroPhase) -> list[RetroNote]:
    """Three notes, each a topic by itself, at a step after grouping."""
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    for text in ("One", "Two", "Three"):
        said(sprint, text, lead, now)
    at_step(sprint, phase, now)
    return list(RetroNote.objects.filter(sprint=sprint).select_related("sprint__workspace", "group").order_by("pk"))


def test_notes_are_put_together_named_and_taken_apart(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, two, three = _three(workspace, lead, now, RetroPhase.GROUP)

    gather_notes(notes=[one, two], to=None, by=lead, now=now)
    name_group(group=topic_of(one), name=" Feed ", by=lead, now=now)
    assert topic_of(one) == topic_of(two) != topic_of(three)
    assert (topic_of(one).name, RetroGroup.objects.count()) == ("Feed", 2)

    part_notes(notes=[two], by=lead, now=now)
    assert topic_of(one) != topic_of(two)
    assert RetroGroup.objects.count() == 3


def test_parting_a_note_that_is_alone_changes_nothing(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.GROUP)

    assert move_note(note=one, to=None, by=lead, now=now) == one.group

    assert RetroGroup.objects.count() == 3


def test_a_hidden_note_cannot_be_grouped_or_reported(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    note = said(begun(workspace, lead, now, RetroPhase.WRITE), "Secret", marketer, now)

    with pytest.raises(RetroRefused, match="once everybody sees"):
        move_note(note=note, to=None, by=lead, now=now)
    with pytest.raises(RetroRefused, match="not seen this note"):
        mark_for_report(note=note, in_report=True, by=lead, now=now)


def test_a_topic_of_another_retrospective_takes_no_note(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.GROUP)
    foreign, *_rest = _three(workspace, lead, now, RetroPhase.GROUP)

    with pytest.raises(RetroRefused, match="not there any more"):
        move_note(note=one, to=topic_of(foreign), by=lead, now=now)


def test_merging_keeps_votes_name_and_decision(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    one, two, *_rest = _three(workspace, lead, now, RetroPhase.VOTE)
    say_ready(sprint=one.sprint, is_ready=False, by=marketer, now=now)
    voted(one, lead, now, times=2)
    voted(two, lead, now)
    name_group(group=topic_of(two), name="Feed", by=lead, now=now)

    merge_groups(group=topic_of(two), into=topic_of(one), by=lead, now=now)

    assert RetroVote.objects.get(member=lead).count == 3
    assert (topic_of(two).name, RetroGroup.objects.count()) == ("Feed", 2)
    with pytest.raises(RetroRefused, match="another topic"):
        merge_groups(group=topic_of(one), into=topic_of(one), by=lead, now=now)


def test_where_each_topic_gets_one_vote_merging_frees_the_second(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    one, two, three = _three(workspace, lead, now, RetroPhase.VOTE)
    set_ways(sprint=one.sprint, ways=Ways([], 2, False, False), for_next=False, by=lead, now=now)
    say_ready(sprint=one.sprint, is_ready=False, by=marketer, now=now)
    voted(one, lead, now)
    voted(two, lead, now)

    merge_groups(group=topic_of(two), into=topic_of(one), by=lead, now=now)

    assert RetroVote.objects.get(member=lead).count == 1
    assert cast_vote(group=topic_of(three), by=lead, now=now) == 0


def test_votes_stay_within_the_budget_and_can_be_taken_back(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    one, two, *_rest = _three(workspace, lead, now, RetroPhase.VOTE)
    say_ready(sprint=one.sprint, is_ready=False, by=marketer, now=now)
    voted(one, lead, now, times=5)

    with pytest.raises(RetroRefused, match="All your votes"):
        cast_vote(group=topic_of(two), by=lead, now=now)

    take_vote_back(group=topic_of(one), by=lead, now=now)
    assert cast_vote(group=topic_of(two), by=lead, now=now) == 0
    take_vote_back(group=topic_of(two), by=lead, now=now)
    take_vote_back(group=topic_of(two), by=lead, now=now)
    assert RetroVote.objects.get().count == 4


def test_one_vote_a_topic_where_the_team_wants_it_so(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.VOTE)
    set_ways(sprint=one.sprint, ways=Ways([], 3, False, False), for_next=False, by=lead, now=now)
    voted(one, lead, now)

    with pytest.raises(RetroRefused, match="One vote a topic"):
        voted(one, lead, now)


def test_the_budget_does_not_change_under_votes(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.VOTE)
    voted(one, lead, now)

    with pytest.raises(RetroRefused, match="voted already"):
        set_ways(sprint=one.sprint, ways=Ways([], 1, True, False), for_next=False, by=lead, now=now)


def test_votes_are_given_on_their_step_alone(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.GROUP)

    with pytest.raises(RetroRefused, match="no voting"):
        cast_vote(group=topic_of(one), by=lead, now=now)


def test_votes_are_shown_when_all_have_voted_or_said_to_be_ready(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.VOTE)
    say_ready(sprint=one.sprint, is_ready=False, by=marketer, now=now)
    voted(one, lead, now, times=5)
    assert retro_in(one.sprint).revealed_at is None

    say_ready(sprint=one.sprint, is_ready=True, by=marketer, now=now)

    assert retro_in(one.sprint).revealed_at == now


def test_the_facilitator_shows_votes_early_and_opens_the_voting_again(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.VOTE)

    with pytest.raises(RetroRefused, match="leads"):
        reveal_votes(sprint=one.sprint, is_shown=True, by=marketer, now=now)
    reveal_votes(sprint=one.sprint, is_shown=True, by=lead, now=now)
    with pytest.raises(RetroRefused, match="no voting"):
        voted(one, lead, now)

    reveal_votes(sprint=one.sprint, is_shown=False, by=lead, now=now)
    voted(one, lead, now)
    assert at_step(one.sprint, RetroPhase.DISCUSS, now).revealed_at is not None


def test_the_next_topic_gets_as_much_time_as_the_last(workspace: Workspace, lead: Member, now: datetime) -> None:
    one, two, *_rest = _three(workspace, lead, now, RetroPhase.DISCUSS)
    discuss(group=topic_of(one), by=lead, now=now)
    set_timer(sprint=one.sprint, minutes=5, by=lead, now=now)
    add_time(sprint=one.sprint, minutes=1, by=lead, now=now)
    later = now + timedelta(minutes=6)

    discuss(group=topic_of(two), by=lead, now=later)

    retro = retro_in(one.sprint)
    assert (retro.topic, retro.ends_at) == (topic_of(two), later + timedelta(minutes=5))
    assert topic_of(one).discussed_at == later


def test_anybody_of_the_team_keeps_what_was_decided(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    one, *_others = _three(workspace, lead, now, RetroPhase.DISCUSS)

    decide_on(group=topic_of(one), decision=" Leave recent buyers out. ", by=marketer, now=now)

    assert topic_of(one).decision == "Leave recent buyers out."


def test_a_later_retrospective_says_what_became_of_an_action(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    before, later = (SprintFactory.create(workspace=workspace, closed=True) for _number in range(2))
    action = agree_action(sprint=before, text="Watch the feed", owner=marketer, by=lead, now=now)

    settle_action(action=action, sprint=later, answer=ActionState.OPEN, by=lead, now=now)
    settle_action(action=action, sprint=later, answer=ActionState.DROPPED, reason="No feed.", by=lead, now=now)

    action.refresh_from_db()
    assert action.state == ActionState.DROPPED
    assert [(check.answer, check.reason) for check in action.checks.all()] == [("dropped", "No feed.")]


def test_dropping_needs_a_reason_and_settling_a_later_sprint(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    before, later = (SprintFactory.create(workspace=workspace, closed=True) for _number in range(2))
    action = agree_action(sprint=before, text="Watch the feed", owner=marketer, by=lead, now=now)

    with pytest.raises(RetroRefused, match="why it is dropped"):
        settle_action(action=action, sprint=later, answer=ActionState.DROPPED, reason=" ", by=lead, now=now)
    with pytest.raises(RetroRefused, match="not agreed before"):
        settle_action(action=action, sprint=before, answer=ActionState.DONE, by=lead, now=now)
