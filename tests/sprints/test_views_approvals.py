"""Approvals inside the workspace."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sprints.answers import Say
from sprints.models import ApprovalPolicy, ApprovalRequest, ApprovalState, SprintState, StoryDecision, Verdict
from sprints.services.approval_links import approval_token
from tests.factories.approvals import answer, asked, asked_about_mail, brief_of, ready_sprint, ready_story
from tests.factories.sprints import SprintFactory
from tests.factories.workspaces import MemberFactory
from workspaces.models import Member, SystemMail, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]


def _url(name: str, workspace: Workspace, pk: int | None = None) -> str:
    return reverse(f"sprints:{name}", kwargs={"workspace": workspace.slug, **({"pk": pk} if pk else {})})


def _words(page: Any) -> str:
    return unescape(page.content.decode())


def test_what_waits_comes_first_and_what_waits_for_oneself_before_that(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    old = asked(ready_sprint(workspace, name="Older"), now - timedelta(hours=3), by=lead, to=owner)
    answer(old, Verdict.APPROVED, now)
    partner = _partner(workspace)
    asked(ready_sprint(workspace, name="For the partner"), now - timedelta(hours=2), by=lead, to=partner)
    asked(ready_sprint(workspace, name="For the owner"), now - timedelta(hours=1), by=lead, to=owner)

    page = _words(browse(owner).get(_url("approval_list", workspace)))

    main = page[page.index("<main") :]
    assert main.index("For the owner") < main.index("For the partner") < main.index("Older")
    assert "Waiting for you" in main
    assert "Approved" in main


def _partner(workspace: Workspace) -> Member:
    made: Member = MemberFactory.create(workspace=workspace, role=Role.OWNER)
    return made


def test_an_empty_list_says_what_it_is_for(workspace: Workspace, lead: Member, browse: Browse) -> None:
    assert "Nobody was asked yet" in _words(browse(lead).get(_url("approval_list", workspace)))


def test_the_list_costs_the_same_for_many(
    workspace: Workspace,
    owner: Member,
    lead: Member,
    browse: Browse,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(6):
        sprint = ready_sprint(workspace)
        answer(asked(sprint, now, by=lead, to=owner), Verdict.DECLINED, now)
        asked(sprint, now, by=lead, to=owner)
    client = browse(lead)

    with django_assert_max_num_queries(15):
        assert client.get(_url("approval_list", workspace)).status_code == 200


def test_the_menu_counts_what_waits(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    asked(ready_sprint(workspace), now, by=lead, to=owner)

    page = _words(browse(lead).get(_url("approval_list", workspace)))

    assert '<small class="nav__count nav__count--on">1</small>' in page


def test_the_form_lists_what_is_missing_and_where_to_do_it(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse
) -> None:
    sprint = ready_sprint(workspace, goal_sentence="")
    story = sprint.stories.get()
    story.points = None
    story.save()

    page = _words(browse(lead).get(_url("approval_request", workspace, sprint.pk)))

    assert "2 things are missing" in page
    assert _url("sprint_edit", workspace, sprint.pk) in page
    assert _url("story_edit", workspace, story.pk) in page
    assert '<button class="btn btn--primary" type="submit" disabled>' in page


def test_sending_a_ready_plan_asks_the_chosen_owner(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse
) -> None:
    sprint = ready_sprint(workspace)

    sent = browse(lead).post(
        _url("approval_request", workspace, sprint.pk), {"approver": owner.pk, "message": "Look at the offer"}
    )

    request = ApprovalRequest.objects.get()
    assert sent.headers["Location"] == _url("approval_detail", workspace, request.pk)
    assert (request.approver, request.requested_by, request.message) == (owner, lead, "Look at the offer")
    assert SystemMail.objects.get().to == owner.user.email


def test_sending_a_plan_that_is_not_ready_says_what_is_missing(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse
) -> None:
    sprint = ready_sprint(workspace, goal_sentence="")

    sent = browse(lead).post(_url("approval_request", workspace, sprint.pk), {"approver": owner.pk})

    assert sent.status_code == 422
    assert "The sprint has a goal in one sentence” is not so yet. Write it." in _words(sent)
    assert not ApprovalRequest.objects.exists()


def test_only_owners_other_than_oneself_can_be_chosen(
    workspace: Workspace, owner: Member, lead: Member, outsider: Member, browse: Browse
) -> None:
    sprint = ready_sprint(workspace)
    client = browse(lead)

    for wrong in (lead.pk, outsider.pk, 0, ""):
        sent = client.post(_url("approval_request", workspace, sprint.pk), {"approver": wrong})

        assert sent.status_code == 422
    assert not ApprovalRequest.objects.exists()


def test_without_an_owner_the_page_says_so(workspace: Workspace, lead: Member, browse: Browse) -> None:
    page = _words(browse(lead).get(_url("approval_request", workspace, ready_sprint(workspace).pk)))

    assert "Nobody else here can decide" in page
    assert reverse("workspaces:settings_members", kwargs={"workspace": workspace.slug}) in page


def test_a_version_that_waits_is_pointed_out(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    page = _words(browse(lead).get(_url("approval_request", workspace, request.sprint_id)))

    assert "Version 1 is still waiting for Marta Lindqvist." in page


def test_a_closed_sprint_cannot_be_asked_about(workspace: Workspace, lead: Member, browse: Browse) -> None:
    sprint = SprintFactory.create(workspace=workspace, closed=True)

    assert browse(lead).get(_url("approval_request", workspace, sprint.pk)).status_code == 404


def test_the_owner_decides_on_the_page_as_by_the_link(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace, stories=2), now, by=lead, to=owner)
    second = request.items[1]["id"]
    url = _url("approval_detail", workspace, request.pk)
    client = browse(owner)
    assert "Your decision" in _words(client.get(url))

    sent = client.post(
        url,
        {
            "fingerprint": request.fingerprint,
            "verdict": "approved",
            f"story_{second}_verdict": "declined",
            f"story_{second}_comment": "Not now",
        },
    )

    assert sent.headers["Location"] == url
    assert dict(StoryDecision.objects.values_list("story", "verdict"))[second] == "declined"
    assert "Not now" in _words(client.get(url))


def test_the_link_in_the_mail_stops_working_when_the_owner_decides_on_the_page(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    link = reverse("sprints:approve", args=[approval_token(request)])

    browse(owner).post(
        _url("approval_detail", workspace, request.pk), {"fingerprint": request.fingerprint, "verdict": "declined"}
    )

    assert Client().get(link).status_code == 410


def test_the_one_who_asked_and_became_an_owner_is_offered_no_decision(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    lead.role = Role.OWNER
    lead.save()
    client, url = browse(lead), _url("approval_detail", workspace, request.pk)
    assert 'id="decide"' not in _words(client.get(url))

    sent = client.post(url, {"fingerprint": request.fingerprint, "verdict": "approved"})

    assert sent.status_code == 422
    assert "Nobody approves his or her own proposal." in _words(sent)
    assert not StoryDecision.objects.exists()


def test_others_see_the_plan_without_the_decision(
    workspace: Workspace, owner: Member, lead: Member, guest: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    page = _words(browse(guest).get(_url("approval_detail", workspace, request.pk)))

    assert request.snapshot["sprint"]["goal_sentence"] in page
    assert 'name="verdict"' not in page
    assert "Remind" not in page


def test_what_has_changed_since_it_was_sent_is_shown_with_the_way_on(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, by=lead, to=owner)
    brief = brief_of(sprint.stories.get())
    brief.cost = Decimal(540)
    brief.save()

    page = _words(browse(lead).get(_url("approval_detail", workspace, request.pk)))

    assert "What has changed since it was sent" in page
    assert "<ins>€540</ins>" in page
    assert _url("approval_request", workspace, sprint.pk) in page


def test_an_unchanged_plan_and_a_sprint_that_is_over_show_no_change(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, by=lead, to=owner)
    client, url = browse(lead), _url("approval_detail", workspace, request.pk)
    assert "What has changed since" not in _words(client.get(url))

    sprint.state = SprintState.CLOSED
    sprint.save()
    sprint.stories.update(sprint=None)

    page = _words(client.get(url))
    assert "What has changed since" not in page
    assert "Never answered" in page


def test_an_older_version_leads_to_the_newest(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    first = asked(sprint, now, by=lead, to=owner)
    second = asked(sprint, now, by=lead, to=owner)

    page = _words(browse(lead).get(_url("approval_detail", workspace, first.pk)))

    assert "There is a newer version: 2." in page
    assert _url("approval_detail", workspace, second.pk) in page


def test_the_answer_is_shown_story_by_story(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace, stories=2), now, by=lead, to=owner)
    each = {request.items[0]["id"]: Say(Verdict.CHANGE, "Can we do with 300?")}
    answer(request, Verdict.APPROVED, now, each=each, comment="Good plan.")

    page = _words(browse(lead).get(_url("approval_detail", workspace, request.pk)))

    for words in ("Can we do with 300?", "Good plan.", "Change asked for"):
        assert words in page


def test_a_reminder_is_sent_and_said(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    sent = browse(lead).post(_url("approval_remind", workspace, request.pk), follow=True)

    assert "Reminder sent to Marta Lindqvist" in _words(sent)
    assert SystemMail.objects.filter(kind="sprints.approval").count() == 2


def test_a_reminder_about_what_was_decided_is_refused(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    answer(request, Verdict.APPROVED, now)

    assert browse(lead).post(_url("approval_remind", workspace, request.pk)).status_code == 409


def test_a_finished_mail_is_shown_in_a_frame(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked_about_mail(ready_story(ready_sprint(workspace)), now, to=owner)
    client, mail = browse(lead), _url("approval_mail", workspace, request.pk)

    assert f'src="{mail}" sandbox' in _words(client.get(_url("approval_detail", workspace, request.pk)))
    framed = client.get(mail)

    assert _words(framed) == request.items[0]["content"]["html"]
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_plan_has_no_mail_to_frame(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    assert browse(lead).get(_url("approval_mail", workspace, request.pk)).status_code == 404


def test_the_policy_is_shown_and_changed(workspace: Workspace, lead: Member, browse: Browse) -> None:
    client, url = browse(lead), _url("settings_approval", workspace)
    page = _words(client.get(url))
    assert 'value="20"' in page

    saved = client.post(url, {"covers": "content", "tolerance": "5"})

    assert saved.headers["Location"] == url
    policy = ApprovalPolicy.objects.get(workspace=workspace)
    assert (policy.covers, policy.audience_tolerance) == ("content", 0.05)


@pytest.mark.parametrize("data", [{"tolerance": "101"}, {"tolerance": "-1"}, {"tolerance": "x"}, {"covers": "all"}])
def test_a_policy_that_makes_no_sense_is_refused(
    workspace: Workspace, lead: Member, browse: Browse, data: dict[str, str]
) -> None:
    saved = browse(lead).post(_url("settings_approval", workspace), {"covers": "brief", "tolerance": "20", **data})

    assert saved.status_code == 422
    assert not ApprovalPolicy.objects.exists()


def _home(workspace: Workspace, client: Client) -> str:
    return _words(client.get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})))


def test_home_tells_everybody_what_waits_and_the_owner_that_it_waits_for_him(
    workspace: Workspace, owner: Member, lead: Member, guest: Member, browse: Browse, now: datetime
) -> None:
    sprint = ready_sprint(workspace, number=16)
    request = asked(sprint, now, by=lead, to=owner)
    detail = _url("approval_detail", workspace, request.pk)

    mine, theirs, looked = (_home(workspace, browse(member)) for member in (owner, lead, guest))

    assert "The sprint 16 plan is waiting for you" in mine
    assert "The sprint 16 plan is waiting for Marta Lindqvist" in theirs
    assert all(detail in page for page in (mine, theirs, looked))
    remind = _url("approval_remind", workspace, request.pk)
    assert [remind in page for page in (mine, theirs, looked)] == [False, True, False]


def test_home_shows_no_banner_once_it_is_decided(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    answer(request, Verdict.APPROVED, now)

    assert "is waiting for" not in _home(workspace, browse(owner))


def test_home_tells_of_a_mail_that_waits(workspace: Workspace, owner: Member, browse: Browse, now: datetime) -> None:
    request = asked_about_mail(ready_story(ready_sprint(workspace)), now, to=owner)

    page = _home(workspace, browse(owner))

    assert f"The mail for “{request.story}” is waiting for you" in page
    assert request.state == ApprovalState.OPEN
