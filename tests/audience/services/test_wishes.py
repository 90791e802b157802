"""What people wish is written down word by word, and lifts no withdrawal."""

from datetime import date, datetime, timedelta

import pytest

from audience.models import Consent, ConsentEntry, ConsentTo, Contact, Frequency, Topic, TopicConsent
from audience.services import (
    ConsentBasis,
    TopicWords,
    Wishes,
    WishRefused,
    archive_topic,
    choose_topics,
    create_topic,
    current_topics,
    move_topic,
    pause,
    save_wishes,
    say_to_topic,
    set_frequency,
    set_tracking,
    withdraw_consent,
)
from audience.services.lists import NameTaken
from tests.factories.audience import ContactFactory, TopicFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
PAGE = ConsentBasis("preference page", evidence={"ip": "192.0.2.7"})


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, language="bg")
    return made


@pytest.fixture
def topic(workspace: Workspace) -> Topic:
    made: Topic = TopicFactory.create(workspace=workspace, name="Tips", names={"bg": "Съвети"})
    return made


def test_a_no_to_a_topic_is_kept_in_the_words_of_the_reader(contact: Contact, topic: Topic, now: datetime) -> None:
    say_to_topic(contact=contact, topic=topic, consent=Consent.WITHDRAWN, basis=PAGE, by=None, now=now)

    entry = ConsentEntry.objects.get()
    assert (entry.to, entry.topic, entry.consent, entry.wording) == (ConsentTo.TOPIC, topic, "withdrawn", "Съвети")
    assert entry.evidence == {"ip": "192.0.2.7"}
    assert TopicConsent.objects.get().consent == Consent.WITHDRAWN


def test_a_box_left_as_it_was_is_no_word(contact: Contact, topic: Topic, now: datetime) -> None:
    choose_topics(contact=contact, chosen=[topic], offered=[topic], basis=PAGE, by=None, now=now)

    assert not ConsentEntry.objects.exists()


def test_a_topic_that_was_left_can_be_chosen_again(contact: Contact, topic: Topic, now: datetime) -> None:
    for chosen in ([], [topic]):
        choose_topics(contact=contact, chosen=chosen, offered=[topic], basis=PAGE, by=None, now=now)

    assert TopicConsent.objects.get().consent == Consent.GIVEN
    assert list(ConsentEntry.objects.order_by("pk").values_list("consent", flat=True)) == ["withdrawn", "given"]


def test_topics_that_were_not_shown_are_not_touched(contact: Contact, topic: Topic, now: datetime) -> None:
    other = TopicFactory.create(workspace=contact.workspace)

    choose_topics(contact=contact, chosen=[], offered=[topic], basis=PAGE, by=None, now=now)

    assert not TopicConsent.objects.filter(topic=other).exists()


def test_wishes_lift_no_withdrawal(contact: Contact, topic: Topic, now: datetime) -> None:
    withdraw_consent(contact=contact, basis=PAGE, by=None, now=now)

    wishes = Wishes([topic], [topic], Frequency.ALWAYS, is_pausing=True, tracking=True, tracking_wording="Yes")
    save_wishes(contact=contact, wishes=wishes, basis=PAGE, by=None, now=now)

    assert not Contact.objects.reachable().exists()


def test_tracking_is_a_word_of_its_own(contact: Contact, now: datetime) -> None:
    set_tracking(contact=contact, consent=Consent.GIVEN, basis=PAGE.saying("Follow me"), by=None, now=now)

    contact.refresh_from_db()
    assert (contact.tracking, contact.tracking_at) == (Consent.GIVEN, now)
    assert ConsentEntry.objects.get().wording == "Follow me"


@pytest.mark.parametrize("days", [0, -1, 400])
def test_a_pause_ends_after_today_and_within_a_year(contact: Contact, now: datetime, days: int) -> None:
    today = now.astimezone(contact.workspace.zone).date()

    with pytest.raises(WishRefused):
        pause(contact=contact, until=today + timedelta(days=days), basis=PAGE, by=None, now=now)


def test_a_refused_wish_leaves_nothing_of_the_others(contact: Contact, topic: Topic, now: datetime) -> None:
    wishes = Wishes([], [topic], is_pausing=True, paused_until=date(2000, 1, 1))

    with pytest.raises(WishRefused):
        save_wishes(contact=contact, wishes=wishes, basis=PAGE, by=None, now=now)

    assert not ConsentEntry.objects.exists()
    assert not TopicConsent.objects.exists()


def test_saying_the_same_again_leaves_no_trace(contact: Contact, topic: Topic, now: datetime) -> None:
    for _time in range(2):
        set_frequency(contact=contact, frequency=Frequency.WEEKLY, basis=PAGE, by=None, now=now)
        say_to_topic(contact=contact, topic=topic, consent=Consent.WITHDRAWN, basis=PAGE, by=None, now=now)

    assert ConsentEntry.objects.count() == 2


def test_topics_stand_in_the_order_they_were_put_into(workspace: Workspace, lead: Member, now: datetime) -> None:
    made = [create_topic(workspace=workspace, words=TopicWords(n), by=lead, now=now) for n in ("A", "B", "C")]

    move_topic(topic=made[2], up=True, by=lead, now=now)
    move_topic(topic=made[0], up=True, by=lead, now=now)

    assert [topic.name for topic in current_topics(workspace)] == ["A", "C", "B"]


def test_a_topic_that_was_put_away_comes_back_by_its_name(workspace: Workspace, lead: Member, now: datetime) -> None:
    topic = create_topic(workspace=workspace, words=TopicWords("Tips"), by=lead, now=now)
    with pytest.raises(NameTaken):
        create_topic(workspace=workspace, words=TopicWords("Tips"), by=lead, now=now)

    archive_topic(topic=topic, by=lead, now=now)
    again = create_topic(workspace=workspace, words=TopicWords("Tips"), by=lead, now=now)

    assert (again.pk, again.archived_at) == (topic.pk, None)
