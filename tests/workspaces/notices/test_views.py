"""The pages of news: the bell, the list, what is chosen, and the way out of the mails."""

from collections.abc import Callable
from datetime import datetime

from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from sprints.telling import MENTIONED, MOVED
from tests.factories.sprints import StoryFactory
from tests.factories.talk import NoticeFactory
from workspaces.models import DigestPace, Member, Notice, Workspace
from workspaces.notices.reading import unread_count
from workspaces.notices.wishes import is_muted, muted_kinds, settings_of, way_out

Browse = Callable[[Member], Client]
Api = Callable[..., APIClient]


def url(name: str, workspace: Workspace) -> str:
    return reverse(f"workspaces:{name}", kwargs={"workspace": workspace.slug})


def test_the_bell_counts_objects_with_something_new(workspace: Workspace, lead: Member, browse: Browse) -> None:
    story = StoryFactory.create(workspace=workspace)
    NoticeFactory.create_batch(3, member=lead, story=story)
    NoticeFactory.create(member=lead)

    page = browse(lead).get(url("notice_bell", workspace)).content.decode()

    assert "News: 2 new" in page


def test_the_list_says_what_happened_and_marks_it_as_read(workspace: Workspace, lead: Member, browse: Browse) -> None:
    story = StoryFactory.create(workspace=workspace, title="Serum")
    NoticeFactory.create(member=lead, story=story)
    client = browse(lead)

    page = client.get(url("notice_list", workspace)).content.decode()
    client.post(url("notice_read", workspace), {"about_type": "story", "about_id": story.pk})

    assert "Serum" in page
    assert "moved it to “Done”" in page
    assert unread_count(lead) == 0
    assert "You have read everything" in client.get(url("notice_list", workspace) + "?show=unread").content.decode()


def test_reading_all_leaves_the_news_of_others_alone(
    workspace: Workspace, lead: Member, marketer: Member, browse: Browse
) -> None:
    for member in (lead, marketer):
        NoticeFactory.create(member=member)

    browse(lead).post(url("notice_read", workspace))

    assert [notice.member for notice in Notice.objects.unread()] == [marketer]


def test_an_object_is_muted_from_the_list(workspace: Workspace, lead: Member, browse: Browse) -> None:
    story = StoryFactory.create(workspace=workspace)
    client = browse(lead)
    about = {"about_type": "story", "about_id": story.pk}

    client.post(url("notice_mute", workspace), {**about, "is_muted": "on"})
    muted = is_muted(lead, "story", story.pk)
    client.post(url("notice_mute", workspace), about)

    assert muted
    assert not is_muted(lead, "story", story.pk)


def test_muting_nonsense_is_refused(workspace: Workspace, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(url("notice_mute", workspace), {"about_type": "story", "about_id": "x"})

    assert answer.status_code == 409


def test_a_form_leads_back_only_to_our_own_pages(workspace: Workspace, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(url("notice_read", workspace), {"next": "https://evil.example/"})

    assert answer.headers["Location"] == url("notice_list", workspace)


def test_what_is_chosen_is_kept(workspace: Workspace, lead: Member, browse: Browse) -> None:
    client = browse(lead)

    client.post(
        url("notice_settings", workspace),
        {"digest": "daily", "hour": "17", "at_once": [MENTIONED], "heard": [MENTIONED]},
    )

    chosen = settings_of(lead)
    assert (chosen.hour, chosen.at_once) == (17, [MENTIONED])
    assert MOVED in muted_kinds(lead)
    assert MENTIONED not in muted_kinds(lead)
    assert client.get(url("notice_settings", workspace)).status_code == 200


def test_opening_the_link_of_a_mail_a_hundred_times_stops_nothing(lead: Member) -> None:
    page = reverse("workspaces:notices_off", args=[way_out(lead)])

    for _time in range(100):
        assert Client().get(page).status_code == 200

    assert settings_of(lead).digest == DigestPace.DAILY


def test_one_click_from_a_mail_program_stops_the_mails(lead: Member) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post(reverse("workspaces:notices_off", args=[way_out(lead)]), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert settings_of(lead).digest == DigestPace.NEVER


def test_a_link_that_was_made_up_is_gone(db: None) -> None:
    assert Client().get(reverse("workspaces:notices_off", args=["nonsense"])).status_code == 410


def test_the_api_lists_reads_and_chooses(workspace: Workspace, lead: Member, api: Api, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace, title="Serum")
    NoticeFactory.create(member=lead, story=story)
    client = api(lead)
    wishes = {"digest": "never", "hour": 7, "at_once": [MENTIONED], "muted": [MOVED]}

    (told,) = client.get(reverse("api:notice-list") + "?unread=1").json()["results"]
    read = client.post(reverse("api:notice-read"), {"about_type": "story", "about_id": story.pk}, format="json")
    chosen = client.put(reverse("api:notice-choose"), wishes, format="json")

    assert (told["about_name"], told["words"], told["kind"]) == ("Serum", "moved it to “Done”", MOVED)
    assert read.json() == {"count": 1}
    assert chosen.json() == wishes


def test_every_page_carries_the_bell(workspace: Workspace, lead: Member, browse: Browse) -> None:
    NoticeFactory.create(member=lead)

    page = browse(lead).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})).content.decode()

    assert f'data-topic="member-{lead.pk}"' in page
    assert "News: 1 new" in page
