"""Holding a retrospective: begin, steps, time, readiness, leading, ways, worth, close."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sprints.models import Retro, RetroHabit, RetroNote, RetroPerson, RetroPhase
from sprints.services.retro_access import RetroRefused
from sprints.services.retro_rooms import (
    Ways,
    add_time,
    begin_retro,
    close_retro,
    go_to_phase,
    hand_over,
    join_retro,
    rate_worth,
    say_ready,
    set_timer,
    set_ways,
)
from sprints.services.retros import add_note, agree_action, remove_note, turn_into_story
from tests.factories.retros import at_step, begun, retro_in, said
from tests.factories.sprints import SprintFactory
from tests.factories.workspaces import MemberFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
OURS = Ways(prompts=[], votes_each=5, may_stack=True, is_anonymous=False)


def test_whoever_begins_leads_and_the_first_step_is_what_was_agreed_before(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)

    begin_retro(sprint=sprint, by=lead, now=now)
    begin_retro(sprint=sprint, by=marketer, now=now + timedelta(minutes=1))

    retro = retro_in(sprint)
    assert (retro.facilitator, retro.phase, retro.begun_at) == (lead, RetroPhase.LAST, now)
    assert AuditEntry.objects.filter(action="retro.begun").count() == 1


def test_notes_can_be_written_before_anybody_begins(workspace: Workspace, marketer: Member, now: datetime) -> None:
    sprint = SprintFactory.create(workspace=workspace, running=True)

    note = said(sprint, "The feed was late.", marketer, now)

    assert not note.is_shown
    assert (retro_in(sprint).begun_at, retro_in(sprint).facilitator) == (None, None)


@pytest.mark.parametrize("phase", [RetroPhase.LAST, RetroPhase.DATA, RetroPhase.WRITE])
def test_a_note_is_its_authors_alone_until_the_team_goes_on_from_writing(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime, phase: RetroPhase
) -> None:
    sprint = begun(workspace, lead, now, phase)
    note = said(sprint, "The feed was late.", marketer, now)

    others, own = (RetroNote.objects.filter(sprint=sprint).seen_by(member) for member in (lead, marketer))
    assert (list(others), list(own)) == ([], [note])

    at_step(sprint, RetroPhase.GROUP, now)

    assert list(others.all()) == [note]


def test_a_step_may_be_skipped_and_going_back_hides_nothing_that_was_seen(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    first = said(sprint, "Seen by all.", marketer, now)
    at_step(sprint, RetroPhase.ACT, now)
    at_step(sprint, RetroPhase.WRITE, now)

    second = said(sprint, "A second round.", marketer, now)

    assert list(RetroNote.objects.filter(sprint=sprint).seen_by(lead)) == [first]
    assert not second.is_shown


def test_a_note_written_after_writing_is_shown_at_once_as_a_topic(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.GROUP)

    note = said(sprint, "One more thing.", lead, now)

    assert note.is_shown
    assert note.group is not None


def test_only_the_facilitator_leads_on(workspace: Workspace, lead: Member, marketer: Member, now: datetime) -> None:
    sprint = begun(workspace, lead, now)

    leading: list[Callable[[], object]] = [
        lambda: go_to_phase(sprint=sprint, phase=RetroPhase.VOTE, by=marketer, now=now),
        lambda: set_timer(sprint=sprint, minutes=5, by=marketer, now=now),
        lambda: close_retro(sprint=sprint, by=marketer, now=now),
        lambda: set_ways(sprint=sprint, ways=OURS, for_next=False, by=marketer, now=now),
    ]

    for refused in leading:
        with pytest.raises(RetroRefused, match="Elena Petrova leads"):
            refused()

    assert retro_in(sprint).phase == RetroPhase.LAST


def test_a_facilitator_hands_over_and_one_who_plans_takes_over(
    workspace: Workspace, lead: Member, seller: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)

    hand_over(sprint=sprint, to=seller, by=lead, now=now)
    assert retro_in(sprint).facilitator == seller

    hand_over(sprint=sprint, to=marketer, by=marketer, now=now)
    assert retro_in(sprint).facilitator == marketer


def test_nobody_else_takes_it_and_no_guest_gets_it(
    workspace: Workspace, lead: Member, seller: Member, guest: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)
    gone = MemberFactory.create(workspace=workspace, left_at=now)

    with pytest.raises(RetroRefused, match="can hand it over"):
        hand_over(sprint=sprint, to=seller, by=seller, now=now)
    for nobody in (guest, gone):
        with pytest.raises(RetroRefused, match="does not take part"):
            hand_over(sprint=sprint, to=nobody, by=lead, now=now)


def test_a_timer_is_a_moment_that_can_be_moved_and_stopped(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = begun(workspace, lead, now)

    set_timer(sprint=sprint, minutes=5, by=lead, now=now)
    add_time(sprint=sprint, minutes=1, by=lead, now=now + timedelta(minutes=2))
    assert retro_in(sprint).ends_at == now + timedelta(minutes=6)

    add_time(sprint=sprint, minutes=5, by=lead, now=now + timedelta(minutes=30))
    assert retro_in(sprint).ends_at == now + timedelta(minutes=35)

    set_timer(sprint=sprint, minutes=0, by=lead, now=now)
    assert retro_in(sprint).ends_at is None


def test_a_timer_that_makes_no_sense_is_refused_and_one_ends_with_its_step(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)
    for minutes in (-1, 121):
        with pytest.raises(RetroRefused):
            set_timer(sprint=sprint, minutes=minutes, by=lead, now=now)
    set_timer(sprint=sprint, minutes=120, by=lead, now=now)
    with pytest.raises(RetroRefused):
        add_time(sprint=sprint, minutes=5, by=lead, now=now)

    assert at_step(sprint, RetroPhase.DATA, now).ends_at is None


def test_ready_is_said_for_one_step(workspace: Workspace, lead: Member, marketer: Member, now: datetime) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)

    say_ready(sprint=sprint, is_ready=True, by=marketer, now=now)
    assert RetroPerson.objects.get(member=marketer).ready_in == RetroPhase.WRITE

    say_ready(sprint=sprint, is_ready=False, by=marketer, now=now)
    assert RetroPerson.objects.get(member=marketer).ready_in == ""


def test_joining_twice_is_joining_once(workspace: Workspace, lead: Member, marketer: Member, now: datetime) -> None:
    sprint = begun(workspace, lead, now)

    for _time in range(2):
        join_retro(sprint=sprint, by=marketer, now=now)

    assert RetroPerson.objects.filter(member=marketer).count() == 1


def test_a_teams_own_prompts_take_the_place_of_ours_and_stay_a_habit(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)
    ways = Ways(prompts=[" Glad ", "Sad", "Mad", "Odd"], votes_each=3, may_stack=False, is_anonymous=True)

    set_ways(sprint=sprint, ways=ways, for_next=True, by=lead, now=now)
    note = said(sprint, "Odd, but good.", lead, now, kind="p4")

    assert retro_in(sprint).kinds == {"p1": "Glad", "p2": "Sad", "p3": "Mad", "p4": "Odd"}
    assert note.kind == "p4"
    with pytest.raises(RetroRefused, match="other prompts"):
        said(sprint, "Well", lead, now, kind="well")
    following = begun(workspace, lead, now)
    assert retro_in(following).prompts == ["Glad", "Sad", "Mad", "Odd"]
    assert (retro_in(following).votes_each, retro_in(following).may_stack) == (3, False)


@pytest.mark.parametrize("prompts", [["Glad"], ["Glad", "Glad"], list("abcdef"), ["Glad", "x" * 61]])
def test_prompts_that_make_no_sense_are_refused(
    workspace: Workspace, lead: Member, now: datetime, prompts: list[str]
) -> None:
    sprint = begun(workspace, lead, now)

    with pytest.raises(RetroRefused) as refused:
        set_ways(sprint=sprint, ways=Ways(prompts, 5, True, False), for_next=False, by=lead, now=now)

    assert "prompts" in refused.value.fields
    assert not RetroHabit.objects.exists()


def test_nobody_is_named_after_having_been_promised_otherwise(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)
    set_ways(sprint=sprint, ways=Ways([], 5, True, True), for_next=False, by=lead, now=now)
    said(sprint, "I did not dare to say.", marketer, now)

    with pytest.raises(RetroRefused, match="notes already"):
        set_ways(sprint=sprint, ways=OURS, for_next=False, by=lead, now=now)

    entry = AuditEntry.objects.get(action="retro.note_added")
    assert (entry.member, entry.detail) == (None, {})


def test_worth_is_answered_once_and_nothing_says_by_whom(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.CLOSE)

    rate_worth(sprint=sprint, stars=4, by=lead, now=now)
    rate_worth(sprint=sprint, stars=2, by=marketer, now=now)

    assert retro_in(sprint).worth == [0, 1, 0, 1, 0]
    assert set(AuditEntry.objects.filter(action="retro.rated").values_list("member", flat=True)) == {None}
    with pytest.raises(RetroRefused, match="answered already"):
        rate_worth(sprint=sprint, stars=5, by=lead, now=now)
    with pytest.raises(RetroRefused, match="1 to 5"):
        rate_worth(sprint=sprint, stars=6, by=lead, now=now)


def test_closing_shows_everything_and_freezes_it(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    note = said(sprint, "The feed was late.", marketer, now)
    action = agree_action(sprint=sprint, text="Watch the feed", owner=marketer, by=lead, now=now)

    close_retro(sprint=sprint, by=lead, now=now)
    close_retro(sprint=sprint, by=marketer, now=now)

    assert RetroNote.objects.get().is_shown
    writing: list[Callable[[], object]] = [
        lambda: add_note(sprint=sprint, kind="well", text="Late", by=lead, now=now),
        lambda: remove_note(note=note, by=marketer, now=now),
        lambda: agree_action(sprint=sprint, text="More", owner=lead, by=lead, now=now),
        lambda: rate_worth(sprint=sprint, stars=5, by=lead, now=now),
        lambda: go_to_phase(sprint=sprint, phase=RetroPhase.WRITE, by=lead, now=now),
    ]
    for refused in writing:
        with pytest.raises(RetroRefused, match="is closed"):
            refused()
    assert turn_into_story(action=action, by=lead, now=now).title == "Watch the feed"
    assert Retro.objects.closed().count() == 1
