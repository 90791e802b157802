"""Checklists and their steps."""

from datetime import datetime

import pytest

from sprints.models import Checklist, ChecklistItem, Sprint, StoryWatch
from sprints.services import checklists
from sprints.services.checklists import MOST_ITEMS, MOST_LISTS, ChecklistRefused
from sprints.services.story_parts import StoryClosed
from sprints.telling import ASSIGNED
from tests.factories.sprints import StoryFactory
from tests.factories.talk import ChecklistFactory, ChecklistItemFactory
from workspaces.models import AuditEntry, Member, Notice, Workspace


@pytest.fixture
def checklist(workspace: Workspace) -> Checklist:
    made: Checklist = ChecklistFactory.create(story__workspace=workspace)
    return made


def _steps(checklist: Checklist) -> list[str]:
    return [item.text for item in checklist.items.order_by("rank", "pk")]


def test_steps_stand_in_the_order_in_which_they_were_added(
    checklist: Checklist, marketer: Member, now: datetime
) -> None:
    for text in ("Photograph", " Write  it ", "Test"):
        checklists.add_item(checklist=checklist, text=text, by=marketer, now=now)

    assert _steps(checklist) == ["Photograph", "Write it", "Test"]


def test_a_step_moves_before_another_and_to_the_end(checklist: Checklist, marketer: Member, now: datetime) -> None:
    one, two, three = (ChecklistItemFactory.create(checklist=checklist, text=text) for text in "123")

    checklists.move_item(item=three, before=one, by=marketer, now=now)
    between = _steps(checklist)
    checklists.move_item(item=one, before=None, by=marketer, now=now)

    assert between == ["3", "1", "2"]
    assert _steps(checklist) == ["3", "2", "1"]
    assert two.pk


def test_ranks_stay_short_however_often_steps_move(checklist: Checklist, marketer: Member, now: datetime) -> None:
    one, two, three = ChecklistItemFactory.create_batch(3, checklist=checklist)

    for n in range(150):
        moved, target = ((two, three), (three, two))[n % 2]
        checklists.move_item(item=moved, before=target, by=marketer, now=now)

    ranks = list(ChecklistItem.objects.order_by("rank").values_list("rank", flat=True))
    assert len(set(ranks)) == 3
    assert max(map(len, ranks)) <= checklists.LONGEST_RANK
    assert one.pk


def test_a_step_of_another_list_is_no_neighbour(checklist: Checklist, marketer: Member, now: datetime) -> None:
    item, stranger = ChecklistItemFactory.create(checklist=checklist), ChecklistItemFactory.create()

    with pytest.raises(ChecklistRefused):
        checklists.move_item(item=item, before=stranger, by=marketer, now=now)


def test_whoever_gets_a_step_is_told_once_and_follows(
    checklist: Checklist, marketer: Member, lead: Member, now: datetime
) -> None:
    item = ChecklistItemFactory.create(checklist=checklist)

    for _time in range(2):
        checklists.change_item(item=item, text="Photograph", assignee=lead, by=marketer, now=now)

    assert [(notice.kind, notice.member) for notice in Notice.objects.all()] == [(ASSIGNED, lead)]
    assert StoryWatch.objects.get().member == lead


def test_a_stranger_gets_no_step(checklist: Checklist, marketer: Member, outsider: Member, now: datetime) -> None:
    item = ChecklistItemFactory.create(checklist=checklist)

    with pytest.raises(ChecklistRefused):
        checklists.change_item(item=item, text="x", assignee=outsider, by=marketer, now=now)


def test_ticking_twice_is_ticking_once(checklist: Checklist, marketer: Member, now: datetime) -> None:
    item = ChecklistItemFactory.create(checklist=checklist)

    for _time in range(2):
        checklists.tick_item(item=item, is_done=True, by=marketer, now=now)

    item.refresh_from_db()
    assert item.is_done
    assert AuditEntry.objects.filter(action="story.step_ticked").count() == 1


def test_a_list_takes_so_many_steps(checklist: Checklist, marketer: Member, now: datetime) -> None:
    ChecklistItemFactory.create_batch(MOST_ITEMS, checklist=checklist)

    with pytest.raises(ChecklistRefused):
        checklists.add_item(checklist=checklist, text="One more", by=marketer, now=now)


def test_a_story_takes_so_many_lists(workspace: Workspace, marketer: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)
    ChecklistFactory.create_batch(MOST_LISTS, story=story)

    with pytest.raises(ChecklistRefused):
        checklists.add_checklist(story=story, name="One more", by=marketer, now=now)


@pytest.mark.parametrize("text", ["", "   ", "x" * 201])
def test_a_step_has_words_and_not_too_many(text: str, checklist: Checklist, marketer: Member, now: datetime) -> None:
    with pytest.raises(ChecklistRefused):
        checklists.add_item(checklist=checklist, text=text, by=marketer, now=now)


def test_removing_a_list_removes_its_steps(checklist: Checklist, marketer: Member, now: datetime) -> None:
    ChecklistItemFactory.create(checklist=checklist)

    checklists.remove_checklist(checklist=checklist, by=marketer, now=now)

    assert not ChecklistItem.objects.exists()


def test_the_steps_of_a_closed_sprint_stay(
    closed: Sprint, workspace: Workspace, marketer: Member, now: datetime
) -> None:
    story = StoryFactory.create(workspace=workspace, sprint=closed)
    item = ChecklistItemFactory.create(checklist__story=story)

    with pytest.raises(StoryClosed):
        checklists.tick_item(item=item, is_done=True, by=marketer, now=now)
