"""A retrospective in the browser and by API, and above all what it does not tell."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from sprints.models import ActionState, Retro, RetroGroup, RetroNote, RetroPhase, RetroVote, Sprint
from sprints.retro_room import earlier_actions, room_of
from sprints.services.retro_groups import decide_on, name_group
from sprints.services.retro_rooms import Ways, close_retro, join_retro, rate_worth, set_timer, set_ways
from sprints.services.retros import agree_action, mark_for_report, settle_action
from tests.factories.retros import at_step, begun, retro_in, said, topic_of, voted
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.sprints.looking import HTMX, url
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]
Api = Callable[..., APIClient]
SECRET = "The owner never answers in time"


def _words(client: Client, address: str, **headers: Any) -> str:
    return unescape(client.get(address, headers=headers).content.decode())


@pytest.mark.parametrize("phase", [RetroPhase.LAST, RetroPhase.DATA, RetroPhase.WRITE])
def test_nobody_is_sent_the_words_of_another_while_notes_are_hidden(
    lead: Member, marketer: Member, browse: Browse, api: Api, now: datetime, phase: RetroPhase
) -> None:
    workspace = lead.workspace
    sprint = begun(workspace, lead, now, phase)
    note = said(sprint, SECRET, marketer, now, kind="hard")
    page = url("retro_detail", workspace, sprint.pk)

    for step in ("", *RetroPhase.values):
        assert SECRET not in _words(browse(lead), f"{page}?phase={step}")
        assert SECRET not in _words(browse(lead), f"{page}?phase={step}", **HTMX)
    assert SECRET not in _words(browse(lead), url("retro_report", workspace, sprint.pk))
    found = api(lead).get(f"/api/v1/sprints/{sprint.pk}/retro/").json()

    assert found["notes"] == []
    assert {column["kind"]: column["hidden"] for column in found["prompts"]} == {"well": 0, "hard": 1, "next": 0}
    assert api(lead).get(f"/api/v1/retro-notes/{note.pk}/").status_code == 404
    assert SECRET in _words(browse(marketer), f"{page}?phase=write")
    assert "1 note of somebody else" in _words(browse(lead), f"{page}?phase=write")


def test_authors_are_shown_from_the_discussion_on(
    workspace: Workspace, lead: Member, marketer: Member, browse: Browse, api: Api, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    note = said(sprint, SECRET, marketer, now)
    address = f"/api/v1/retro-notes/{note.pk}/"
    at_step(sprint, RetroPhase.VOTE, now)
    assert api(lead).get(address).json()["author"] is None

    at_step(sprint, RetroPhase.DISCUSS, now)

    assert api(lead).get(address).json()["author"] == "sofia@marenmoss.example"
    room = room_of(sprint, lead, now)
    assert [seen.author for topic in room.topics for seen in topic.notes] == [marketer]


def test_an_anonymous_team_never_names_anybody(
    workspace: Workspace, lead: Member, marketer: Member, api: Api, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)
    set_ways(sprint=sprint, ways=Ways([], 5, True, True), for_next=False, by=lead, now=now)
    note = said(sprint, SECRET, marketer, now)
    at_step(sprint, RetroPhase.DISCUSS, now)
    close_retro(sprint=sprint, by=lead, now=now)

    assert api(lead).get(f"/api/v1/retro-notes/{note.pk}/").json()["author"] is None
    assert [seen.author for column in room_of(sprint, lead, now).columns for seen in column.notes] == [None]


def test_votes_are_ones_own_until_they_are_shown(
    workspace: Workspace, lead: Member, marketer: Member, browse: Browse, api: Api, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    few, many = said(sprint, "Few votes", lead, now), said(sprint, "Many votes", marketer, now)
    at_step(sprint, RetroPhase.VOTE, now)
    voted(many, marketer, now, times=4)
    voted(few, lead, now)
    page = url("retro_detail", workspace, sprint.pk)

    hidden = api(lead).get(f"/api/v1/sprints/{sprint.pk}/retro/").json()
    assert [(topic["votes"], topic["mine"]) for topic in hidden["topics"]] == [(None, 1), (None, 0)]
    assert hidden["votes_left"] == 4
    assert "4 of 5 votes left" in _words(browse(lead), page)

    browse(lead).post(url("retro_reveal", workspace, sprint.pk), {"shown": "on"})

    shown = api(lead).get(f"/api/v1/sprints/{sprint.pk}/retro/").json()
    assert [topic["votes"] for topic in shown["topics"]] == [4, 1]
    words = _words(browse(lead), page)
    assert words.index("Many votes") < words.index("Few votes")


def test_the_page_follows_the_team_and_lets_one_look_back(
    workspace: Workspace, lead: Member, marketer: Member, browse: Browse, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    page = url("retro_detail", workspace, sprint.pk)

    assert "What the team says" in _words(browse(marketer), page)
    back = _words(browse(marketer), f"{page}?phase=last")

    assert "The team is at “Write”" in back
    assert "Bring everybody to this step" not in back
    assert "Bring everybody to this step" in _words(browse(lead), f"{page}?phase=last")
    assert "retro-next" not in _words(browse(marketer), page)


def _send(client: Client, to: str, pk: int, **data: Any) -> None:
    workspace = Workspace.objects.get(slug="maren-moss")
    assert client.post(url(to, workspace, pk), data).status_code == 302, to


def _write_and_group(leading: Client, other: Client, pk: int) -> list[RetroNote]:
    """Three notes by two people, the first two of them one topic."""
    _send(leading, "retro_begin", pk)
    _send(leading, "retro_phase", pk, phase="write")
    _send(leading, "retro_timer", pk, minutes=5)
    _send(leading, "retro_timer", pk, more=1)
    for client, text in ((leading, "Feed late"), (other, "Feed broke"), (other, "Good letters")):
        _send(client, "retro_note_add", pk, kind="hard", text=text)
    _send(other, "retro_ready", pk, ready="on")
    _send(leading, "retro_phase", pk, phase="group")
    notes = list(RetroNote.objects.order_by("pk"))
    _send(other, "retro_gather", pk, notes=[notes[0].pk, notes[1].pk], topic="")
    _send(other, "retro_topic_name", topic_of(notes[0]).pk, name="The feed")
    return notes


def _vote_and_discuss(leading: Client, other: Client, pk: int, notes: list[RetroNote]) -> None:
    """All votes of one for the first topic, and what is taken from it."""
    _send(leading, "retro_phase", pk, phase="vote")
    for _vote in range(5):
        _send(leading, "retro_topic_vote", topic_of(notes[0]).pk)
    _send(other, "retro_topic_vote", topic_of(notes[2]).pk)
    _send(other, "retro_topic_vote", topic_of(notes[2]).pk, back="1")
    _send(other, "retro_ready", pk, ready="on")
    _send(leading, "retro_phase", pk, phase="discuss")
    _send(leading, "retro_topic_discuss", topic_of(notes[0]).pk)
    _send(other, "retro_topic_decide", topic_of(notes[0]).pk, decision="Watch the feed.")
    _send(other, "retro_note_report", notes[2].pk, report="on")


def test_a_whole_retrospective_without_script(
    workspace: Workspace, lead: Member, marketer: Member, browse: Browse
) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)
    leading, other = browse(lead), browse(marketer)

    _vote_and_discuss(leading, other, sprint.pk, _write_and_group(leading, other, sprint.pk))
    _send(leading, "retro_phase", sprint.pk, phase="act")
    _send(leading, "retro_action_add", sprint.pk, text="An alert for the feed", owner=marketer.pk)
    _send(leading, "retro_phase", sprint.pk, phase="close")
    _send(other, "retro_worth", sprint.pk, stars="4")
    _send(leading, "retro_close", sprint.pk)

    page = _words(other, url("retro_detail", workspace, sprint.pk))
    for shown in (
        "The feed",
        "Watch the feed.",
        "5 votes",
        "An alert for the feed",
        "2 people took part",
        "Good letters",
    ):
        assert shown in page, shown
    assert "<textarea" not in page


def test_what_one_is_writing_survives_the_others(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    client = browse(lead)

    waiting = client.get(url("retro_detail", workspace, sprint.pk), headers=HTMX).content.decode()
    taken = client.post(
        url("retro_note_add", workspace, sprint.pk), {"kind": "well", "text": "Good"}, headers=HTMX
    ).content.decode()

    assert "<html" not in waiting
    assert waiting.count("hx-preserve") == 3
    assert taken.count("hx-preserve") == 2
    assert "autofocus" in taken


def test_a_form_of_the_ways_says_what_is_wrong_in_place(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    client, ways = browse(lead), url("retro_ways", workspace, sprint.pk)

    one = client.post(ways, {"prompts": "Glad", "votes_each": "3"})
    six = client.post(ways, {"prompts": "\n".join("abcdef"), "votes_each": "3"})
    none = client.post(ways, {"prompts": "", "votes_each": "0"})

    assert (one.status_code, six.status_code, none.status_code) == (422, 422, 422)
    assert "Two to 5, each once." in one.content.decode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("retro_phase", {"phase": "party"}),
        ("retro_timer", {}),
        ("retro_timer", {"minutes": "1000"}),
        ("retro_worth", {"stars": "6"}),
        ("retro_gather", {"notes": []}),
        ("retro_lead", {"member": "0"}),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime, name: str, data: dict[str, Any]
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)

    sent = browse(lead).post(url(name, workspace, sprint.pk), data, headers=HTMX)

    assert sent.status_code == 409
    assert "notice--bad" in sent.content.decode()
    assert retro_in(sprint).phase == RetroPhase.WRITE


def test_notes_of_another_sprint_cannot_be_gathered(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint, other = begun(workspace, lead, now, RetroPhase.GROUP), begun(workspace, lead, now, RetroPhase.GROUP)
    foreign = said(other, "Elsewhere", lead, now)

    sent = browse(lead).post(url("retro_gather", workspace, sprint.pk), {"notes": [foreign.pk]})

    assert sent.status_code == 409


def test_what_is_open_stands_at_the_start_of_the_next_one(
    workspace: Workspace, lead: Member, marketer: Member, browse: Browse, now: datetime
) -> None:
    first, second, third = (SprintFactory.create(workspace=workspace, closed=True) for _number in range(3))
    kept, done, dropped = (
        agree_action(sprint=first, text=text, owner=marketer, by=lead, now=now) for text in ("Kept", "Done", "Dropped")
    )
    answers = {kept: ActionState.OPEN, done: ActionState.DONE, dropped: ActionState.DROPPED}
    for action, answer in answers.items():
        settle_action(action=action, sprint=second, answer=answer, reason="Because", by=lead, now=now)

    assert [line.action for line in earlier_actions(second)] == [kept, done, dropped]
    assert [(line.action, line.check) for line in earlier_actions(third)] == [(kept, None)]
    page = _words(browse(lead), f"{url('retro_detail', workspace, third.pk)}?phase=last")
    assert "Kept" in page
    assert "Dropped" not in page


def test_an_action_whose_story_is_done_is_seen_once_more(workspace: Workspace, lead: Member, now: datetime) -> None:
    first, second, third = (SprintFactory.create(workspace=workspace, closed=True) for _number in range(3))
    action = agree_action(sprint=first, text="Alert", owner=lead, by=lead, now=now)
    action.story = StoryFactory.create(workspace=workspace, done=True)
    action.save(update_fields=["story"])

    assert [line.is_done_as_story for line in earlier_actions(second)] == [True]
    assert earlier_actions(third) == []


def test_worth_is_shown_when_all_have_answered_and_nobody_can_be_found_out(
    workspace: Workspace, lead: Member, marketer: Member, seller: Member, browse: Browse, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.CLOSE)
    for member in (marketer, seller):
        join_retro(sprint=sprint, by=member, now=now)
    page = url("retro_detail", workspace, sprint.pk)
    for member, stars in ((lead, 5), (marketer, 3)):
        rate_worth(sprint=sprint, stars=stars, by=member, now=now)
    assert "2 of 3 have answered" in _words(browse(lead), page)

    rate_worth(sprint=sprint, stars=4, by=seller, now=now)

    assert "4.0 of 5" in _words(browse(lead), page)


def test_two_answers_are_never_shown(
    workspace: Workspace, lead: Member, marketer: Member, api: Api, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.CLOSE)
    for member in (lead, marketer):
        rate_worth(sprint=sprint, stars=5, by=member, now=now)
    close_retro(sprint=sprint, by=lead, now=now)

    found = api(lead).get(f"/api/v1/sprints/{sprint.pk}/retro/").json()["worth"]

    assert found == {"answers": 2, "people": 2, "counts": None}


def test_the_report_has_decisions_and_actions_and_no_note_but_the_marked_ones(
    workspace: Workspace, lead: Member, marketer: Member, owner: Member, browse: Browse, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    private, public = said(sprint, SECRET, marketer, now), said(sprint, "We need the feed fixed", marketer, now)
    at_step(sprint, RetroPhase.DISCUSS, now)
    decide_on(group=topic_of(private), decision="Ask two days earlier.", by=lead, now=now)
    mark_for_report(note=public, in_report=True, by=lead, now=now)
    agree_action(sprint=sprint, text="Ask on Mondays", owner=lead, by=lead, now=now)

    page = _words(browse(owner), url("retro_report", workspace, sprint.pk))

    for shown in ("Ask two days earlier.", "We need the feed fixed", "Ask on Mondays", "is not closed"):
        assert shown in page, shown
    assert SECRET not in page
    assert "Sofia" not in page


def test_the_time_left_is_a_moment_that_every_page_counts_down_to(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    page = url("retro_detail", workspace, sprint.pk)
    set_timer(sprint=sprint, minutes=5, by=lead, now=now)
    assert "ui-countdown" in _words(browse(lead), page)

    Retro.objects.update(ends_at=now - timedelta(minutes=1))

    assert "Time is up" in _words(browse(lead), page)


def test_a_topic_is_named_merged_and_voted_for_by_api(
    workspace: Workspace, lead: Member, marketer: Member, api: Api, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    one, two = (said(sprint, text, marketer, now) for text in ("One", "Two"))
    client = api(lead)
    client.post(f"/api/v1/sprints/{sprint.pk}/retro/phase/", {"phase": "vote"}, format="json")
    kept, gone = topic_of(one).pk, topic_of(two).pk

    merged = client.post(f"/api/v1/retro-topics/{gone}/merge/", {"into": kept}, format="json").json()
    named = client.post(f"/api/v1/retro-topics/{kept}/name/", {"name": "Feed"}, format="json").json()
    voted_once = client.post(f"/api/v1/retro-topics/{kept}/vote/")
    taken = client.delete(f"/api/v1/retro-topics/{kept}/vote/")

    assert (merged["id"], sorted(merged["notes"]), named["name"]) == (kept, [one.pk, two.pk], "Feed")
    assert (voted_once.status_code, taken.status_code) == (204, 204)
    assert not RetroVote.objects.exists()


def test_another_topics_name_is_not_lost_when_somebody_types_over_an_older_one(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.WRITE)
    note = said(sprint, "One", lead, now)
    at_step(sprint, RetroPhase.GROUP, now)
    before = room_of(sprint, lead, now).topics[0].edition

    name_group(group=topic_of(note), name="Feed", by=lead, now=now)

    assert room_of(sprint, lead, now).topics[0].edition != before
    assert RetroGroup.objects.get().name == "Feed"


def test_the_list_says_where_each_retrospective_stands(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    begun(workspace, lead, now, RetroPhase.VOTE)
    close_retro(sprint=begun(workspace, lead, now), by=lead, now=now)

    page = _words(browse(lead), url("retro_list", workspace))

    assert "Under way: Vote" in page
    assert "closed on" in page


def test_a_sprint_that_is_being_planned_has_no_room(workspace: Workspace, lead: Member, browse: Browse) -> None:
    sprint: Sprint = SprintFactory.create(workspace=workspace)

    for name in ("retro_begin", "retro_join", "retro_close"):
        assert browse(lead).post(url(name, workspace, sprint.pk)).status_code == 404
