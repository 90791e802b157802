"""Figures of large workspaces: what a worker counts, what pages tell of it, and for how long."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audience import figures
from audience.duplicates import likenesses
from audience.figures import figures_of, keep_figures, kept_figures
from audience.models import KeptFigures
from audience.own_figures import kept_sizes, people_on, size_in, with_answers, with_requests, with_sizes
from audience.tags import tags_in_use
from sprints.headcount import Headcount
from tests.factories.audience import (
    ContactFactory,
    ListFactory,
    MembershipFactory,
    SegmentFactory,
    SignupFormFactory,
    TopicFactory,
)
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]
EVERYBODY = {"match": "all", "rules": []}


@pytest.fixture(autouse=True)
def _two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "LARGE", 2)


def test_a_small_workspace_is_counted_whenever_somebody_looks(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    keep_figures(lambda: now)

    assert not KeptFigures.objects.exists()
    assert figures_of(workspace, "contacts", now).numbers == {"unknown": 0, "given": 1, "withdrawn": 0}


def test_a_large_one_is_told_what_a_worker_counted(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(2, workspace=workspace)
    keep_figures(lambda: now)
    ContactFactory.create(workspace=workspace)

    told = figures_of(workspace, "contacts", now + timedelta(minutes=4))

    assert (told.numbers["given"], told.counted_at) == (2, now)


def test_figures_of_a_worker_that_is_gone_are_not_told(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(2, workspace=workspace)
    keep_figures(lambda: now)
    ContactFactory.create(workspace=workspace)

    told = figures_of(workspace, "contacts", now + timedelta(minutes=15))

    assert (told.numbers["given"], told.counted_at) == (3, None)


def test_dear_figures_are_counted_every_hour_and_others_every_time(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(2, workspace=workspace)
    later = now + timedelta(minutes=5)
    keep_figures(lambda: now)

    keep_figures(lambda: later)

    counted = dict(KeptFigures.objects.values_list("kind", "counted_at"))
    assert (counted["contacts"], counted["duplicates"]) == (later, now)


def test_figures_are_of_one_workspace(workspace: Workspace, outsider: Member, now: datetime) -> None:
    ContactFactory.create_batch(2, workspace=workspace)
    keep_figures(lambda: now)

    assert kept_figures(outsider.workspace, "contacts", now) is None


def test_lists_have_the_size_they_had_and_a_newer_list_its_own(workspace: Workspace, now: datetime) -> None:
    old = MembershipFactory.create(contact=ContactFactory.create(workspace=workspace)).contact_list
    ContactFactory.create(workspace=workspace)
    keep_figures(lambda: now)
    MembershipFactory.create(contact=ContactFactory.create(workspace=workspace), contact_list=old)
    new = ListFactory.create(workspace=workspace)
    MembershipFactory.create(contact=ContactFactory.create(workspace=workspace), contact_list=new)

    (first, second), told = with_sizes([old, new], workspace, now)

    assert (people_on(first, told), people_on(second, told), told.counted_at) == (1, 1, now)


def test_topics_and_forms_newer_than_their_figures_have_none_yet(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(2, workspace=workspace)
    keep_figures(lambda: now)

    (topic,), _of_topics = with_answers([TopicFactory.create(workspace=workspace)], workspace, now)
    (form,), _of_forms = with_requests([SignupFormFactory.create(workspace=workspace)], workspace, now)

    assert vars(topic)["yes"] == vars(topic)["no"] == vars(form)["submitted"] == vars(form)["confirmed"] == 0


def test_a_segment_has_the_size_it_had_until_its_rule_changes(workspace: Workspace, now: datetime) -> None:
    segment = SegmentFactory.create(workspace=workspace, definition=EVERYBODY)
    ContactFactory.create_batch(2, workspace=workspace)
    keep_figures(lambda: now)
    ContactFactory.create(workspace=workspace)

    before = Headcount(now).people_in(segment)
    segment.updated_at = now + timedelta(seconds=1)

    assert (before, Headcount(now).people_in(segment)) == (2, 3)
    assert size_in(kept_sizes(workspace, now), segment) is None


def test_a_segment_that_does_not_work_keeps_no_size(workspace: Workspace, now: datetime) -> None:
    broken = SegmentFactory.create(
        workspace=workspace, definition={"match": "all", "rules": [{"field": "no.such", "op": "is", "value": 1}]}
    )
    ContactFactory.create_batch(2, workspace=workspace)
    keep_figures(lambda: now)

    assert size_in(kept_sizes(workspace, now), broken) is None
    assert Headcount(now).people_in(broken) == 0


def test_pages_say_of_when_their_figures_are(lead: Member, browse: Browse) -> None:
    segment = SegmentFactory.create(workspace=lead.workspace, definition=EVERYBODY)
    ContactFactory.create_batch(2, workspace=lead.workspace)
    client, address = browse(lead), f"/w/{lead.workspace.slug}/segments/"
    live = client.get(address).content.decode()
    keep_figures(timezone.now)
    ContactFactory.create(workspace=lead.workspace)

    kept = client.get(address).content.decode()

    assert segment.name in live
    assert ["2 people" in page for page in (live, kept)] == [True, True]
    assert ["a worker counts every few minutes" in page for page in (live, kept)] == [False, True]


def test_a_double_that_was_merged_meanwhile_is_not_shown(workspace: Workspace, lead: Member, now: datetime) -> None:
    first, second = ContactFactory.create_batch(2, workspace=workspace, phone="+359888123456")
    keep_figures(lambda: now)
    found, looked_at = likenesses(lead, now)
    before = [person.pk for likeness in found for person in likeness.people]
    second.delete()

    assert likenesses(lead, now) == ([], looked_at)
    assert (len(before), before[0], looked_at) == (2, first.pk, now)


def test_a_seller_sees_doubles_and_tags_of_his_own_people_alone(
    workspace: Workspace, seller: Member, now: datetime
) -> None:
    ContactFactory.create_batch(2, workspace=workspace, phone="+359888123456", tags=["theirs"])
    own = ContactFactory.create(workspace=workspace, phone="+359888123456", seller=seller, tags=["own"])
    keep_figures(lambda: now)

    assert likenesses(seller, now) == ([], None)
    assert tags_in_use(seller, now) == own.tags


def test_the_builder_counts_at_once_and_the_rest_on_request(lead: Member, browse: Browse) -> None:
    ContactFactory.create_batch(2, workspace=lead.workspace)
    client, address = browse(lead), f"/w/{lead.workspace.slug}/segments/preview/"
    rule = {"g0-match": "all", "g0-r0-field": "consent", "g0-r0-op": "any_of", "g0-r0-value": "given"}
    small = client.get(address, rule, headers={"HX-Request": "true"}).content.decode()
    keep_figures(timezone.now)

    large = client.get(address, rule, headers={"HX-Request": "true"}).content.decode()
    more = client.get(address, {**rule, "do": "more"}, headers={"HX-Request": "true"}).content.decode()

    reach = "<b>2</b> gave consent"
    assert [reach in page for page in (small, large, more)] == [True, False, True]
    assert ["do=more" in page for page in (small, large, more)] == [False, True, False]
    assert "How the conditions narrow the list" in more


def test_a_segment_as_it_is_kept_is_told_and_not_counted(lead: Member, browse: Browse) -> None:
    segment = SegmentFactory.create(workspace=lead.workspace, definition=EVERYBODY)
    ContactFactory.create_batch(2, workspace=lead.workspace)
    keep_figures(timezone.now)
    ContactFactory.create(workspace=lead.workspace)
    client, address = browse(lead), f"/w/{lead.workspace.slug}/segments/{segment.pk}/"

    page = client.get(address).content.decode()
    without_script = client.get(f"{address}?more=1").content.decode()
    preview = f"/w/{lead.workspace.slug}/segments/preview/"
    more = client.get(preview, {"do": "more", "segment": segment.pk}).content.decode()

    assert "Counted at" in page
    assert '<p class="live__n">2</p>' in page
    assert ["<b>3</b> gave consent" in html for html in (page, without_script, more)] == [False, True, True]


def test_a_segment_of_strangers_has_no_more_to_tell(lead: Member, browse: Browse) -> None:
    theirs = SegmentFactory.create(definition=EVERYBODY)
    preview = f"/w/{lead.workspace.slug}/segments/preview/"

    answers = [browse(lead).get(preview, {"do": "more", "segment": key}) for key in (theirs.pk, "9" * 40)]

    assert [answer.status_code for answer in answers] == [404, 404]
