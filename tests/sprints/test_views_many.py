"""What is done in the browser to many stories, with a list, a search or a file."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sprints.models import BulkChange, SavedFilter, Story, StoryImport
from tests.factories.backlog import IdeaFactory, OutcomeFactory, ScoreFactory, StoryTemplateFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.sprints.looking import HTMX, titles, url
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


def test_many_go_to_the_top_and_back(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    stories = [StoryFactory.create(workspace=workspace, title=title) for title in "ABC"]
    client, data = browse(marketer), {"do": "top", "story": [stories[1].pk, stories[2].pk]}

    done = client.post(url("story_bulk", workspace), data, headers=HTMX, follow=True)

    assert "2 stories are on top now" in done.content.decode()
    assert f"?changed={BulkChange.objects.get().pk}" in done.content.decode(), (
        "the way back stays when the list comes anew"
    )
    assert titles(workspace) == ["B", "C", "A"]
    back = client.post(url("story_bulk_undo", workspace, BulkChange.objects.get().pk), follow=True)
    assert "Taken back for 2 stories" in back.content.decode()
    assert titles(workspace) == ["A", "B", "C"]


def test_those_who_may_not_plan_neither_see_nor_reach_what_plans(
    workspace: Workspace, seller: Member, browse: Browse
) -> None:
    SprintFactory.create(workspace=workspace)
    story, client = StoryFactory.create(workspace=workspace), browse(seller)

    page = client.get(url("story_list", workspace)).content.decode()
    around = client.post(url("story_bulk", workspace), {"do": "drop", "story": story.pk})

    assert url("story_bulk_plan", workspace) not in page
    assert around.status_code == 409
    assert Story.objects.get().dropped_at is None


@pytest.mark.parametrize("data", [{}, {"do": "burn"}, {"do": "top", "story": "x"}, {"do": "goal", "goal": "0"}])
def test_a_choice_that_makes_no_sense_is_refused(
    workspace: Workspace, marketer: Member, browse: Browse, data: dict[str, str]
) -> None:
    assert browse(marketer).post(url("story_bulk", workspace), data).status_code == 409


def test_a_list_is_shown_before_it_is_kept(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    StoryFactory.create(workspace=workspace, title="quiz", number=7)
    client, text = browse(marketer), "Serum | customer\nQuiz\n| nothing"

    shown = client.post(url("story_paste", workspace), {"text": text, "do": "preview"}).content.decode()
    refused = client.post(url("story_paste", workspace), {"text": text, "do": "save"})

    for words in ("As a customer", "Story #7 has the same title", "Line 3: The title is missing"):
        assert words in shown
    assert refused.status_code == 422
    assert titles(workspace) == ["quiz"]


def test_the_order_and_what_it_is_made_of_stand_in_the_list(
    workspace: Workspace, guest: Member, browse: Browse
) -> None:
    StoryFactory.create(workspace=workspace, title="Bare")
    ScoreFactory.create(story__workspace=workspace, story__title="Scored")

    page = browse(guest).get(url("story_list", workspace), {"by": "ice"})

    assert [row.story.title for row in page.context["cards"]] == ["Scored", "Bare"]
    for words in ("impact 5 × confidence 0.8 × ease 8", ">32<", "Needs impact, confidence, ease"):
        assert words in page.content.decode()
    assert "data-move" not in page.content.decode()


def test_what_was_tried_before_stands_in_the_row(workspace: Workspace, guest: Member, browse: Browse) -> None:
    OutcomeFactory.create(story__workspace=workspace, story__title="Serum reminder")
    StoryFactory.create(workspace=workspace, title="Reminder of the serum")

    page = browse(guest).get(url("story_list", workspace)).content.decode()

    assert "Tried before: “Serum reminder”, Reached" in page


@pytest.mark.parametrize(
    "query", ["goal=x&who=%00&kind=ship&by=own&after=a&before=-1&is=odd", "after=99999999999999999999", "q=%00%27"]
)
def test_an_address_that_makes_no_sense_shows_the_backlog(
    workspace: Workspace, marketer: Member, browse: Browse, query: str
) -> None:
    StoryFactory.create(workspace=workspace, as_a="it's")

    page = browse(marketer).get(f"{url('story_list', workspace)}?{query}")

    assert page.status_code == 200


def test_a_search_is_kept_and_found_again(
    workspace: Workspace, marketer: Member, guest: Member, browse: Browse
) -> None:
    data = {"name": "To estimate", "is_shared": "on", "query": "after=7&is=unestimated&evil=1"}

    page = browse(marketer).post(url("storyfilter_save", workspace), data, follow=True)

    assert SavedFilter.objects.get().query == "is=unestimated"
    assert page.context["wanted"].marks == {"unestimated"}
    assert "To estimate" in browse(guest).get(url("story_list", workspace)).content.decode()


def test_a_file_is_tried_and_then_imported(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    client = browse(marketer)
    upload = SimpleUploadedFile("wall.csv", b"Name\tPoints\nSerum\t3\n\t2\n")
    client.post(url("storyimport_list", workspace), {"file": upload})
    found = StoryImport.objects.get()
    mapped = {"kind": "content", "leave_finished": "on", "column_0": "title", "column_1": "points"}

    tried = client.post(url("storyimport_map", workspace, found.pk), {**mapped, "do": "check"}).content.decode()
    assert "1 story would be written" in tried
    assert "Row 3: The title is missing" in tried
    assert not Story.objects.exists()

    done = client.post(url("storyimport_map", workspace, found.pk), {**mapped, "do": "import"}, follow=True)
    assert titles(workspace) == ["Serum"]
    assert "Row 3: The title is missing" in done.content.decode()


def test_a_story_starts_from_a_template(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    template = StoryTemplateFactory.create(workspace=workspace)

    page = browse(marketer).get(url("story_new", workspace), {"template": template.pk}).content.decode()

    assert "Reminder before … is empty" in page
    assert "One picture\nGoes out once" in page


def test_the_inbox_points_at_stories_that_say_the_same(workspace: Workspace, lead: Member, browse: Browse) -> None:
    twin = StoryFactory.create(workspace=workspace, title="Gift cards that can be mailed")
    idea = IdeaFactory.create(workspace=workspace, title="Gift cards by mail", text="")

    page = browse(lead).get(url("idea_list", workspace))

    assert page.context["twins"] == {idea.pk: [twin]}
    assert f'value="#{twin.number}"' in page.content.decode()
