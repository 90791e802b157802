"""Pages around a story: what the team says stays with the team, files stay harmless, and two editors lose nothing."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from sprints.models import Attachment, Label, Story, StoryComment
from sprints.services.comments import change_comment, remove_comment
from sprints.telling import COMMENTED
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.talk import (
    PNG,
    AttachmentFactory,
    ChecklistItemFactory,
    CommentFactory,
    LabelFactory,
    NoticeFactory,
    StoryLinkFactory,
    WatchFactory,
)
from workspaces.models import Member, Notice, Workspace
from workspaces.notices.reading import unread_count

Browse = Callable[[Member], Client]
Api = Callable[..., APIClient]
SECRET = "Marta must not hear of the delay."


def url(route: str, workspace: Workspace, *args: object, **kwargs: object) -> str:
    named = {"pk": args[0]} if args else {}
    return reverse(f"sprints:{route}", kwargs={"workspace": workspace.slug, **named, **kwargs})


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace, title="Serum", points=3)
    return made


class TestTeamOnly:
    """Each door through which the owner, or a guest, could read what only the team should."""

    @pytest.fixture
    def comment(self, story: Story, marketer: Member) -> StoryComment:
        made: StoryComment = CommentFactory.create(story=story, author=marketer, text=SECRET)
        return made

    @pytest.mark.parametrize("query", ["", "?show=comments", "?show=comments&all=1"])
    def test_the_page_shows_it_to_the_team_alone(
        self,
        query: str,
        comment: StoryComment,
        owner: Member,
        guest: Member,
        lead: Member,
        workspace: Workspace,
        browse: Browse,
    ) -> None:
        page = url("story_detail", workspace, comment.story_id) + query

        shown = {member: SECRET in browse(member).get(page).content.decode() for member in (lead, owner, guest)}

        assert shown == {lead: True, owner: False, guest: False}

    @pytest.mark.parametrize("name", ["comment_edit", "comment_versions"])
    def test_its_own_pages_do_not_exist_for_the_owner(
        self, name: str, comment: StoryComment, owner: Member, workspace: Workspace, browse: Browse
    ) -> None:
        assert browse(owner).get(url(name, workspace, comment.pk)).status_code == 404

    def test_the_owner_can_neither_change_nor_remove_what_is_not_hers_to_read(
        self, comment: StoryComment, owner: Member, workspace: Workspace, browse: Browse
    ) -> None:
        client = browse(owner)

        answers = [
            client.post(url("comment_edit", workspace, comment.pk), {"text": "x"}),
            client.post(url("comment_remove", workspace, comment.pk)),
        ]

        comment.refresh_from_db()
        assert [answer.status_code for answer in answers] == [404, 404]
        assert comment.text == SECRET

    def test_the_api_gives_it_to_the_team_alone(
        self, comment: StoryComment, owner: Member, guest: Member, marketer: Member, api: Api
    ) -> None:
        listed, single = reverse("api:comment-list"), reverse("api:comment-detail", kwargs={"pk": comment.pk})

        assert SECRET in api(marketer).get(listed).content.decode()
        for member in (owner, guest):
            client = api(member)
            assert client.get(listed).json()["results"] == []
            assert client.get(f"{listed}?story={comment.story_id}").json()["results"] == []
            assert client.get(single).status_code == 404
            assert client.get(reverse("api:comment-versions", kwargs={"pk": comment.pk})).status_code == 404

    def test_a_key_without_the_scope_reads_nothing(self, comment: StoryComment, marketer: Member, api: Api) -> None:
        assert api(marketer, ["workspace:read"]).get(reverse("api:comment-list")).status_code == 403

    def test_news_of_it_are_silent_for_whoever_became_owner(
        self, comment: StoryComment, owner: Member, workspace: Workspace, browse: Browse, api: Api
    ) -> None:
        NoticeFactory.create(
            member=owner, story=comment.story, kind=COMMENTED, detail={"comment": comment.pk}, is_team_only=True
        )

        page = browse(owner).get(reverse("workspaces:notice_list", kwargs={"workspace": workspace.slug}))
        answer = api(owner).get(reverse("api:notice-list"))

        assert SECRET not in page.content.decode()
        assert answer.json()["results"] == []

    def test_the_audit_log_that_the_owner_reads_holds_no_words(
        self,
        comment: StoryComment,
        owner: Member,
        marketer: Member,
        workspace: Workspace,
        browse: Browse,
        now: datetime,
    ) -> None:
        change_comment(comment=comment, text=f"{SECRET} Really.", by=marketer, now=now)
        remove_comment(comment=comment, by=marketer, now=now)

        page = browse(owner).get(reverse("workspaces:settings_audit", kwargs={"workspace": workspace.slug}))

        assert "removed a comment" in page.content.decode()
        assert SECRET not in page.content.decode()

    def test_searching_stories_does_not_find_its_words(
        self, comment: StoryComment, owner: Member, workspace: Workspace, browse: Browse, api: Api
    ) -> None:
        for answer in (
            browse(owner).get(url("story_list", workspace) + "?q=delay"),
            api(owner).get(reverse("api:story-list") + "?q=delay"),
        ):
            assert SECRET not in answer.content.decode()

    def test_an_owner_s_comment_form_has_no_choice(
        self, story: Story, owner: Member, workspace: Workspace, browse: Browse
    ) -> None:
        client = browse(owner)

        page = client.get(url("story_detail", workspace, story.pk)).content.decode()
        client.post(url("comment_add", workspace, story.pk), {"text": "Hello", "audience": "team"})

        assert 'name="audience"' not in page
        assert StoryComment.objects.get().audience == "everybody"


class TestTalking:
    def test_a_comment_is_written_and_shown(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        answer = browse(lead).post(
            url("comment_add", workspace, story.pk), {"text": "**Ready** <script>", "audience": "team"}, follow=True
        )

        page = answer.content.decode()
        assert "<strong>Ready</strong> &lt;script&gt;" in page

    def test_no_words_are_refused_with_a_sentence(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        answer = browse(lead).post(url("comment_add", workspace, story.pk), {"text": " ", "audience": "team"})

        assert answer.status_code == 409
        assert not StoryComment.objects.exists()

    def test_earlier_words_can_be_looked_up(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        comment = CommentFactory.create(story=story, author=lead, text="Friday")
        client = browse(lead)

        client.post(url("comment_edit", workspace, comment.pk), {"text": "Monday"})

        page = client.get(url("comment_versions", workspace, comment.pk)).content.decode()
        assert "Friday" in page
        assert "Monday" in page

    def test_a_removed_comment_leaves_a_trace(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        comment = CommentFactory.create(story=story, author=lead, text="Wrong room")

        page = browse(lead).post(url("comment_remove", workspace, comment.pk), follow=True).content.decode()

        assert "Wrong room" not in page
        assert "took this comment back" in page

    def test_opening_a_story_reads_its_news(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        NoticeFactory.create(member=lead, story=story)

        browse(lead).get(url("story_detail", workspace, story.pk))

        assert unread_count(lead) == 0

    def test_a_story_takes_the_same_queries_however_much_was_said(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse, django_assert_max_num_queries: object
    ) -> None:
        for _n in range(15):
            CommentFactory.create(story=story)
            ChecklistItemFactory.create(checklist__story=story)
            WatchFactory.create(story=story)
        StoryLinkFactory.create_batch(5, source=story)
        client = browse(lead)
        client.get(url("story_detail", workspace, story.pk))

        with django_assert_max_num_queries(65):  # type: ignore[operator]  # a fixture of pytest-django
            client.get(url("story_detail", workspace, story.pk))


class TestFields:
    def _save(self, client: Client, workspace: Workspace, story: Story, **fields: str) -> int:
        return client.post(url("story_edit", workspace, story.pk), fields).status_code

    def test_two_browsers_that_change_different_fields_both_succeed(
        self, story: Story, lead: Member, marketer: Member, workspace: Workspace, browse: Browse
    ) -> None:
        shown = {"title": "Serum", "kind": "campaign", "points": "3", "as_a": "", "i_want": "", "so_that": ""}
        seen = {f"seen_{name}": text for name, text in shown.items()}
        Story.objects.filter(pk=story.pk).update(as_a="", i_want="", so_that="")

        first = self._save(browse(lead), workspace, story, **{**shown, **seen, "title": "Serum refill"})
        second = self._save(browse(marketer), workspace, story, **{**shown, **seen, "points": "8"})

        story.refresh_from_db()
        assert (first, second) == (302, 302)
        assert (story.title, story.points) == ("Serum refill", 8)

    def test_the_second_of_two_at_one_field_sees_both_values_and_chooses(
        self, story: Story, lead: Member, marketer: Member, workspace: Workspace, browse: Browse
    ) -> None:
        page = url("story_field", workspace, story.pk, name="title")
        browse(lead).post(page, {"title": "Serum refill", "seen_title": "Serum"})
        client = browse(marketer)

        asked = client.post(page, {"title": "Serum again", "seen_title": "Serum"})
        after_asking = Story.objects.get(pk=story.pk).title
        client.post(page, {"title": "Serum again", "seen_title": "Serum refill", "keep_title": "theirs"})
        after_keeping = Story.objects.get(pk=story.pk).title
        client.post(page, {"title": "Serum again", "seen_title": "Serum refill", "keep_title": "mine"})

        words = asked.content.decode()
        assert asked.status_code == 409
        assert all(text in words for text in ("Serum refill", "Serum again", "Elena Petrova"))
        assert 'name="seen_title" value="Serum refill"' in words
        assert (after_asking, after_keeping) == ("Serum refill", "Serum refill")
        assert Story.objects.get(pk=story.pk).title == "Serum again"

    def test_a_field_that_stories_do_not_have_has_no_page(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        for name in ("rank", "status", "nonsense"):
            assert browse(lead).get(url("story_field", workspace, story.pk, name=name)).status_code == 404

    def test_the_api_says_which_field_was_changed(self, story: Story, lead: Member, api: Api) -> None:
        address = reverse("api:story-detail", kwargs={"pk": story.pk})
        client = api(lead)
        client.put(address, {"points": 5, "seen": {"points": 3}}, format="json")

        refused = client.put(
            address, {"points": 8, "title": "X", "seen": {"points": 3, "title": "Serum"}}, format="json"
        )
        other = client.put(address, {"title": "X", "seen": {"points": 3, "title": "Serum"}}, format="json")

        assert (refused.status_code, refused.json()["code"]) == (409, "field_changed")
        assert list(refused.json()["fields"]) == ["points"]
        assert (other.json()["title"], other.json()["points"]) == ("X", 5)


class TestFiles:
    def test_markup_is_saved_and_never_shown(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        client = browse(lead)
        svg = SimpleUploadedFile("logo.svg", b"<svg xmlns='x' onload='alert(1)'/>", content_type="image/png")

        client.post(url("attachment_add", workspace, story.pk), {"file": svg})
        answer = client.get(url("attachment_file", workspace, Attachment.objects.get().pk))

        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="logo.svg"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]

    def test_a_picture_is_shown_and_can_be_saved(
        self, story: Story, guest: Member, workspace: Workspace, browse: Browse
    ) -> None:
        page = url("attachment_file", workspace, AttachmentFactory.create(story=story).pk)
        client = browse(guest)

        shown, saved = client.get(page), client.get(f"{page}?save=1")

        assert shown.content == saved.content == PNG
        assert (shown.headers["Content-Type"], saved.headers["Content-Type"]) == (
            "image/png",
            "application/octet-stream",
        )
        assert shown.headers["Content-Disposition"].startswith("inline")
        assert saved.headers["Content-Disposition"].startswith("attachment")

    def test_a_name_cannot_break_out_of_its_header(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        kept = AttachmentFactory.create(story=story, name='a"; filename="b.html', file=ContentFile(PNG, name="x"))

        answer = browse(lead).get(url("attachment_file", workspace, kept.pk) + "?save=1")

        assert answer.headers["Content-Disposition"] == 'attachment; filename="a\\"; filename=\\"b.html"'

    def test_a_file_that_is_gone_from_the_disk_is_not_found(
        self, story: Story, lead: Member, workspace: Workspace, browse: Browse
    ) -> None:
        kept = AttachmentFactory.create(story=story)
        kept.file.storage.delete(kept.file.name)

        assert browse(lead).get(url("attachment_file", workspace, kept.pk)).status_code == 404


class TestLabelsAndLists:
    def test_the_backlog_and_the_board_show_the_stories_of_a_label(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        label = LabelFactory.create(workspace=workspace, name="Summer")
        running = SprintFactory.create(workspace=workspace, running=True)
        for sprint in (None, running):
            label.stories.add(StoryFactory.create(workspace=workspace, sprint=sprint, title="Sunny day"))
            StoryFactory.create(workspace=workspace, sprint=sprint, title="Rainy day")
        client = browse(lead)

        for page in (url("story_list", workspace), url("sprint_detail", workspace, running.pk)):
            found = client.get(f"{page}?label={label.pk}").content.decode()
            everything = client.get(f"{page}?label=nonsense").content.decode()
            assert ("Sunny day" in found, "Rainy day" in found) == (True, False)
            assert "Rainy day" in everything

    def test_a_label_says_on_how_many_stories_it_is_before_it_goes(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        label, other = LabelFactory.create_batch(2, workspace=workspace)
        label.stories.set(StoryFactory.create_batch(3, workspace=workspace))
        client = browse(lead)

        page = client.get(url("label_remove", workspace, label.pk)).content.decode()
        client.post(url("label_remove", workspace, label.pk), {"into": other.pk})

        assert "It is on 3 stories." in page
        assert (Label.objects.get(), other.stories.count()) == (other, 3)

    def test_a_story_link_is_shown_from_both_sides(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        link = StoryLinkFactory.create(source__workspace=workspace, source__title="Feed", target__title="Reminder")
        client = browse(lead)

        blocks = client.get(url("story_detail", workspace, link.source_id)).content.decode()
        is_blocked = client.get(url("story_detail", workspace, link.target_id)).content.decode()

        assert "This story blocks" in blocks
        assert "This story is blocked by" in is_blocked

    def test_a_link_can_be_made_the_other_way_round(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        one, other = StoryFactory.create_batch(2, workspace=workspace)

        browse(lead).post(url("story_link_add", workspace, one.pk), {"kind": "-blocks", "story": f"#{other.number}"})

        link = one.links_in.get()
        assert (link.source, link.kind) == (other, "blocks")

    def test_a_circle_is_refused_where_the_form_stands(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        link = StoryLinkFactory.create(source__workspace=workspace)

        answer = browse(lead).post(
            url("story_link_add", workspace, link.target_id),
            {"kind": "blocks", "story": link.source.number},
            headers={"HX-Request": "true"},
        )

        assert answer.status_code == 409
        assert answer.headers["HX-Reselect"] == ".notice"

    def test_following_and_muting_are_for_everybody(
        self, story: Story, guest: Member, workspace: Workspace, browse: Browse
    ) -> None:
        client = browse(guest)

        client.post(url("story_watch", workspace, story.pk), {"on": "on"})
        page = client.get(url("story_detail", workspace, story.pk)).content.decode()

        assert "You follow it: stop" in page
        assert Notice.objects.count() == 0
