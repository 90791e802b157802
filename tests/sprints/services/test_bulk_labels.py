"""Labels on many stories at once, and the way back."""

from datetime import datetime

import pytest

from sprints.models import BulkChange, Label, Story
from sprints.services.bulk import Action, Bulk, change_many, undo_change
from sprints.services.labels import MOST_ON_A_STORY, LabelRefused, delete_label, set_labels
from sprints.services.stories import StoryRefused
from tests.factories.sprints import StoryFactory
from tests.factories.talk import LabelFactory
from workspaces.models import Member, Workspace


@pytest.fixture
def stories(workspace: Workspace) -> list[Story]:
    return [StoryFactory.create(workspace=workspace, title=title) for title in "AB"]


@pytest.fixture
def spring(workspace: Workspace) -> Label:
    made: Label = LabelFactory.create(workspace=workspace, name="Spring")
    return made


def names(story: Story) -> list[str]:
    return sorted(story.labels.values_list("name", flat=True))


def change(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> BulkChange:
    ids = [story.pk for story in stories]
    return change_many(workspace=stories[0].workspace, stories=ids, bulk=bulk, by=by, now=now)


def test_a_label_comes_beside_those_that_are_there_and_goes_again(
    stories: list[Story], spring: Label, lead: Member, now: datetime
) -> None:
    stories[0].labels.add(LabelFactory.create(workspace=lead.workspace, name="Serum"))

    change(stories, Bulk(Action.LABEL, label=spring), lead, now)
    with_it = [names(story) for story in stories]
    change(stories, Bulk(Action.UNLABEL, label=spring), lead, now)

    assert with_it == [["Serum", "Spring"], ["Spring"]]
    assert [names(story) for story in stories] == [["Serum"], []]


def test_a_new_label_is_made_on_the_fly(stories: list[Story], lead: Member, now: datetime) -> None:
    change(stories, Bulk(Action.LABEL, new_label=" Summer "), lead, now)

    assert [names(story) for story in stories] == [["Summer"], ["Summer"]]


def test_taking_back_leaves_those_alone_that_had_it_before(
    stories: list[Story], spring: Label, lead: Member, now: datetime
) -> None:
    stories[0].labels.add(spring)
    done = change(stories, Bulk(Action.LABEL, label=spring), lead, now)

    count = undo_change(change=done, by=lead, now=now)

    assert count == 1
    assert [names(story) for story in stories] == [["Spring"], []]


def test_taking_back_keeps_what_else_was_labelled_since(
    stories: list[Story], spring: Label, lead: Member, now: datetime
) -> None:
    done = change(stories, Bulk(Action.LABEL, label=spring), lead, now)
    other = LabelFactory.create(workspace=lead.workspace, name="Serum")
    set_labels(story=stories[0], labels=[spring, other], by=lead, now=now)

    undo_change(change=done, by=lead, now=now)

    assert [names(story) for story in stories] == [["Serum"], []]


def test_a_label_that_was_taken_off_comes_back_unless_it_is_gone(
    stories: list[Story], spring: Label, lead: Member, now: datetime
) -> None:
    for story in stories:
        story.labels.add(spring)
    first = change(stories, Bulk(Action.UNLABEL, label=spring), lead, now)

    undone = undo_change(change=first, by=lead, now=now)
    again = change(stories, Bulk(Action.UNLABEL, label=spring), lead, now)
    delete_label(label=spring, by=lead, now=now)

    assert undone == 2
    assert undo_change(change=again, by=lead, now=now) == 0


def test_without_a_label_nothing_is_done(stories: list[Story], lead: Member, now: datetime) -> None:
    with pytest.raises(StoryRefused):
        change(stories, Bulk(Action.LABEL), lead, now)

    assert not BulkChange.objects.exists()


def test_one_story_with_too_many_refuses_all(stories: list[Story], spring: Label, lead: Member, now: datetime) -> None:
    stories[1].labels.add(*LabelFactory.create_batch(MOST_ON_A_STORY, workspace=lead.workspace))

    with pytest.raises(LabelRefused):
        change(stories, Bulk(Action.LABEL, label=spring), lead, now)

    assert names(stories[0]) == []


def test_a_label_of_another_workspace_is_refused(stories: list[Story], lead: Member, now: datetime) -> None:
    with pytest.raises(LabelRefused):
        change(stories, Bulk(Action.LABEL, label=LabelFactory.create()), lead, now)
