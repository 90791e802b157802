"""The pages of the stand-up."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sprints.models import Sprint, StandUpEntry, StandUpSchedule, StoryStatus
from sprints.services.blockers import block_story
from sprints.services.stories import move_story
from tests.factories.approvals import asked, ready_sprint
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.standups import every_day, said, todays
from tests.factories.workspaces import MemberFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(lead: Member, marketer: Member, now: datetime) -> list[Member]:
    every_day([lead, marketer], now)
    return [lead, marketer]


@pytest.fixture
def running(lead: Member) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=lead.workspace, running=True)
    return made


def today_url(member: Member) -> str:
    return reverse("sprints:stand_up_today", args=[member.workspace.slug])


def entry_url(member: Member, now: datetime) -> str:
    return reverse("sprints:stand_up_entry", args=[member.workspace.slug, todays(member, now).pk])


def test_the_page_offers_what_moved_and_ones_own_stories(
    team: list[Member], running: Sprint, now: datetime, browse: Browse
) -> None:
    lead = team[0]
    story = StoryFactory.create(workspace=lead.workspace, sprint=running, assignee=lead, title="Serum reminder")
    move_story(story=story, status=StoryStatus.DOING, by=lead, now=now - timedelta(hours=1))

    page = browse(lead).get(today_url(lead)).content.decode()

    assert f'value="story.moved-{story.pk}" checked' in page
    assert "Moved “Serum reminder” to “In production”" in page
    assert f'name="stories" value="{story.pk}"' in page


def test_what_is_written_is_saved_and_read_by_the_others(team: list[Member], now: datetime, browse: Browse) -> None:
    lead, marketer = team

    answer = browse(lead).post(entry_url(lead, now), {"today": "Ask the owner", "in_the_way": "No feed"})

    assert answer.status_code == 302
    page = browse(marketer).get(today_url(marketer)).content.decode()
    assert "Ask the owner" in page
    assert "No feed" in page
    assert "1 of 2 have written" in page


def test_while_one_writes_it_says_that_it_is_saved(team: list[Member], now: datetime, browse: Browse) -> None:
    answer = browse(team[0]).post(entry_url(team[0], now), {"today": "Ask the owner"}, headers=HTMX)

    assert answer.status_code == 200
    assert "Saved at" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_an_empty_entry_is_refused_in_a_sentence(team: list[Member], now: datetime, browse: Browse) -> None:
    client, url = browse(team[0]), entry_url(team[0], now)

    plain, typed = client.post(url, {}), client.post(url, {}, headers=HTMX)

    assert (plain.status_code, typed.status_code) == (422, 422)
    assert "Nothing is written yet" in plain.content.decode()
    assert "Nothing is written yet" in typed.content.decode()


def test_an_unticked_line_is_left_out_and_one_that_came_up_meanwhile_is_told(
    team: list[Member], running: Sprint, now: datetime, browse: Browse
) -> None:
    lead = team[0]
    told, untold, new = StoryFactory.create_batch(3, workspace=lead.workspace, sprint=running)
    for story in (told, untold, new):
        move_story(story=story, status=StoryStatus.DOING, by=lead, now=now - timedelta(hours=1))
    keys = [f"story.moved-{story.pk}" for story in (told, untold)]

    browse(lead).post(entry_url(lead, now), {"offered": ",".join(keys), "moves": keys[:1], "today": "More"})

    entry = StandUpEntry.objects.get()
    assert {move["target"] for move in entry.moves} == {told.pk, new.pk}
    assert entry.left_out == keys[1:]


def test_the_live_parts_come_alone(team: list[Member], now: datetime, browse: Browse) -> None:
    said(team[1], now, today="Photographs")
    client = browse(team[0])

    others = client.get(f"{today_url(team[0])}?part=team", headers=HTMX).content.decode()
    blockers = client.get(f"{today_url(team[0])}?part=blockers", headers=HTMX).content.decode()

    assert others.lstrip().startswith('<section id="team"')
    assert "Photographs" in others
    assert blockers.lstrip().startswith('<section id="blockers"')


def test_what_is_in_the_way_stands_with_owner_and_age_the_oldest_first(
    team: list[Member], running: Sprint, now: datetime, browse: Browse
) -> None:
    lead, marketer = team
    old, young = StoryFactory.create_batch(2, workspace=lead.workspace, sprint=running)
    block_story(story=young, reason="No feed", owner=marketer, by=lead, now=now - timedelta(hours=2))
    block_story(story=old, reason="No photographs", owner=marketer, by=lead, now=now - timedelta(days=3))

    answer = browse(lead).get(today_url(lead))

    found = answer.context["blockers"]
    assert reverse("sprints:sprint_blockers", args=[lead.workspace.slug, running.pk]) in answer.content.decode()
    assert [(blocked.reason, blocked.owner, is_old) for blocked, is_old in found] == [
        ("No photographs", marketer, True), ("No feed", marketer, False),
    ]  # fmt: skip


def test_the_owners_open_answer_is_in_the_way(team: list[Member], now: datetime, browse: Browse) -> None:
    request = asked(ready_sprint(team[0].workspace), now - timedelta(days=2), by=team[0])

    page = browse(team[0]).get(today_url(team[0])).content.decode()

    assert f"Waiting for {request.approver}" in page


def test_a_story_is_blocked_and_freed_on_the_page(
    team: list[Member], running: Sprint, now: datetime, browse: Browse
) -> None:
    lead, marketer = team
    story = StoryFactory.create(workspace=lead.workspace, sprint=running)
    client, slug = browse(lead), lead.workspace.slug
    url = reverse("sprints:stand_up_blocker_add", args=[slug])

    client.post(url, {"story": story.pk, "reason": "No feed", "owner": marketer.pk})
    [blocker] = story.blockers.open()
    client.post(reverse("sprints:blocker_resolve", args=[slug, blocker.pk]))

    assert (blocker.reason, blocker.owner, story.blocked_by) == ("No feed", marketer, "")


def test_a_blocker_without_a_reason_is_refused_on_its_form(team: list[Member], running: Sprint, browse: Browse) -> None:
    story = StoryFactory.create(workspace=team[0].workspace, sprint=running)
    url = reverse("sprints:stand_up_blocker_add", args=[team[0].workspace.slug])

    answer = browse(team[0]).post(url, {"story": story.pk, "reason": "", "owner": team[1].pk})

    assert answer.status_code == 422
    assert answer.context["blocker_form"].errors["reason"]


def test_on_a_day_off_the_last_stand_up_is_shown(team: list[Member], now: datetime, browse: Browse) -> None:
    said(team[1], now - timedelta(days=1), today="Photographs")
    every_day(team, now, weekdays=[(now + timedelta(days=3)).weekday()])

    answer = browse(team[0]).get(today_url(team[0]))

    assert "entry_form" not in answer.context
    assert "Photographs" in answer.content.decode()


def test_a_guest_reads_and_does_not_write(team: list[Member], guest: Member, now: datetime, browse: Browse) -> None:
    said(team[0], now, today="Photographs")

    answer = browse(guest).get(today_url(guest))

    assert "Photographs" in answer.content.decode()
    assert "entry_form" not in answer.context


def test_the_page_asks_as_much_of_ten_as_of_one(team: list[Member], now: datetime, browse: Browse) -> None:
    lead = team[0]
    client = browse(lead)
    said(team[1], now)
    client.get(today_url(lead))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(today_url(lead))
    more = MemberFactory.create_batch(9, workspace=lead.workspace)
    every_day([*team, *more], now)
    for member in more:
        said(member, now)

    with CaptureQueriesContext(connection) as ten:
        client.get(today_url(lead))

    assert len(ten) == len(one)
    assert len(ten) <= 31


def test_the_history_has_a_line_a_day_and_a_chart(team: list[Member], now: datetime, browse: Browse) -> None:
    lead, marketer = team
    for days in (2, 1):
        said(lead, now - timedelta(days=days), plan_kept="yes")
        said(marketer, now - timedelta(days=days), plan_kept="no")

    answer = browse(lead).get(reverse("sprints:stand_up_list", args=[lead.workspace.slug]))

    rows = [(day.written_count, day.yes_count, day.no_count) for day in answer.context["rows"]]
    assert rows == [(2, 1, 1), (2, 1, 1)]
    assert [sum(series.values) for series in answer.context["chart"].series] == [2.0, 0.0, 2.0]


def test_the_chart_can_be_ones_own(team: list[Member], now: datetime, browse: Browse) -> None:
    said(team[0], now, plan_kept="yes")
    said(team[1], now, plan_kept="no")

    answer = browse(team[0]).get(reverse("sprints:stand_up_list", args=[team[0].workspace.slug]), {"who": "me"})

    assert [sum(series.values) for series in answer.context["chart"].series] == [1.0, 0.0, 0.0]


def test_a_day_shows_what_everybody_said(team: list[Member], now: datetime, browse: Browse) -> None:
    entry = said(team[1], now - timedelta(days=1), today="Photographs")

    url = reverse("sprints:stand_up_detail", args=[team[0].workspace.slug, entry.stand_up_id])

    assert "Photographs" in browse(team[0]).get(url).content.decode()


def test_the_settings_switch_the_stand_up_on(lead: Member, marketer: Member, browse: Browse) -> None:
    url = reverse("sprints:settings_stand_up", args=[lead.workspace.slug])
    data = {
        "weekdays": ["0", "2"], "remind_hour": "8", "closing_hour": "10", "members": [lead.pk, marketer.pk],
        "has_round": "on", "seconds_each": "120", "order": "by_hand",
    }  # fmt: skip

    answer = browse(lead).post(url, data)

    assert answer.status_code == 302
    schedule = StandUpSchedule.objects.get(workspace=lead.workspace)
    assert (schedule.weekdays, schedule.remind_hour, schedule.seconds_each) == ([0, 2], 8, 120)


def test_hours_that_make_no_sense_are_shown_on_their_field(lead: Member, browse: Browse) -> None:
    url = reverse("sprints:settings_stand_up", args=[lead.workspace.slug])
    data = {
        "weekdays": ["0"], "remind_hour": "10", "closing_hour": "10", "members": [lead.pk], "seconds_each": "90",
        "order": "drawn",
    }  # fmt: skip

    answer = browse(lead).post(url, data)

    assert answer.status_code == 422
    assert answer.context["form"].errors["closing_hour"]
