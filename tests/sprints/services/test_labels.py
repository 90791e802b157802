"""Labels: one a name, counted before they go."""

from datetime import datetime
from threading import Barrier, Thread

import pytest
from django.db import connection

from sprints.models import Label, LabelTone, Story
from sprints.services.labels import (
    MOST_ON_A_STORY,
    LabelRefused,
    change_label,
    delete_label,
    labels_with_counts,
    make_label,
    merge_labels,
    set_labels,
)
from tests.factories.sprints import StoryFactory
from tests.factories.talk import LabelFactory
from workspaces.models import AuditEntry, Member, Workspace


def test_a_name_is_one_label_however_it_is_spelt(workspace: Workspace, marketer: Member, now: datetime) -> None:
    first = make_label(workspace=workspace, name=" Summer  sale ", by=marketer, now=now)

    assert make_label(workspace=workspace, name="summer SALE", by=marketer, now=now) == first
    assert Label.objects.get().name == "Summer sale"


@pytest.mark.parametrize("name", ["", "  ", "x" * 41])
def test_a_label_needs_a_short_name(name: str, workspace: Workspace, marketer: Member, now: datetime) -> None:
    with pytest.raises(LabelRefused):
        make_label(workspace=workspace, name=name, by=marketer, now=now)


def test_labels_are_made_on_the_fly(workspace: Workspace, marketer: Member, now: datetime) -> None:
    story, known = StoryFactory.create(workspace=workspace), LabelFactory.create(workspace=workspace, name="Summer")

    set_labels(story=story, labels=[known], new=["Loyalty", ""], by=marketer, now=now)
    set_labels(story=story, labels=list(story.labels.all()), by=marketer, now=now)

    assert set(story.labels.values_list("name", flat=True)) == {"Summer", "Loyalty"}
    assert AuditEntry.objects.filter(action="story.labelled").count() == 1


def test_a_story_bears_only_so_many(workspace: Workspace, marketer: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)
    many = LabelFactory.create_batch(MOST_ON_A_STORY + 1, workspace=workspace)

    with pytest.raises(LabelRefused):
        set_labels(story=story, labels=many, by=marketer, now=now)


def test_labels_of_another_workspace_do_not_fit(workspace: Workspace, marketer: Member, now: datetime) -> None:
    with pytest.raises(LabelRefused):
        set_labels(story=StoryFactory.create(workspace=workspace), labels=[LabelFactory.create()], by=marketer, now=now)


def test_a_name_that_is_taken_is_refused(workspace: Workspace, marketer: Member, now: datetime) -> None:
    LabelFactory.create(workspace=workspace, name="Summer")
    label = LabelFactory.create(workspace=workspace, name="Winter")

    with pytest.raises(LabelRefused, match="Merge"):
        change_label(label=label, name="SUMMER", tone=LabelTone.MOSS, by=marketer, now=now)

    label.refresh_from_db()
    assert label.name == "Winter"


def test_merging_moves_the_stories_without_doubling_them(workspace: Workspace, marketer: Member, now: datetime) -> None:
    both, only_old = StoryFactory.create_batch(2, workspace=workspace)
    old, new = LabelFactory.create_batch(2, workspace=workspace)
    old.stories.set([both, only_old])
    new.stories.set([both])

    assert merge_labels(label=old, into=new, by=marketer, now=now) == 2

    assert set(new.stories.all()) == {both, only_old}
    assert Label.objects.get() == new


def test_a_label_is_not_merged_into_itself(workspace: Workspace, marketer: Member, now: datetime) -> None:
    label = LabelFactory.create(workspace=workspace)

    with pytest.raises(LabelRefused):
        merge_labels(label=label, into=label, by=marketer, now=now)


def test_deleting_says_on_how_many_stories_it_was(workspace: Workspace, marketer: Member, now: datetime) -> None:
    label = LabelFactory.create(workspace=workspace)
    label.stories.set(StoryFactory.create_batch(3, workspace=workspace))

    counted = labels_with_counts(workspace).get()

    assert counted.used == 3  # type: ignore[attr-defined]  # annotated
    assert delete_label(label=label, by=marketer, now=now) == 3
    assert Story.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_label_at_once_get_one(workspace: Workspace, marketer: Member, now: datetime) -> None:
    start, made = Barrier(2), []

    def work(name: str) -> None:
        start.wait()
        made.append(make_label(workspace=workspace, name=name, by=marketer, now=now).pk)
        connection.close()

    workers = [Thread(target=work, args=(name,)) for name in ("Summer", "summer")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(made) == 2
    assert len(set(made)) == Label.objects.count() == 1
