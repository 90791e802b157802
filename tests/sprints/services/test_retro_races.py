"""Two at once in one retrospective."""

from datetime import datetime
from functools import partial

import pytest

from sprints.models import Retro, RetroNote, RetroPhase, RetroVote
from sprints.services.retro_access import RetroRefused
from sprints.services.retro_groups import cast_vote
from sprints.services.retro_rooms import Ways, begin_retro, go_to_phase, rate_worth, set_ways
from sprints.services.retros import add_note
from tests.factories.retros import at_step, begun, retro_in, said, topic_of
from tests.factories.sprints import SprintFactory
from tests.together import together
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_requests_at_once_do_not_spend_the_last_vote_twice(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    set_ways(sprint=sprint, ways=Ways([], 1, True, False), for_next=False, by=lead, now=now)
    notes = [said(sprint, text, marketer, now) for text in ("One", "Two")]
    at_step(sprint, RetroPhase.VOTE, now)
    one, two = (topic_of(note) for note in notes)

    answers = together(
        lambda: cast_vote(group=one, by=marketer, now=now), lambda: cast_vote(group=two, by=marketer, now=now)
    )

    assert sorted(isinstance(answer, RetroRefused) for answer in answers) == [False, True]
    assert RetroVote.objects.get(member=marketer).count == 1


def test_a_note_written_while_the_step_changes_is_hidden_or_shown_to_all_and_never_lost(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    for _attempt in range(5):
        sprint = begun(workspace, lead, now, RetroPhase.WRITE)

        answers = together(
            partial(add_note, sprint=sprint, kind="well", text="Just now", by=marketer, now=now),
            partial(go_to_phase, sprint=sprint, phase=RetroPhase.GROUP, by=lead, now=now),
        )

        assert not [answer for answer in answers if isinstance(answer, Exception)]
        note = RetroNote.objects.get(sprint=sprint)
        assert retro_in(sprint).phase == RetroPhase.GROUP
        assert note.is_shown
        assert note.group is not None


def test_a_note_written_while_the_team_goes_back_to_writing_is_never_half_shown(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.GROUP)

    together(
        lambda: add_note(sprint=sprint, kind="well", text="Just now", by=marketer, now=now),
        lambda: go_to_phase(sprint=sprint, phase=RetroPhase.WRITE, by=lead, now=now),
    )

    note = RetroNote.objects.get(sprint=sprint)
    assert note.is_shown == (note.group is not None)


def test_two_who_begin_at_once_begin_one_retrospective(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)

    answers = together(
        lambda: begin_retro(sprint=sprint, by=lead, now=now), lambda: begin_retro(sprint=sprint, by=marketer, now=now)
    )

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Retro.objects.get(sprint=sprint).facilitator in {lead, marketer}


def test_nobody_answers_worth_twice_by_pressing_twice(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.CLOSE)

    answers = together(
        lambda: rate_worth(sprint=sprint, stars=5, by=lead, now=now),
        lambda: rate_worth(sprint=sprint, stars=1, by=lead, now=now),
    )

    assert sum(isinstance(answer, RetroRefused) for answer in answers) == 1
    assert sum(retro_in(sprint).worth) == 1
