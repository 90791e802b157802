"""What comes along with stories of other tools, and what is said to stay behind."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sprints.models import Audience, Story, StoryImport
from sprints.services.labels import MOST_ON_A_STORY
from sprints.services.story_imports import Mapping, open_story_import, run_import
from sprints.story_files import guessed_columns, read_stories_file
from workspaces.models import Member, Notice

TRELLO: dict[str, Any] = {
    "lists": [{"id": "l1", "name": "To do"}],
    "members": [{"id": "m1", "fullName": "Sofia Marchetti"}, {"id": "m2", "fullName": "Elena Kirova"}],
    "checklists": [
        {"idCard": "c1", "name": "Before the send", "checkItems": [
            {"name": "One picture", "state": "complete"}, {"name": "Proof", "state": "incomplete"}]},
    ],
    "actions": [
        {"type": "commentCard", "date": "2026-05-02T09:00:00.000Z", "memberCreator": {"fullName": "Elena Kirova"},
         "data": {"text": "Is the photograph\nready?", "card": {"id": "c1"}}},
        {"type": "commentCard", "date": "2026-05-01T09:00:00.000Z", "memberCreator": {"fullName": "Long Gone"},
         "data": {"text": "Let us do it", "card": {"id": "c1"}}},
        {"type": "updateCard", "date": "2026-05-03T09:00:00.000Z", "data": {"card": {"id": "c1"}}},
    ],
    "cards": [
        {"id": "c1", "shortLink": "aB3", "name": "Serum", "idList": "l1", "idMembers": ["m1", "m2"],
         "labels": [{"name": "Mail"}, {"name": "", "color": "green"}], "due": "2026-06-20T10:00:00.000Z",
         "attachments": [{"name": "Brief", "url": "https://trello.example/brief.pdf"}, {"url": "javascript:alert(1)"}]},
    ],
}  # fmt: skip
JIRA = """Issue key,Summary,Labels,Labels,Comment,Comment,Attachment,Due Date
M-1,Serum,mail,serum,"02/May/26 9:11 AM;Elena Kirova;First; then second","No time here",\
"01/May/26 8:00 AM;Elena Kirova;a.png;https://jira.example/a.png",20/Jun/26 12:00 AM
"""


@pytest.fixture
def people(marketer: Member, lead: Member) -> None:
    for member, name in ((marketer, "Sofia Marchetti"), (lead, "Elena Kirova")):
        member.user.name = name
        member.user.save()


def imported(content: str, by: Member, now: datetime) -> tuple[Story, StoryImport]:
    file = read_stories_file(content.encode())
    found = open_story_import(workspace=by.workspace, filename="file", file=file, by=by, now=now)
    run_import(found=found, mapping=Mapping(found.mapping["columns"]), by=by, now=now)
    found.refresh_from_db()
    return Story.objects.get(title="Serum"), found


@pytest.mark.usefixtures("people")
class TestTrello:
    def test_labels_checklists_and_people_come_along(self, marketer: Member, lead: Member, now: datetime) -> None:
        story, found = imported(json.dumps(TRELLO), marketer, now)

        [steps] = story.checklists.all()
        assert sorted(story.labels.values_list("name", flat=True)) == ["Mail", "green"]
        assert steps.name == "Before the send"
        assert list(steps.items.order_by("rank").values_list("text", "is_done")) == [
            ("One picture", True),
            ("Proof", False),
        ]
        assert (story.assignee, [helper.member for helper in story.helpers.all()]) == (marketer, [lead])
        assert found.brought == {"labels": 2, "steps": 2, "comments": 2, "links": 1, "due": 1}

    def test_comments_keep_their_time_and_those_of_members_their_author(
        self, marketer: Member, lead: Member, now: datetime
    ) -> None:
        story, _found = imported(json.dumps(TRELLO), marketer, now)

        said = story.comments.order_by("written_at")
        assert [comment.author for comment in said][:2] == [marketer, lead]
        assert [comment.text for comment in said][:2] == [
            "**Long Gone** (Trello): Let us do it",
            "Is the photograph\nready?",
        ]
        assert said[1].written_at == datetime(2026, 5, 2, 9, tzinfo=UTC)

    def test_the_owner_reads_none_of_them_and_nobody_is_told(self, marketer: Member, now: datetime) -> None:
        story, _found = imported(json.dumps(TRELLO), marketer, now)

        assert set(story.comments.values_list("audience", flat=True)) == {Audience.TEAM}
        assert not Notice.objects.exists()

    def test_what_a_story_has_no_field_for_stands_in_a_comment(self, marketer: Member, now: datetime) -> None:
        story, _found = imported(json.dumps(TRELLO), marketer, now)

        kept = story.comments.order_by("written_at").last()
        assert kept is not None
        assert "due on" in kept.text
        assert "https://trello.example/brief.pdf" in kept.text
        assert "javascript" not in kept.text


@pytest.mark.usefixtures("people")
class TestJira:
    def test_repeated_columns_come_together(self, marketer: Member, lead: Member, now: datetime) -> None:
        story, found = imported(JIRA, marketer, now)

        texts = dict(story.comments.values_list("text", "author"))
        assert texts["First; then second"] == lead.pk
        assert texts["No time here"] == marketer.pk
        assert any("https://jira.example/a.png" in text for text in texts)
        assert sorted(story.labels.values_list("name", flat=True)) == ["mail", "serum"]
        assert found.brought["due"] == 1

    def test_labels_comments_and_files_are_guessed_in_every_column(self) -> None:
        found = guessed_columns(read_stories_file(JIRA.encode()).header)

        assert found == ["external_id", "title", "labels", "labels", "comments", "comments", "links", "due"]


def test_too_many_labels_are_said_to_stay_behind(marketer: Member, now: datetime) -> None:
    names = ",".join(f"L{n}" for n in range(MOST_ON_A_STORY + 1))

    story, found = imported(f'Title;Labels\nSerum;"{names}"\n', marketer, now)

    assert story.labels.count() == MOST_ON_A_STORY
    assert "Only the first" in found.left[0][2]


def test_a_comment_from_the_future_is_of_now(marketer: Member, now: datetime) -> None:
    story, _found = imported('Title,Comment\nSerum,"2099-01-01T00:00:00Z;Somebody;Hello"\n', marketer, now)

    assert story.comments.get().written_at == now
