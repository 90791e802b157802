"""A launch from the question to the send: asked about, decided by link, held until the yes, void after a change."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.launches import ask_about_launch, launch_approval
from campaigns.models import Campaign, CampaignState
from campaigns.services import CampaignRefused, ScheduleRefused, change_campaign, put_on_schedule, unschedule_campaign
from campaigns.timing import proposed_time
from delivery.planning import start_run
from sprints.models import ApprovalRequest, ApprovalSubject, Verdict
from sprints.services.approval_links import approval_token
from sprints.services.approvals import PlanChanged
from tests.factories.approvals import answer
from tests.factories.audience import TopicFactory
from tests.factories.campaigns import campaign_for, ready_campaign, with_parts, write
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(workspace: Workspace, now: datetime) -> Campaign:
    return ready_campaign(workspace, now)


def _asked(campaign: Campaign, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
    return ask_about_launch(campaign=campaign, approver=owner, by=lead, now=now)


def _schedule(campaign: Campaign, by: Member, now: datetime) -> None:
    put_on_schedule(campaign=campaign, at=proposed_time(campaign, now), by=by, now=now)


def test_a_launch_goes_from_the_question_to_the_send_by_browser(
    ready: Campaign, owner: Member, marketer: Member, browse: Callable[[Member], Client], now: datetime
) -> None:
    maker = browse(marketer)
    place = {"workspace": ready.workspace.slug, "pk": ready.pk}
    ask, schedule = (
        reverse(f"campaigns:{name}", kwargs=place) for name in ("campaign_ask_launch", "campaign_schedule")
    )
    first = maker.get(ask).context["form"].initial
    days = {"first_day": first["first_day"], "last_day": first["last_day"]}

    assert maker.post(ask, {"approver": owner.pk, "message": "May it go?", **days}).status_code == 302
    when = {"when": "later", "at": proposed_time(ready, now).strftime("%Y-%m-%dT%H:%M")}
    held = maker.post(schedule, when)
    assert held.status_code == 422
    assert "has not approved this launch" in held.content.decode()
    request = ApprovalRequest.objects.get(subject=ApprovalSubject.LAUNCH)
    said = {"fingerprint": request.fingerprint, "verdict": "approved"}
    assert Client().post(reverse("sprints:approve", args=[approval_token(request)]), said).status_code == 200

    assert maker.post(schedule, when).status_code == 302
    assert with_parts(ready).state == CampaignState.SCHEDULED
    assert start_run(with_parts(ready), proposed_time(ready, now)) is not None


def test_until_the_yes_it_is_neither_scheduled_nor_sent(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    _schedule(ready, lead, now)
    _asked(ready, owner, lead, now)

    assert start_run(with_parts(ready), with_parts(ready).scheduled_at or now) is None

    held = with_parts(ready)
    assert held.state == CampaignState.HELD
    assert "has not approved this launch" in held.held_reason


@pytest.mark.parametrize("verdict", [Verdict.CHANGE, Verdict.DECLINED])
def test_a_no_holds_it(ready: Campaign, owner: Member, lead: Member, now: datetime, verdict: Verdict) -> None:
    answer(_asked(ready, owner, lead, now), verdict, now)

    with pytest.raises(ScheduleRefused, match="has not approved this launch"):
        _schedule(ready, lead, now)


def test_a_change_after_the_yes_voids_it_until_it_is_asked_again(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    answer(_asked(ready, owner, lead, now), Verdict.APPROVED, now)
    _schedule(ready, lead, now)
    assert launch_approval(with_parts(ready), now).holds
    unschedule_campaign(campaign=with_parts(ready), by=lead, now=now)
    write(with_parts(ready), "# Another mail\n\n[Order](https://shop.example/again)\n")

    changed = with_parts(ready)
    assert not launch_approval(changed, now).holds
    with pytest.raises(ScheduleRefused, match="has not approved this launch"):
        _schedule(changed, lead, now)
    answer(_asked(changed, owner, lead, now), Verdict.APPROVED, now)
    _schedule(changed, lead, now)
    assert with_parts(ready).state == CampaignState.SCHEDULED


def test_another_topic_after_the_yes_voids_it_and_the_first_one_again_holds(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    tips, news = (TopicFactory.create(workspace=ready.workspace, name=name) for name in ("Tips", "News"))
    change_campaign(campaign=ready, by=lead, now=now, topic=tips)
    request = _asked(with_parts(ready), owner, lead, now)
    answer(request, Verdict.APPROVED, now)

    assert request.items[0]["content"]["topic"] == "Tips"
    assert launch_approval(with_parts(ready), now).holds
    for other, words in ((news, "now “News”"), (None, "now “no topic”")):
        change_campaign(campaign=with_parts(ready), by=lead, now=now, topic=other)
        with pytest.raises(ScheduleRefused, match=f"Topic: approved “Tips”, {words}"):
            _schedule(with_parts(ready), lead, now)
    change_campaign(campaign=with_parts(ready), by=lead, now=now, topic=tips)
    assert launch_approval(with_parts(ready), now).holds


def test_a_topic_that_changed_after_the_question_cannot_be_approved_unseen(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    request = _asked(ready, owner, lead, now)
    topic = TopicFactory.create(workspace=ready.workspace, name="Tips")
    change_campaign(campaign=ready, by=lead, now=now, topic=topic)

    with pytest.raises(PlanChanged):
        answer(request, Verdict.APPROVED, now)


def test_what_changed_after_the_question_cannot_be_approved_unseen(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    request = _asked(ready, owner, lead, now)
    change_campaign(campaign=ready, by=lead, now=now, offer="Free pouch")

    with pytest.raises(PlanChanged):
        answer(request, Verdict.APPROVED, now)


def test_another_campaign_of_the_same_story_is_not_held(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    other = campaign_for(ready.story, lead, now)
    _asked(ready, owner, lead, now)

    _schedule(other, lead, now)

    assert with_parts(other).state == CampaignState.SCHEDULED


def test_days_that_are_over_or_the_wrong_way_round_are_refused(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    today = now.astimezone(ready.workspace.zone).date()
    for days in ((today, today - timedelta(days=1)), (today - timedelta(days=2), today - timedelta(days=1))):
        with pytest.raises(CampaignRefused):
            ask_about_launch(campaign=ready, approver=owner, by=lead, now=now, days=days)


def test_a_campaign_that_went_out_has_no_launch_to_ask_about(
    ready: Campaign, owner: Member, lead: Member, now: datetime
) -> None:
    Campaign.objects.filter(pk=ready.pk).update(state=CampaignState.SENT)

    with pytest.raises(CampaignRefused):
        _asked(ready, owner, lead, now)
