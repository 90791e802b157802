"""Two people at one story: different fields both succeed, the same field is asked about."""

from datetime import datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from sprints.models import Story
from sprints.services.story_fields import FieldChanged, save_fields, text_of
from tests.factories.sprints import StoryFactory
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace, title="Serum", points=3)
    return made


def _seen(story: Story, *names: str) -> dict[str, str]:
    return {name: text_of(getattr(story, name)) for name in names}


def _stands(story: Story) -> Story:
    return Story.objects.get(pk=story.pk)


def test_two_who_change_different_fields_both_succeed(
    story: Story, marketer: Member, lead: Member, now: datetime
) -> None:
    seen = _seen(story, "title", "points")

    save_fields(story=story, values={"title": "Serum refill", "points": 3}, seen=seen, by=marketer, now=now)
    save_fields(story=story, values={"title": "Serum", "points": 8}, seen=seen, by=lead, now=now)

    assert (_stands(story).title, _stands(story).points) == ("Serum refill", 8)


def test_the_second_of_two_who_change_the_same_field_is_asked(
    story: Story, marketer: Member, lead: Member, now: datetime
) -> None:
    seen = _seen(story, "title", "points")
    save_fields(story=story, values={"title": "Serum refill"}, seen=seen, by=marketer, now=now)

    with pytest.raises(FieldChanged) as refusal:
        save_fields(story=story, values={"title": "Serum again", "points": 8}, seen=seen, by=lead, now=now)

    (conflict,) = refusal.value.conflicts
    assert (conflict.name, conflict.theirs, conflict.yours) == ("title", "Serum refill", "Serum again")
    assert (conflict.by, conflict.at) == (marketer, now)
    assert (_stands(story).title, _stands(story).points) == ("Serum refill", 3)


def test_the_same_change_by_two_is_no_conflict(story: Story, marketer: Member, lead: Member, now: datetime) -> None:
    seen = _seen(story, "points")

    for member in (marketer, lead):
        save_fields(story=story, values={"points": 5}, seen=seen, by=member, now=now)

    assert _stands(story).points == 5
    assert AuditEntry.objects.filter(action="story.rewritten").count() == 1


def test_a_field_that_i_did_not_touch_is_never_overwritten(
    story: Story, marketer: Member, lead: Member, now: datetime
) -> None:
    seen = _seen(story, "title", "problem")
    save_fields(story=story, values={"title": "Serum refill"}, seen=seen, by=marketer, now=now)

    save_fields(story=story, values={"title": "Serum", "problem": "Empty bottles"}, seen=seen, by=lead, now=now)

    assert (_stands(story).title, _stands(story).problem) == ("Serum refill", "Empty bottles")


def test_a_choice_made_knowingly_is_saved(story: Story, marketer: Member, lead: Member, now: datetime) -> None:
    save_fields(story=story, values={"title": "Serum refill"}, seen=_seen(story, "title"), by=marketer, now=now)

    save_fields(story=story, values={"title": "Serum again"}, seen={"title": "Serum refill"}, by=lead, now=now)

    assert _stands(story).title == "Serum again"


@pytest.mark.parametrize(("name", "value"), [("assignee", None), ("goal", None), ("points", None)])
def test_rows_and_numbers_are_compared_as_well(
    name: str, value: Any, story: Story, marketer: Member, now: datetime
) -> None:
    with pytest.raises(FieldChanged):
        save_fields(
            story=StoryFactory.create(workspace=story.workspace, points=5, assignee=marketer, goal=_goal(story)),
            values={name: value},
            seen={name: "99"},
            by=marketer,
            now=now,
        )


def _goal(story: Story) -> Any:
    from tests.factories.strategy import GoalFactory

    return GoalFactory.create(workspace=story.workspace)


def test_line_ends_of_a_browser_are_no_change(story: Story, marketer: Member, now: datetime) -> None:
    Story.objects.filter(pk=story.pk).update(problem="one\ntwo")

    save_fields(story=story, values={"problem": "one\r\ntwo"}, seen={"problem": "one\r\ntwo"}, by=marketer, now=now)

    assert _stands(story).problem == "one\ntwo"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_saved_and_one_is_asked(
    story: Story, marketer: Member, lead: Member, now: datetime
) -> None:
    start, outcomes = Barrier(2), []

    def work(title: str, by: Member) -> None:
        start.wait()
        try:
            save_fields(story=story, values={"title": title}, seen={"title": "Serum"}, by=by, now=now)
            outcomes.append("saved")
        except FieldChanged:
            outcomes.append("asked")
        connection.close()

    workers = [Thread(target=work, args=pair) for pair in (("One", marketer), ("Two", lead))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(outcomes) == ["asked", "saved"]
